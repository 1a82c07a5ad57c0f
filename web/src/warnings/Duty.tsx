import { useSpeech } from "../i18n";
import { useMoney } from "../ui/Amount";
import { instantText } from "../ui/time";
import type { Thread } from "./asked";
import { Fact } from "./Fact";

const YUAN = { currency: "CNY", minor_digits: 2 } as const;

/** Names of roles, as they answer together. */
export function useRoles() {
  const { t, name } = useSpeech();
  return (roles: readonly string[]) => roles.map((role) => name("role", role)).join(t("warnings.comma"));
}

/** Who must do what by when, and why these. */
export function Duty({ thread }: { readonly thread: Thread }) {
  const { t } = useSpeech();
  const roles = useRoles();
  const why = useWhy(thread);
  const step = useNextStep(thread);
  const { row, duty } = thread;
  const live = row.state === "open" || row.state === "snoozed";
  return (
    <>
      <Fact label={t("warnings.answers")}>
        {roles(duty.owner_roles)}
        <span className="quiet small duty-why">
          {[
            duty.response_days === null
              ? t("warnings.response_hours", { count: duty.response_hours ?? 0 })
              : t("warnings.response_days", { count: duty.response_days }),
            why,
          ].join(" · ")}
        </span>
      </Fact>
      {live && (
        <Fact label={t("warnings.next_step")}>
          {step}
          <span className="quiet small figures duty-why">
            {t("warnings.due_at", { time: instantText(row.due_at) })}
            {!row.escalated && ` · ${t("warnings.told_next", { roles: roles(duty.escalates_to) })}`}
          </span>
        </Fact>
      )}
    </>
  );
}

function useWhy({ row, duty }: Thread): string {
  const { t, name } = useSpeech();
  const amount = useMoney(YUAN).short(duty.head_office_fen);
  switch (duty.because) {
    case "retail":
      return t("warnings.because_retail");
    case "small_loan":
      return t("warnings.because_small", { amount });
    default:
      if (row.level !== "red") return t("warnings.because_level", { level: name("warning_level", row.level) });
      return row.currency === YUAN.currency
        ? t("warnings.because_large", { amount })
        : t("warnings.because_currency");
  }
}

function useNextStep({ row, lowering, finding, measures }: Thread): string {
  const { t } = useSpeech();
  if (lowering) return t("warnings.step_lowering");
  if (finding && !finding.approved_by) return t(finding.heard_on ? "warnings.step_finding" : "warnings.step_hearing");
  if (row.disposition === "true_positive") return t(measures.length > 0 ? "warnings.step_close" : "warnings.step_measure");
  return t(row.disposition === "false_alarm" ? "warnings.step_close" : "warnings.step_judge");
}
