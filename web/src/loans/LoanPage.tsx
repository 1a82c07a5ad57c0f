import { Tabs } from "antd";
import { Suspense, useEffect, useMemo } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { api, type Schemas } from "../api/client";
import { useFlowAhead } from "../flow/use_flow";
import { type Key, useSpeech } from "../i18n";
import { CheckBox, useLoanCheck, useStatementJudging } from "../inspections/StatementJudging";
import { Classification, Documents, FlowTab, History, LoanCheck, LoanSignals, Repayments } from "../parts";
import { Failure, Loading, Notice, problemCode } from "../ui/states";
import { instantText } from "../ui/time";
import { Band } from "./Band";
import { Composition } from "./Composition";
import { Conventions } from "./Conventions";
import { Facts, RunFacts } from "./Facts";
import { Guarantees } from "./Guarantees";
import { grouped, type Line } from "./groups";
import { Leads } from "./Leads";
import { LiveNotice } from "./LiveNotice";
import { ProblemText } from "./ProblemText";
import { SeenBox } from "./SeenBox";
import { Statement } from "./Statement";
import { Unexplained } from "./Unexplained";
import { VerdictBox } from "./VerdictBox";
import { LoanWarning, useLoanWarning } from "../warnings/LoanWarning";
import { useSearchParams } from "../ui/address";

const TABS = [
  "statement",
  "flow",
  "check",
  "repayments",
  "guarantees",
  "conventions",
  "signals",
  "classification",
  "documents",
  "history",
] as const;
type Tab = (typeof TABS)[number];
const TAB_NAMES: Readonly<Record<Tab, Key>> = {
  statement: "tab.statement",
  check: "tab.check",
  flow: "tab.flow",
  repayments: "tab.repayments",
  guarantees: "tab.guarantees",
  conventions: "tab.conventions",
  signals: "tab.signals",
  classification: "tab.classification",
  documents: "tab.documents",
  history: "tab.history",
};
const LOOKED_AGAIN_MS = 60_000;

export default function LoanPage() {
  const { t } = useSpeech();
  const { loanId = "", tab } = useParams();
  useFlowAhead(loanId, tab === "flow");
  const { data, error, refetch, dataUpdatedAt } = api.useQuery(
    "get",
    "/api/v1/loans/{loan_id}",
    { params: { path: { loan_id: loanId } } },
    { refetchInterval: LOOKED_AGAIN_MS },
  );
  // Shown with the loan: a line that comes a moment later would push all else down.
  const { isFetched: warned } = useLoanWarning(loanId);
  const borrower = data?.facts.borrower_name;
  useEffect(() => {
    document.title = `${borrower ? `${borrower} · ` : ""}${loanId} · ${t("app.name")}`;
  }, [borrower, loanId, t]);
  const gone = problemCode(error) === "not_found";
  return (
    <div className="page loan-page">
      <nav className="crumbs" aria-label={t("app.home")}>
        <Link to="/loans">{t("app.home")}</Link>
        <span aria-hidden="true">/</span>
        <span className="figures" aria-current="page">
          {loanId}
        </span>
        {data && <LiveNotice loanId={loanId} />}
      </nav>
      {error && data && (
        <ProblemText
          title={t(gone ? "loan.gone" : "loan.stale", {
            time: instantText(new Date(dataUpdatedAt).toISOString()),
          })}
          error={error}
          retry={() => void refetch()}
          label={t("loan.reload")}
        />
      )}
      {data && warned ? (
        <Loan page={data} />
      ) : error ? (
        gone ? (
          <Notice
            tone="empty"
            title={t("error.no_loan", { loan: loanId })}
            action={<Link to="/loans">{t("app.back_to_loans")}</Link>}
          />
        ) : (
          <Failure error={error} retry={() => void refetch()} />
        )
      ) : (
        <Loading rows={14} />
      )}
    </div>
  );
}

/** Which statement lines are open stands in the address. */
function useOpenLines() {
  const [address, setAddress] = useSearchParams();
  const open = address.getAll("line");
  const change = (uses: readonly string[]) => {
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        after.delete("line");
        for (const use of uses) after.append("line", use);
        return after;
      },
      { replace: true, preventScrollReset: true },
    );
  };
  return { open, change };
}

function isTab(text: string | undefined): text is Tab {
  return (TABS as readonly (string | undefined)[]).includes(text);
}

