import { FileExcelOutlined, FilePdfOutlined, FileZipOutlined } from "@ant-design/icons";
import { Tag } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { Amount, useMoney } from "../ui/Amount";
import { shareText } from "../ui/money";
import { Term } from "../ui/Term";
import { instantText } from "../ui/time";

interface Props {
  readonly page: Schemas["LoanPage"];
}

/** What an officer must not lose from sight while reading on: whose loan, how it is repaid, how much was seen. */
export function Band({ page }: Props) {
  const { t, name, language } = useSpeech();
  const me = useMe();
  const { facts, standing, summary } = page;
  const troubled = facts.state === "overdue" || facts.state === "written_off";
  const report = (kind: string) =>
    `/api/v1/loans/${encodeURIComponent(facts.loan_id)}/report.${kind}?language=${language}`;
  return (
    <header className="band">
      <div className="band-inner">
        <div className="band-head">
          <h1>
            <Link className="band-borrower" to={`/customers/${encodeURIComponent(facts.borrower_party_id)}`}>
              {facts.borrower_name}
            </Link>
          </h1>
          <span className="band-number figures">{facts.loan_id}</span>
          <Tag>{name("product", facts.product)}</Tag>
          <Tag color={troubled ? "red" : "default"}>{name("state", facts.state)}</Tag>
          <Tag className={facts.five_class === "normal" ? "" : "tag-warning"}>{name("five_class", facts.five_class)}</Tag>
          <span className="band-links">
            <a href={report("pdf")} target="_blank" rel="noreferrer">
              <FilePdfOutlined aria-hidden /> {t("band.report_pdf")}
            </a>
            <a href={report("xlsx")} download>
              <FileExcelOutlined aria-hidden /> {t("band.report_xlsx")}
            </a>
            {may(me, ["make_disputes"]) && (
              <a
                href={`/api/v1/loans/${encodeURIComponent(facts.loan_id)}/borrower-pack.zip`}
                download
                title={t("band.borrower_pack_hint")}
              >
                <FileZipOutlined aria-hidden /> {t("band.borrower_pack")}
              </a>
            )}
          </span>
        </div>
        <dl className="band-facts">
          <Item label={<Term name="loan_balance">{t("loan.balance")}</Term>}>
            <Amount fen={facts.balance_fen} form="short" {...facts} />
          </Item>
          <PastDue page={page} />
          <Next page={page} />
          <Account page={page} />
          <Item label={<Term name="seen">{t("band.seen")}</Term>}>
            {summary ? (
              <>
                {shareText(BigInt(summary.seen_fen), BigInt(summary.disbursed_fen))}
                <Note>
                  <Amount fen={summary.seen_fen} form="short" {...facts} />
                </Note>
              </>
            ) : (
              <span className="unknown">{t(facts.disbursements.length === 0 ? "band.not_disbursed" : "band.not_traced")}</span>
            )}
          </Item>
          <Item label={<Term name="data_date">{t("band.data_date")}</Term>}>
            {standing.data_date ?? <span className="unknown">{t("band.no_date")}</span>}
          </Item>
        </dl>
      </div>
    </header>
  );
}

interface ItemProps {
  readonly label: ReactNode;
  readonly children: ReactNode;
  readonly tone?: "danger" | "good";
  readonly hint?: string | undefined;
}

function Item({ label, children, tone, hint }: ItemProps) {
  return (
    <div title={hint}>
      <dt>{label}</dt>
      <dd className={tone ? `figures ${tone}` : "figures"}>{children}</dd>
    </div>
  );
}

function Note({ children }: { readonly children: ReactNode }) {
  return <span className="band-note">{children}</span>;
}

function PastDue({ page }: Props) {
  const { t } = useSpeech();
  const { facts, standing } = page;
  const money = useMoney(facts);
  const label = <Term name="days_past_due">{t("band.past_due")}</Term>;
  const days = standing.days_past_due;
  if (facts.state === "settled") return <Item label={label}>{t("band.settled")}</Item>;
  if (days === null) {
    return (
      <Item label={label}>
        <span className="unknown">{t(standing.instalment_count === 0 ? "band.no_schedule" : "band.unknown")}</span>
      </Item>
    );
  }
  if (days === 0) {
    return (
      <Item label={label} hint={t("band.past_due_hint")}>
        {t("band.not_past_due")}
        {facts.state === "overdue" && <Note>{t("band.state_differs")}</Note>}
      </Item>
    );
  }
  return (
    <Item label={label} tone="danger" hint={t("band.past_due_hint")}>
      {t(days === 1 ? "band.days_one" : "band.days", { days })}
      <Note>
        {t("band.overdue_since", {
          amount: money.short(standing.overdue_fen ?? "0"),
          date: standing.overdue_since ?? "",
        })}
      </Note>
    </Item>
  );
}

function Next({ page }: Props) {
  const { t } = useSpeech();
  const { facts, standing } = page;
  const next = standing.next_instalment;
  return (
    <Item label={<Term name="instalment">{t("band.next")}</Term>}>
      {next ? (
        <>
          <Amount fen={next.open_fen} form="short" {...facts} />
          <Note>{t("band.due_on", { date: next.due_on })}</Note>
        </>
      ) : facts.state === "settled" ? (
        t("band.settled")
      ) : (
        <span className="unknown">
          {t(
            standing.instalment_count === 0
              ? "band.no_schedule"
              : standing.data_date === null
                ? "band.unknown"
                : "band.no_next",
          )}
        </span>
      )}
    </Item>
  );
}

/** What the account that is debited holds against what falls due. */
function Account({ page }: Props) {
  const { t } = useSpeech();
  const { facts, standing } = page;
  const money = useMoney(facts);
  const account = standing.repayment_account;
  const label =
    account === null ? (
      t("band.account")
    ) : (
      <Link className="band-account" to={`/accounts/${encodeURIComponent(account)}`}>
        {t("band.account")}
      </Link>
    );
  if (account === null) {
    return (
      <Item label={label}>
        <span className="unknown">{t("band.no_account")}</span>
      </Item>
    );
  }
  if (standing.account_balance_fen === null) {
    return (
      <Item label={label} hint={account}>
        <span className="unknown">{t("band.balance_unknown")}</span>
      </Item>
    );
  }
  const needed = BigInt(standing.next_instalment?.open_fen ?? "0") + BigInt(standing.overdue_fen ?? "0");
  const lacking = needed - BigInt(standing.account_balance_fen);
  const short = needed > 0n && lacking > 0n;
  return (
    <Item label={label} hint={account} {...(short && { tone: "danger" as const })}>
      <Amount fen={standing.account_balance_fen} form="short" {...facts} />
      <Note>
        {short ? `${t("band.lacking", { amount: money.short(lacking.toString()) })} · ` : ""}
        {standing.account_balance_at
          ? t("band.as_of", { date: instantText(standing.account_balance_at).slice(0, 10) })
          : null}
      </Note>
    </Item>
  );
}
