import { Table, type TableProps } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Amount } from "../ui/Amount";
import { instantText } from "../ui/time";
import { useUnitName } from "../ui/unit";
import type { Level } from "../warnings/asked";
import { LevelTag } from "../warnings/LevelTag";
import { Fact } from "./Fact";
import { Group } from "./Group";
import { Identifiers } from "./Identifiers";

type Page = Schemas["CustomerPage"];
type Loan = Schemas["CustomerLoan"];
type Account = Schemas["CustomerAccount"];

/** Loans, accounts and what the record says. */
export function Overview({ page }: { readonly page: Page }) {
  const { t } = useSpeech();
  return (
    <div className="columns customer-columns">
      <div className="column-main">
        <section className="card" aria-labelledby="loans-title">
          <div className="card-title">
            <h2 id="loans-title">{t("customers.loans")}</h2>
            <span className="quiet small">{t("customers.loans_hint", { open: page.open_count, all: page.loan_count })}</span>
            {page.loans.length > 0 && <ExportButton address={`/api/v1/customers/${encodeURIComponent(page.facts.party_id)}/loans.xlsx`} count={page.loans.length} />}
          </div>
          <Loans page={page} />
        </section>
        <section className="card" aria-labelledby="accounts-title">
          <div className="card-title">
            <h2 id="accounts-title">{t("customers.accounts")}</h2>
            <span className="quiet small">{t("customers.accounts_count", { count: page.account_count })}</span>
            {page.accounts.length > 0 && <ExportButton address={`/api/v1/customers/${encodeURIComponent(page.facts.party_id)}/accounts.xlsx`} count={page.accounts.length} />}
          </div>
          <Accounts page={page} />
        </section>
      </div>
      <aside className="column-side">
        <Facts page={page} />
        <Group page={page} />
      </aside>
    </div>
  );
}

/** The heads of the columns name the yuan; an amount in another currency names its own. */
function form(row: { readonly currency: string }): "exact" | "full" {
  return row.currency === "CNY" ? "exact" : "full";
}

function Loans({ page }: { readonly page: Page }) {
  const { t, name } = useSpeech();
  const dash = <span className="quiet">–</span>;
  if (page.loans.length === 0) return <p className="quiet empty-line">{t("customers.no_loans")}</p>;
  const columns: TableProps<Loan>["columns"] = [
    {
      title: t("customers.loan.number"),
      key: "loan",
      render: (_, loan) => (
        <>
          <Link className="loan-id" to={`/loans/${encodeURIComponent(loan.loan_id)}`}>
            {loan.loan_id}
          </Link>
          {loan.role === "co_borrower" && <span className="quiet small"> {t("customers.co_borrower")}</span>}
        </>
      ),
    },
    {
      title: t("customers.loan.product"),
      key: "product",
      render: (_, loan) => <span title={loan.purpose_text}>{name("product", loan.product)}</span>,
    },
    {
      title: t("customers.loan.period"),
      key: "period",
      className: "figures nowrap two-rows",
      render: (_, loan) => (
        <>
          <span>{loan.issued_on}</span>
          <span>{loan.matures_on}</span>
        </>
      ),
    },
    {
      title: t("customers.loan.amount"),
      key: "amount",
      align: "right",
      className: "figures nowrap",
      render: (_, loan) => <Amount fen={loan.amount_fen} form={form(loan)} {...loan} />,
    },
    {
      title: t("customers.loan.balance"),
      key: "balance",
      align: "right",
      className: "figures nowrap",
      render: (_, loan) => (loan.balance_fen === "0" ? dash : <Amount fen={loan.balance_fen} form={form(loan)} {...loan} />),
    },
    {
      title: t("customers.loan.overdue"),
      key: "overdue",
      align: "right",
      className: "figures nowrap",
      render: (_, loan) =>
        loan.overdue_fen === null ? (
          <span className="quiet">{t("customers.unknown")}</span>
        ) : loan.overdue_fen === "0" ? (
          dash
        ) : (
          <span className="danger" title={t("customers.days_past_due", { days: loan.days_past_due ?? 0 })}>
            <Amount fen={loan.overdue_fen} form={form(loan)} {...loan} />
          </span>
        ),
    },
    {
      title: t("customers.loan.state"),
      key: "state",
      className: "nowrap two-rows",
      render: (_, loan) => (
        <>
          <span className={loan.state === "overdue" ? "class-mark" : loan.state === "outstanding" ? undefined : "quiet"}>
            {name("state", loan.state)}
          </span>
          {loan.state !== "settled" && (
            <span className={loan.five_class === "normal" ? "quiet" : "class-mark"}>{name("five_class", loan.five_class)}</span>
          )}
        </>
      ),
    },
    {
      title: t("customers.loan.warning"),
      key: "warning",
      render: (_, loan) =>
        loan.warning === null ? (
          dash
        ) : (
          <Link
            className="warning-link"
            title={[
              name("warning_state", loan.warning.state),
              ...loan.warning.rule_codes.map((code) => name("pattern", code)),
            ].join(" · ")}
            to={`/warnings/${encodeURIComponent(loan.warning.thread_id)}`}
          >
            <LevelTag level={loan.warning.level as Level} />
          </Link>
        ),
    },
  ];
  return (
    <>
      <Table<Loan>
        className="customer-table"
        size="middle"
        rowKey="loan_id"
        columns={columns}
        dataSource={[...page.loans]}
        pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: "max-content" }}
      />
      {page.loan_count > page.loans.length && (
        <p className="quiet small empty-line">{t("customers.first_listed", { count: page.loans.length })}</p>
      )}
    </>
  );
}