function Loan({ page }: { readonly page: Schemas["LoanPage"] }) {
  const { t } = useSpeech();
  const { tab } = useParams();
  const navigate = useNavigate();
  const { facts, run, summary } = page;
  const loanId = facts.loan_id;
  const lines = useMemo(() => grouped(page), [page]);
  const traced = run !== null && summary !== null;
  const contents: Readonly<Record<Tab, React.ReactNode>> = {
    statement: <StatementTab page={page} lines={lines} />,
    check: <LoanCheck loanId={loanId} />,
    flow: traced ? <FlowTab loanId={loanId} facts={facts} /> : <NotTraced page={page} />,
    repayments: <Repayments loanId={loanId} facts={facts} />,
    guarantees: <Guarantees loanId={loanId} page={page} />,
    conventions: traced ? (
      <Conventions loanId={loanId} runId={run.run_id} lines={lines} facts={facts} />
    ) : (
      <NotTraced page={page} />
    ),
    signals: <LoanSignals loanId={loanId} facts={facts} />,
    classification: <Classification loanId={loanId} />,
    documents: <Documents loanId={loanId} facts={facts} />,
    history: <History loanId={loanId} facts={facts} />,
  };
  return (
    <>
      <Band page={page} />
      <div className={tab === "flow" ? "loan-heads beside" : "loan-heads"}>
        <VerdictBox verdict={page.verdict} short={tab === "flow"} />
        <LoanWarning loanId={loanId} />
      </div>
      <Tabs
        className="loan-tabs"
        activeKey={isTab(tab) ? tab : "statement"}
        onChange={(chosen) =>
          void navigate(`/loans/${encodeURIComponent(loanId)}${chosen === "statement" ? "" : `/${chosen}`}`, {
            preventScrollReset: true,
          })
        }
        destroyOnHidden
        items={TABS.map((key) => ({
          key,
          label: t(TAB_NAMES[key]),
          children: <Suspense fallback={<Loading rows={10} />}>{contents[key]}</Suspense>,
        }))}
      />
    </>
  );
}

interface StatementTabProps {
  readonly page: Schemas["LoanPage"];
  readonly lines: readonly Line[];
}

function StatementTab({ page, lines }: StatementTabProps) {
  const { facts, summary, run, leads } = page;
  const { open, change } = useOpenLines();
  const check = useLoanCheck(facts.loan_id);
  const judging = useStatementJudging(check);
  const reveal = (use: string) => {
    change(open.includes(use) ? open : [...open, use]);
    window.requestAnimationFrame(() => {
      const row = document.querySelector(`[data-row-key="${CSS.escape(use)}"]`);
      row?.scrollIntoView({ block: "center" });
      row?.querySelector<HTMLButtonElement>("button")?.focus();
    });
  };
  return (
    <div className="columns">
      <div className="column-main">
        {run && summary && lines.length > 0 ? (
          <>
            <section className="card" aria-labelledby="statement-title">
              <Composition lines={lines} facts={facts} />
              <Statement
                facts={facts}
                runId={run.run_id}
                lines={lines}
                disbursed={summary.disbursed_fen}
                returned={summary.gross_returned_fen}
                convention={run.convention}
                open={open}
                change={change}
                judging={judging}
              />
            </section>
            <Unexplained loanId={facts.loan_id} runId={run.run_id} facts={facts} />
          </>
        ) : (
          <NotTraced page={page} />
        )}
        {run && <RunFacts run={run} />}
      </div>
      <aside className="column-side">
        {check && <CheckBox check={check} />}
        {summary && <Leads leads={leads} lines={lines} facts={facts} reveal={reveal} />}
        {summary && <SeenBox summary={summary} facts={facts} />}
        {!summary && <Facts facts={facts} />}
      </aside>
    </div>
  );
}

function NotTraced({ page }: { readonly page: Schemas["LoanPage"] }) {
  const { t } = useSpeech();
  return page.facts.disbursements.length === 0 ? (
    <Notice tone="empty" title={t("statement.no_disbursement")}>
      <p>{t("statement.no_disbursement_hint")}</p>
    </Notice>
  ) : (
    <Notice tone="empty" title={t("statement.empty_title")}>
      <p>{t("statement.empty_hint")}</p>
    </Notice>
  );
}
