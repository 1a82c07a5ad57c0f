import { Button } from "antd";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { Term } from "../ui/Term";
import { type Opened, Waiting } from "./Acts";
import type { Thread } from "./asked";
import { type FormProps, HearingForm, ReasonForm } from "./forms";

interface Props {
  readonly thread: Thread;
  readonly opened: Opened;
  /** Opens a form, or closes it where it is open. */
  readonly show: (form: Opened) => void;
  readonly form: FormProps;
}

/** From a suspicion confirmed by one person to a finding by two, after the borrower was heard. */
export function Finding({ thread, opened, show, form }: Props) {
  const { t } = useSpeech();
  const me = useMe();
  const { finding, row, duty } = thread;
  const acts = may(me, ["act_on_warnings"]);
  if (!finding && (row.disposition !== "true_positive" || !duty.may_judge)) return null;
  return (
    <section className="acts-part">
      <h3>
        <Term name="finding">{t("warnings.finding")}</Term>
      </h3>
      {!finding ? (
        <>
          <p className="quiet small">{t("warnings.finding_hint")}</p>
          <Button onClick={() => show("propose_finding")} aria-expanded={opened === "propose_finding"}>
            {t("warnings.finding_propose")}
          </Button>
          {opened === "propose_finding" && (
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
                <Button onClick={() => show("record_hearing")} aria-expanded={opened === "record_hearing"}>
                  {t("warnings.hear")}
                </Button>
              )}
              {opened === "record_hearing" && <HearingForm {...form} />}
              <Waiting who={finding.by_name} mine={finding.by === me.acting}>
                {duty.may_check && (
                  <span className="acts-row">
                    <Button
                      type="primary"
                      disabled={!finding.heard_on}
                      loading={form.busy}
                      onClick={() => form.send({ act: "approve_finding", content_hash: finding.content_hash })}
                    >
                      {t("warnings.finding_approve")}
                    </Button>
                    <Button onClick={() => show("refuse_finding")} aria-expanded={opened === "refuse_finding"}>
                      {t("warnings.refuse")}
                    </Button>
                  </span>
                )}
                {opened === "refuse_finding" && (
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
