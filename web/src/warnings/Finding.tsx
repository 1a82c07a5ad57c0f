import { Button } from "antd";
import { useState } from "react";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { Term } from "../ui/Term";
import { type Act, Waiting } from "./Acts";
import type { Thread } from "./asked";
import { HearingForm, ReasonForm } from "./forms";

interface Props {
  readonly thread: Thread;
  readonly send: (act: Act) => void;
  readonly busy: boolean;
}

/** From a suspicion confirmed by one person to a finding by two, after the borrower was heard. */
export function Finding({ thread, send, busy }: Props) {
  const { t } = useSpeech();
  const me = useMe();
  const [opened, open] = useState<"propose" | "hear" | "refuse" | null>(null);
  const { finding, row } = thread;
  const acts = may(me, ["act_on_warnings"]);
  if (!finding && (row.disposition !== "true_positive" || !acts)) return null;
  const form = {
    busy,
    send: (act: Act) => {
      send(act);
      open(null);
    },
    cancel: () => open(null),
  };
  return (
    <section className="acts-part">
      <h3>
        <Term name="finding">{t("warnings.finding")}</Term>
      </h3>
      {!finding ? (
        <>
          <p className="quiet small">{t("warnings.finding_hint")}</p>
          <Button onClick={() => open(opened === "propose" ? null : "propose")} aria-expanded={opened === "propose"}>
            {t("warnings.finding_propose")}
          </Button>
          {opened === "propose" && (
            <ReasonForm {...form} label={t("warnings.finding_text")} submit={t("warnings.finding_propose")} act={(text) => ({ act: "propose_finding", text })} />
          )}
        </>
      ) : (
        <>
          <p className="small">{t("warnings.finding_says", { text: finding.text, by: finding.by_name })}</p>
          {finding.approved_by ? (
            <p className="found-by-two">{t("warnings.finding_stands")}</p>
          ) : (
            <>
              <p className="small">
                {finding.heard_on ? t("warnings.heard_on", { day: finding.heard_on }) : t("warnings.not_heard")}
              </p>
              {acts && (
                <Button onClick={() => open(opened === "hear" ? null : "hear")} aria-expanded={opened === "hear"}>
                  {t("warnings.hear")}
                </Button>
              )}
              {opened === "hear" && <HearingForm {...form} />}
              <Waiting who={finding.by_name} mine={finding.by === me.acting}>
                {may(me, ["check_warnings"]) && (
                  <span className="acts-row">
                    <Button
                      type="primary"
                      disabled={!finding.heard_on}
                      loading={busy}
                      onClick={() => send({ act: "approve_finding", content_hash: finding.content_hash })}
                    >
                      {t("warnings.finding_approve")}
                    </Button>
                    <Button onClick={() => open(opened === "refuse" ? null : "refuse")} aria-expanded={opened === "refuse"}>
                      {t("warnings.refuse")}
                    </Button>
                  </span>
                )}
                {opened === "refuse" && (
                  <ReasonForm {...form} label={t("warnings.refuse_why")} submit={t("warnings.refuse")} act={(reason) => ({ act: "refuse_finding", reason })} />
                )}
              </Waiting>
            </>
          )}
        </>
      )}
    </section>
  );
}
