import { Alert, Button } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { instantText } from "../ui/time";
import { said } from "../ui/wording";

const LOOKED_AGAIN_MS = 60_000;

/** Messages that could not leave: never silent. */
export function ChannelTrouble() {
  const { t, language } = useSpeech();
  const queries = useQueryClient();
  const sends = may(useMe(), ["assign_warnings", "run_system"]);
  const { data } = api.useQuery("get", "/api/v1/warnings/channels", {}, { refetchInterval: LOOKED_AGAIN_MS });
  const again = api.useMutation("post", "/api/v1/warnings/deliveries/{delivery_id}/trial", {
    onSettled: () => void queries.invalidateQueries({ queryKey: ["get", "/api/v1/warnings/channels"] }),
  });
  const troubled = data?.unsent.filter((one) => one.problem !== null) ?? [];
  if (troubled.length === 0) return null;
  return (
    <Alert
      type="error"
      showIcon
      className="alert"
      title={t("warnings.unsent", { count: troubled.length })}
      description={
        <ul className="unsent">
          {troubled.slice(0, 5).map((one) => (
            <li key={one.delivery_id}>
              <strong>{one.channel}</strong> {one.title} · {said(language, one.problem, one.problem_chinese)} ·{" "}
              {one.state === "failed"
                ? t("warnings.unsent_given_up", { count: one.attempts })
                : t("warnings.unsent_again", { time: instantText(one.not_before) })}{" "}
              {sends && (
                <Button
                  size="small"
                  loading={again.isPending}
                  onClick={() => again.mutate({ params: { path: { delivery_id: one.delivery_id } } })}
                >
                  {t("warnings.send_again")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      }
    />
  );
}
