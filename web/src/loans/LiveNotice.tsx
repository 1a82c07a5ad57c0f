import { useEvaluation } from "../accounts/evaluation";
import { useSpeech } from "../i18n";
import { instantText } from "../ui/time";
import { useLoanWarningHeard } from "../warnings/LoanWarning";

/** Quietly, while lines that came live are not on the page: how many, since when; goes by itself with the run that takes
 *  them. Only meanwhile what is told of the loan's warning is heard; after a run all is read anew. */
export function LiveNotice({ loanId }: { readonly loanId: string }) {
  const { t } = useSpeech();
  const { evaluation } = useEvaluation();
  const since = evaluation?.waiting_since;
  useLoanWarningHeard(loanId, (evaluation?.untraced_lines ?? 0) > 0);
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
