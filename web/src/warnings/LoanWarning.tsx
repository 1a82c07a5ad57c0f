import { useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { LevelTag } from "./LevelTag";
import { useRuleName } from "./rules";
import { useWarningEvents } from "./stream";
import { useLeft, useNow } from "./time";

const WARNING = "/api/v1/loans/{loan_id}/warning";

/** Every time it is asked for leaves an entry in the audit log. */
export function useLoanWarning(loanId: string) {
  return api.useQuery("get", WARNING, { params: { path: { loan_id: loanId } } });
}

/** Asks for it again when the server tells of it, while that is wanted. */
export function useLoanWarningHeard(loanId: string, wanted: boolean) {
  const me = useMe();
  const queries = useQueryClient();
  const again = () => {
    const asked = { params: { path: { loan_id: loanId } } };
    void queries.invalidateQueries({ queryKey: ["get", WARNING, asked] });
  };
  useWarningEvents(wanted && may(me, ["read_warnings"]), undefined, {
    opened: again,
    warning: (event) => {
      if (event.loan_id === loanId) again();
    },
    missed: again,
  });
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
