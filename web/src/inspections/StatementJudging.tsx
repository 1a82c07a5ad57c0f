import { Tag } from "antd";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { useBringing, useCheckAct } from "./acting";
import type { Check } from "./address";
import { useDue } from "./due";
import { Judging } from "./Judging";
import type { Asked } from "./Lines";
import { MissingPapers } from "./Papers";

/** The check of a loan that stands in its statement: the newest that was made. */
export function useLoanCheck(loanId: string): Check | undefined {
  const { data } = api.useQuery("get", "/api/v1/loans/{loan_id}/checks", { params: { path: { loan_id: loanId } } });
  const row = data?.items.find((one) => one.state !== "taken_over");
  const { data: check } = api.useQuery(
    "get",
    "/api/v1/checks/{check_id}",
    { params: { path: { check_id: row?.check_id ?? "" } } },
    { enabled: row !== undefined },
  );
  return check?.row.loan_id === loanId ? check : undefined;
}

/** What stands in the statement beside each use: what was judged of it and what is missing, to be done there. */
export function useStatementJudging(check: Check | undefined): ((use: string) => ReactNode) | undefined {
  const acting = useCheckAct(check?.row ?? { check_id: "", version: 0 }, () => undefined);
  const bringing = useBringing(check?.row.check_id ?? "", check?.file_bytes_max ?? 0);
  const [asked, ask] = useState<Asked | null>(null);
  if (!check) return undefined;
  const working = check.may.work && check.row.state === "open";
  return (use) => {
    const line = check.lines.find((one) => one.use === use);
    if (!line?.wants_judgement) return <span className="quiet">–</span>;
    return (
      <>
        <Judging
          line={line}
          acting={acting}
          asked={asked?.use === use ? asked.judgement : null}
          ask={(judgement) => ask(judgement && { use, judgement })}
          disabled={!working}
        />
        <MissingPapers missing={line.missing} use={use} bringing={bringing} currency={check} disabled={!working} />
      </>
    );
  };
}

/** How far the check is, beside the statement. */
export function CheckBox({ check }: { readonly check: Check }) {
  const { t, name } = useSpeech();
  const due = useDue();
  const { row } = check;
  const wanted = check.lines.filter((line) => line.wants_judgement).length;
  return (
    <section className="card box check-box" aria-labelledby="check-box-title">
      <h2 id="check-box-title">
        {name("check_kind", row.kind)} <Tag>{name("check_state", row.state)}</Tag>
      </h2>
      {(row.state === "open" || row.state === "submitted") && row.due_on !== null && (
        <p className={row.overdue ? "due-late figures" : "figures"}>
          {t("checks.due_on", { date: row.due_on })} · {due(row)}
        </p>
      )}
      <p className="quiet figures">
        {row.state === "open"
          ? t("checks.lines_progress", { done: wanted - check.proposed.open_uses.length, count: wanted })
          : row.conclusion && name("check_conclusion", row.conclusion)}
      </p>
      {row.figures_changed === "revised" && <p className="danger">{t("checks.changed_title")}</p>}
      <Link to={`/loans/${encodeURIComponent(row.loan_id)}/check`}>
        {t(row.state === "open" && check.may.work ? "checks.to_conclusion" : "checks.to_check")}
      </Link>
    </section>
  );
}
