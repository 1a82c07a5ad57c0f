import { Alert, Tag } from "antd";
import { Link } from "react-router";
import { useSpeech } from "../i18n";
import { Amount, useMoney } from "../ui/Amount";
import { Term } from "../ui/Term";
import { LevelTag } from "../warnings/LevelTag";
import type { Check } from "./address";
import { useDue } from "./due";
import { Coded } from "../ui/Coded";

interface Props {
  readonly check: Check;
  /** On the page of the loan itself, which says the rest. */
  readonly short?: boolean;
}

/** Whose loan, by when, and what a reader must know before judging. */
export function CheckHead({ check, short = false }: Props) {
  const { t, name } = useSpeech();
  const due = useDue();
  const { row } = check;
  return (
    <header className="card check-part check-head">
      <div className="check-head-line">
        {!short && (
          <h2 className="check-title">
            <Link to={`/loans/${encodeURIComponent(row.loan_id)}`}>{row.borrower_name}</Link>
          </h2>
        )}
        <strong className={short ? "check-title" : ""}>
          {row.kind === "first" ? <Term name="first_check">{name("check_kind", row.kind)}</Term> : name("check_kind", row.kind)}
        </strong>
        <Tag color={row.state === "closed" ? "green" : row.state === "submitted" ? "blue" : "default"}>
          <Coded list="check_state" code={row.state} />
        </Tag>
        {!short && (
          <>
            <span className="figures quiet">{row.loan_id}</span>
            <Tag>{name("product", row.product)}</Tag>
          </>
        )}
        {row.due_on !== null && row.state !== "closed" && (
          <span className={row.overdue ? "due due-late figures" : "due figures"}>
            {t("checks.due_on", { date: row.due_on })} · {due(row)}
          </span>
        )}
      </div>
      <dl className="check-facts">
        {!short && (
          <>
            <Fact label={t("checks.amount")}>
              <Amount fen={row.loan_amount_fen} form="short" {...row} />
            </Fact>
            <Fact label={<Term name="loan_purpose">{t("checks.purpose")}</Term>}>{check.purpose_text || "–"}</Fact>
          </>
        )}
        <Fact label={t("checks.paid_out")}>{row.paid_out_on}</Fact>
        <Fact label={t("checks.assignee")}>{row.assignee_name || t("checks.nobodys")}</Fact>
        <Fact label={t("checks.reviewer")}>{row.reviewer_name || t("checks.nobodys")}</Fact>
        {check.due_rule && (
          <Fact label={t("checks.rule")}>
            {name("check_rule", check.due_rule)}
            {row.regular_due_on !== null && row.regular_due_on !== row.due_on && (
              <span className="quiet small"> · {t("checks.regular_due", { date: row.regular_due_on })}</span>
            )}
          </Fact>
        )}
      </dl>
      <Alerts check={check} />
    </header>
  );
}

function Fact({ label, children }: { readonly label: React.ReactNode; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd className="figures">{children}</dd>
    </div>
  );
}

function Alerts({ check }: { readonly check: Check }) {
  const { t, name } = useSpeech();
  const money = useMoney(check);
  const { row, warning } = check;
  const said = (fen: string) => (fen.startsWith("-") ? `−${money.short(fen.slice(1))}` : `+${money.short(fen)}`);
  return (
    <>
      {row.returned && check.return_reason && (
        <Alert type="warning" showIcon title={t("checks.returned_why", { reason: check.return_reason })} />
      )}
      {row.figures_changed !== "no" && (
        <Alert
          type={row.figures_changed === "revised" ? "warning" : "info"}
          showIcon
          title={t("checks.changed_title")}
          description={
            <>
              <p>{t(row.figures_changed === "revised" ? "checks.changed_revised" : "checks.changed_moved")}</p>
              <ul className="differences">
                {check.differences.map((one) => (
                  <li key={one.use}>
                    {name("use", one.use)} <span className="figures">{said(one.amount_fen)}</span>
                  </li>
                ))}
              </ul>
            </>
          }
        />
      )}
      {warning && (
        <div className="check-warning" role="note">
          <LevelTag level={warning.level} />
          <strong>{t("checks.warning")}</strong>
          {warning.disposition && <span>{name("disposition", warning.disposition)}</span>}
          <Link to={`/warnings/${warning.thread_id}?state=all`}>{t("checks.open_warning")}</Link>
          <span className="small check-warning-hint">{t("checks.warning_hint")}</span>
        </div>
      )}
    </>
  );
}
