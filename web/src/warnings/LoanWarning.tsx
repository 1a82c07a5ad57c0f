import { Link } from "react-router";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { LevelTag } from "./LevelTag";
import { useRuleName } from "./rules";
import { useLeft, useNow } from "./time";

/** `againMs`: after how long it is asked for again; every time leaves an entry in the audit log. */
export function useLoanWarning(loanId: string, againMs: number | false = false) {
  return api.useQuery(
    "get",
    "/api/v1/loans/{loan_id}/warning",
    { params: { path: { loan_id: loanId } } },
    { refetchInterval: againMs },
  );
}

/** A line on a loan's page: its open warning, and by when it must be answered. */
export function LoanWarning({ loanId }: { readonly loanId: string }) {
  const { t, name } = useSpeech();
  const now = useNow();
  const left = useLeft();
  const { data } = useLoanWarning(loanId);
  const called = useRuleName(data?.rule_words);
  const row = data?.thread;
  if (!row) return null;
  const late = row.state === "open" && Date.parse(row.due_at) < now;
  return (
    <section className="loan-warning card" aria-label={t("warnings.of_loan")}>
      <LevelTag level={row.level} />
      <Link to={`/warnings/${row.thread_id}?state=all`}>{t("warnings.of_loan")}</Link>
      <span>{row.rule_codes.map(called).join(" · ")}</span>
      <span className={late ? "due due-late figures" : "due figures"}>
        {row.state === "open" ? `${t("warnings.due")} ${left(row.due_at, now)}` : name("warning_state", row.state)}
      </span>
      <span className="quiet">{row.assignee_name || t("warnings.nobodys")}</span>
    </section>
  );
}