const FIRST_ACCOUNTS = 8;

function Accounts({ page }: { readonly page: Page }) {
  const { t, name } = useSpeech();
  const [all, setAll] = useState(false);
  const dash = <span className="quiet">–</span>;
  if (page.accounts.length === 0) return <p className="quiet empty-line">{t("customers.no_accounts")}</p>;
  const columns: TableProps<Account>["columns"] = [
    {
      title: t("customers.account.number"),
      key: "account",
      render: (_, row) => (
        <>
          <Link className="loan-id" to={`/accounts/${encodeURIComponent(row.account)}`}>
            {row.account}
          </Link>
          {row.closed_on && <span className="quiet small"> {t("customers.account.closed")}</span>}
        </>
      ),
    },
    { title: t("customers.account.kind"), key: "kind", render: (_, row) => name("account_kind", row.kind) },
    {
      title: t("customers.account.whose"),
      key: "ours",
      render: (_, row) => <span className={row.ours ? undefined : "quiet"}>{t(row.ours ? "customers.account.ours" : "customers.account.outside")}</span>,
    },
    {
      title: t("customers.account.opened"),
      key: "opened",
      className: "figures nowrap",
      render: (_, row) => row.opened_on ?? dash,
    },
    {
      title: t("customers.account.balance"),
      key: "balance",
      align: "right",
      className: "figures nowrap",
      render: (_, row) =>
        row.balance_fen === null ? (
          dash
        ) : (
          <span title={row.balance_at ? t("customers.account.balance_at", { time: instantText(row.balance_at) }) : ""}>
            <Amount fen={row.balance_fen} form={form(row)} {...row} />
          </span>
        ),
    },
    {
      title: t("customers.account.loan_money"),
      key: "loan",
      align: "right",
      className: "figures nowrap",
      render: (_, row) => (row.loan_fen === "0" ? dash : <Amount fen={row.loan_fen} form={form(row)} {...row} />),
    },
  ];
  const shown = all ? page.accounts : page.accounts.slice(0, FIRST_ACCOUNTS);
  return (
    <>
      <Table<Account>
        className="customer-table"
        size="middle"
        rowKey="account"
        columns={columns}
        dataSource={[...shown]}
        pagination={false}
        scroll={{ x: "max-content" }}
      />
      {page.accounts.length > FIRST_ACCOUNTS && (
        <p className="empty-line">
          <button type="button" className="plain-link" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? t("app.less") : t("customers.all_accounts", { count: page.accounts.length })}
          </button>
        </p>
      )}
    </>
  );
}

function Facts({ page }: { readonly page: Page }) {
  const { t, name, language } = useSpeech();
  const unitName = useUnitName();
  const { facts } = page;
  const named = (one: Schemas["CodeName"] | null) =>
    one && (
      <>
        {(language === "zh" ? one.chinese : one.english) || one.code} <span className="quiet figures">{one.code}</span>
      </>
    );
  return (
    <section className="card box" aria-labelledby="facts-title">
      <h2 id="facts-title">{t("customers.facts")}</h2>
      <dl className="facts">
        <Identifiers facts={facts} />
        {facts.industry && <Fact label={t("customers.fact.industry")}>{named(facts.industry)}</Fact>}
        {facts.registered_on && (
          <Fact label={t("customers.fact.registered")}>
            <span className="figures">{facts.registered_on}</span>
          </Fact>
        )}
        {facts.region && <Fact label={t("customers.fact.region")}>{named(facts.region)}</Fact>}
        {facts.address && <Fact label={t("customers.fact.address")}>{facts.address}</Fact>}
        <Fact label={t("customers.fact.unit")}>{unitName(facts.unit_id, facts.unit_name)}</Fact>
        {facts.managers.length > 0 && (
          <Fact label={t("customers.fact.managers")}>{facts.managers.join(language === "zh" ? "、" : ", ")}</Fact>
        )}
        <Fact label={t("customers.fact.kind")}>{name("party_kind", facts.kind)}</Fact>
      </dl>
    </section>
  );
}
