import { Tag } from "antd";
import { useEffect, useMemo } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount, useMoney } from "../ui/Amount";
import { Figure } from "../ui/Figure";
import { shareText } from "../ui/money";
import { Failure, Loading, Notice, problemCode } from "../ui/states";
import { Composition } from "./Composition";
import { Facts, RunFacts } from "./Facts";
import { grouped, largestLeadFen } from "./groups";
import { Leads } from "./Leads";
import { SeenBox } from "./SeenBox";
import { Statement } from "./Statement";

export default function LoanPage() {
  const { t } = useSpeech();
  const { loanId = "" } = useParams();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/loans/{loan_id}", {
    params: { path: { loan_id: loanId } },
  });
  const borrower = data?.facts.borrower_name;
  useEffect(() => {
    document.title = `${borrower ? `${borrower} · ` : ""}${loanId} · ${t("app.name")}`;
  }, [borrower, loanId, t]);
  return (
    <div className="page">
      <nav className="crumbs" aria-label={t("app.home")}>
        <Link to="/">{t("app.home")}</Link>
        <span aria-hidden="true">/</span>
        <span className="figures" aria-current="page">
          {loanId}
        </span>
      </nav>
      {error ? (
        problemCode(error) === "not_found" ? (
          <Notice
            tone="empty"
            title={t("error.no_loan", { loan: loanId })}
            action={<Link to="/">{t("app.back_to_loans")}</Link>}
          />
        ) : (
          <Failure error={error} retry={() => void refetch()} />
        )
      ) : data ? (
        <Loan page={data} />
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

function Loan({ page }: { readonly page: Schemas["LoanPage"] }) {
  const { t } = useSpeech();
  const { facts, summary, run, leads } = page;
  const statement = useMemo(() => grouped(page), [page]);
  const { open, change } = useOpenLines();
  const reveal = (use: string) => {
    change(open.includes(use) ? open : [...open, use]);
    window.requestAnimationFrame(() => {
      const row = document.querySelector(`[data-row-key="${CSS.escape(use)}"]`);
      row?.scrollIntoView({ block: "center" });
      row?.querySelector<HTMLButtonElement>("button")?.focus();
    });
  };
  return (
    <>
      <Heading facts={facts} />
      {summary && <Figures page={page} summary={summary} />}
      <div className="columns">
        <div className="column-main">
          {run && summary && statement.length > 0 ? (
            <section className="card" aria-labelledby="statement-title">
              <Composition lines={statement} facts={facts} />
              <Statement
                facts={facts}
                lines={statement}
                disbursed={summary.disbursed_fen}
                convention={run.convention}
                open={open}
                change={change}
              />
            </section>
          ) : (
            <Notice tone="empty" title={t("statement.empty_title")}>
              <p>{t("statement.empty_hint")}</p>
            </Notice>
          )}
          {run && <RunFacts run={run} />}
        </div>
        <aside className="column-side">
          {summary && <Leads leads={leads} lines={statement} facts={facts} reveal={reveal} />}
          {summary && <SeenBox summary={summary} facts={facts} />}
          <Facts facts={facts} />
        </aside>
      </div>
    </>
  );
}

function Heading({ facts }: { readonly facts: Schemas["LoanFacts"] }) {
  const { name } = useSpeech();
  return (
    <div className="loan-head">
      <h1>{facts.borrower_name}</h1>
      <Tag>{name("product", facts.product)}</Tag>
      <Tag color={facts.state === "overdue" || facts.state === "written_off" ? "red" : "default"}>
        {name("state", facts.state)}
      </Tag>
      <Tag color={facts.five_class === "normal" ? "default" : "orange"}>{name("five_class", facts.five_class)}</Tag>
    </div>
  );
}

interface FiguresProps {
  readonly page: Schemas["LoanPage"];
  readonly summary: Schemas["Summary"];
}

function Figures({ page, summary }: FiguresProps) {
  const { t } = useSpeech();
  const { facts, leads } = page;
  const suspected = largestLeadFen(leads).toString();
  const money = useMoney(facts);
  const disbursed = BigInt(summary.disbursed_fen);
  const exact = money.full(summary.disbursed_fen);
  const share = (fen: string) => t("loan.share_of_disbursed", { share: shareText(BigInt(fen), disbursed) });
  return (
    <dl className="figures-row card">
      <Figure label={t("loan.disbursed")} {...(money.short(summary.disbursed_fen) !== exact && { note: exact })}>
        <Amount fen={summary.disbursed_fen} form="short" {...facts} />
      </Figure>
      <Figure label={t("loan.seen")} note={share(summary.seen_fen)}>
        <Amount fen={summary.seen_fen} form="short" {...facts} />
      </Figure>
      <Figure
        label={t("loan.suspected")}
        note={leads.length > 0 ? share(suspected) : t("leads.none")}
        hint={t("loan.suspected_hint")}
        danger={leads.length > 0}
      >
        {leads.length > 0 ? <Amount fen={suspected} form="short" {...facts} /> : "–"}
      </Figure>
      <Figure
        label={t("loan.returned")}
        note={share(summary.gross_returned_fen)}
        hint={t("loan.returned_hint")}
      >
        <Amount fen={summary.gross_returned_fen} form="short" {...facts} />
      </Figure>
    </dl>
  );
}
