import { useEvaluation } from "../accounts/evaluation";
import { useSpeech } from "../i18n";
import { instantText } from "../ui/time";
import { useLoanWarning } from "../warnings/LoanWarning";

/** Lines that came live may warn a moment after they were counted. */
const LOOKED_AGAIN_MS = 20_000;

/** Quietly, while lines that came live are not on the page: how many, since when; goes by itself with the run that takes
 *  them. Only meanwhile the loan's warning is asked for again by itself; after a run all is. */
export function LiveNotice({ loanId }: { readonly loanId: string }) {
  const { t } = useSpeech();
  const { evaluation } = useEvaluation();
  const since = evaluation?.waiting_since;
  useLoanWarning(loanId, evaluation && evaluation.untraced_lines > 0 ? LOOKED_AGAIN_MS : false);
  const began = evaluation?.started_at ?? evaluation?.requested_at;
  const computing = evaluation?.state === "running" || evaluation?.state === "queued";
  const text =
    evaluation && evaluation.untraced_lines > 0 && since
      ? t("loan.live_waiting", { count: evaluation.untraced_lines.toLocaleString("en-US"), time: instantText(since) })
      : computing && began
        ? t("loan.live_running", { time: instantText(began) })
        : "";
  return (
    <span aria-live="polite" className="live-notice">
      {text}
    </span>
  );
}
