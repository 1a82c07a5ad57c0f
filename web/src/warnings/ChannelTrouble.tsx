import { Alert, Button } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { instantText } from "../ui/time";
import { said } from "../ui/wording";

type Channels = Schemas["Channels"];
type Message = Channels["unsent"][number];

const LOOKED_AGAIN_MS = 60_000;
/** While a message is being sent again. */
const LOOKED_SOON_MS = 2000;
const LISTED = 5;
/** The server tells of no more. */
const TOLD_MOST = 50;

/** Asked for anew and not tried yet; over a channel that is no longer configured it never will be. */
function isUnderWay(one: Message, { channels }: Channels): boolean {
  return one.state === "waiting" && one.attempts === 0 && channels.some((channel) => channel.name === one.channel);
}

/** Messages that could not leave: never silent. */
export function ChannelTrouble() {
  const { t, language } = useSpeech();
  const queries = useQueryClient();
  const sends = may(useMe(), ["assign_warnings", "run_system"]);
  const [asked, setAsked] = useState<readonly Message[]>([]);
  const { data } = api.useQuery("get", "/api/v1/warnings/channels", {}, {
    refetchInterval: ({ state }) =>
      state.data && troubledOf(state.data).some((one) => isUnderWay(one, state.data as Channels)) ? LOOKED_SOON_MS : LOOKED_AGAIN_MS,
  });
  const again = api.useMutation("post", "/api/v1/warnings/deliveries/{delivery_id}/trial", {
    onSettled: () => queries.invalidateQueries({ queryKey: ["get", "/api/v1/warnings/channels"] }),
  });
  if (!data) return null;
  const troubled = troubledOf(data);
  const sent = asked.filter((one) => !data.unsent.some((other) => other.delivery_id === one.delivery_id));
  const send = (one: Message) =>
    again.mutate(
      { params: { path: { delivery_id: one.delivery_id } } },
      { onSuccess: () => setAsked((before) => [...before.filter((other) => other.delivery_id !== one.delivery_id), one]) },
    );
  return (
    <>
      {sent.length > 0 && (
        <Alert
          type="success"
          showIcon
          closable={{ onClose: () => setAsked((before) => before.filter((one) => !sent.includes(one))) }}
          role="status"
          className="alert"
          title={
            <ul className="unsent">
              {sent.map((one) => (
                <li key={one.delivery_id}>
                  {t("warnings.sent_again", { channel: one.channel, title: one.title, time: instantText(sentAt(one, data)) })}
                </li>
              ))}
            </ul>
          }
        />
      )}
      {troubled.length > 0 && (
        <Alert
          type="error"
          showIcon
          className="alert"
          title={t("warnings.unsent", { count: data.unsent.length < TOLD_MOST ? troubled.length : `${troubled.length}+` })}
          description={
            <ul className="unsent">
              {troubled.slice(0, LISTED).map((one) => (
                <li key={one.delivery_id}>
                  <strong>{one.channel}</strong> {one.title} · {said(language, one.problem, one.problem_chinese)} ·{" "}
                  {one.state === "failed"
                    ? t("warnings.unsent_given_up", { count: one.attempts })
                    : one.attempts === 0
                      ? t("warnings.unsent_now")
                      : t("warnings.unsent_again", { time: instantText(one.not_before) })}{" "}
                  {sends && (
                    <Button
                      size="small"
                      loading={(again.isPending && again.variables.params.path.delivery_id === one.delivery_id) || isUnderWay(one, data)}
                      onClick={() => send(one)}
                    >
                      {t("warnings.send_again")}
                    </Button>
                  )}
                </li>
              ))}
              {troubled.length > LISTED && (
                <li>
                  {t("warnings.unsent_more", {
                    count: data.unsent.length < TOLD_MOST ? troubled.length - LISTED : `${troubled.length - LISTED}+`,
                  })}
                </li>
              )}
            </ul>
          }
        />
      )}
    </>
  );
}

function troubledOf({ unsent }: Channels): readonly Message[] {
  return unsent.filter((one) => one.problem !== null);
}

function sentAt(one: Message, { channels }: Channels): string {
  return channels.find((channel) => channel.name === one.channel)?.delivered_at ?? "";
}
