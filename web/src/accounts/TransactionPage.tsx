import { Alert } from "antd";
import { useEffect } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useClue } from "../loans/clues";
import { Amount, useMoney } from "../ui/Amount";
import { shareText } from "../ui/money";
import { Failure, Loading, Notice, problemCode } from "../ui/states";
import { instantText } from "../ui/time";
import { Correct, Corrections } from "./Correction";
import { EvaluationNotice } from "./EvaluationNotice";
import { lineSource } from "./lineSource";
import { Pairing } from "./Pairing";
import { PairingTag } from "./PairingTag";
import { AccountLink } from "../ui/AccountLink";
import { Term } from "../ui/Term";

type Transaction = Schemas["TransactionPage"];
type LineFacts = Schemas["StatementLineFacts"];

export default function TransactionPage() {
  const { t } = useSpeech();
  const { transferId = "" } = useParams();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/transactions/{transfer_id}", {
    params: { path: { transfer_id: transferId } },
  });
  useEffect(() => {
    document.title = `${t("accounts.transaction_title")} · ${t("app.name")}`;
  }, [t]);
  const code = problemCode(error);
  return (
    <div className="page accounts-area">
      <nav className="crumbs" aria-label={t("accounts.transaction_title")}>
        <Link to="/accounts">{t("accounts.title")}</Link>
        <span aria-hidden="true">/</span>
        <span aria-current="page">{t("accounts.transaction_title")}</span>
      </nav>
      <EvaluationNotice />
      {error ? (
        code === "not_found" || code === "request_refused" ? (
          <Notice
            tone="empty"
            title={t("accounts.transaction_missing", { id: transferId })}
            action={<Link to="/accounts">{t("accounts.account_back")}</Link>}
          >
            <p>{t("accounts.transaction_missing_hint")}</p>
          </Notice>
        ) : (
          <Failure error={error} retry={() => void refetch()} />
        )
      ) : data ? (
        <Whole transaction={data} />
      ) : (
        <Loading rows={12} />
      )}
    </div>
  );
}

function Whole({ transaction }: { readonly transaction: Transaction }) {
  const { t } = useSpeech();
  const open = useNavigate();
  const { payer, payee } = transaction;
  return (
    <>
      <header className="transaction-head">
        <h1>
          <Amount fen={transaction.amount_fen} form="full" {...transaction} />
        </h1>
        <PairingTag state={transaction.pairing} basis={transaction.pairing_basis} />
        <time className="figures quiet" dateTime={transaction.booked_at}>
          {instantText(transaction.booked_at)}
        </time>
        <div className="way">
          <PartyLink party={payer} label={t("accounts.transaction_payer")} />
          <span className="arrow" aria-hidden="true">
            →
          </span>
          <PartyLink party={payee} label={t("accounts.transaction_payee")} />
        </div>
      </header>
      {!transaction.current && (
        <Alert
          type="warning"
          showIcon
          className="alert"
          title={t("accounts.transaction_superseded")}
          description={
            <>
              {t("accounts.transaction_superseded_hint")}{" "}
              {transaction.successors.map((id) => (
                <Link key={id} to={`/transactions/${id}`} className="successor figures">
                  {t("accounts.transaction_successor")} {id.slice(0, 8)}
                </Link>
              ))}
            </>
          }
        />
      )}
      <div className="columns">
        <div className="column-main">
          <section className="card box" aria-labelledby="lines-title">
            <h2 id="lines-title">
              <Term name="transfer">{t("accounts.transaction_lines")}</Term>
            </h2>
            <div className="two-lines">
              <LineFactsBox line={transaction.debit} side="debit" transaction={transaction} />
              <LineFactsBox line={transaction.credit} side="credit" transaction={transaction} />
            </div>
          </section>
          <Pairing transaction={transaction} moved={(id) => void open(`/transactions/${id}`)} />
        </div>
        <aside className="column-side">
          <ClassBox transaction={transaction} />
          <LoansBox transaction={transaction} />
          {transaction.reversals.length > 0 && <Reversals transaction={transaction} />}
        </aside>
      </div>
    </>
  );
}

interface PartyProps {
  readonly party: Schemas["Account"];
  readonly label?: string;
  /** The account that stands for the party's, where a line is shown as it is written. */
  readonly now?: string | null;
}

export function PartyLink({ party, label, now }: PartyProps) {
  const { t } = useSpeech();
  const shown = party.name ?? (party.account ? t("accounts.unnamed") : t("accounts.no_account"));
  return (
    <span className="party">
      {label && <span className="quiet small">{label}</span>}
      <span className={party.name ? "party-name" : "party-name quiet"}>{shown}</span>
      {party.account && (
        <AccountLink className="party-account figures" account={now ?? party.account}>
          {now ? party.account : undefined}
        </AccountLink>
      )}
      {now && now !== party.account && (
        <span className="quiet small">{t("accounts.transaction_merged", { account: now })}</span>
      )}
    </span>
  );
}

interface LineProps {
  readonly line: LineFacts | null;
  readonly side: "debit" | "credit";
  readonly transaction: Transaction;
}

function LineFactsBox({ line, side, transaction }: LineProps) {
  const { t } = useSpeech();
  const title = t(side === "debit" ? "accounts.transaction_payer_line" : "accounts.transaction_payee_line");
  if (!line) {
    const ours = side === "debit" ? transaction.payer_is_ours : transaction.payee_is_ours;
    return (
      <div className="line-box absent">
        <h3>{title}</h3>
        <p className="quiet">{t("accounts.transaction_no_line")}</p>
        <p className="quiet small">
          {t(ours ? "accounts.transaction_no_line_ours" : "accounts.transaction_no_line_outside")}
        </p>
      </div>
    );
  }
  return (
    <div className="line-box">
      <h3>{title}</h3>
      <dl className="facts">
        <Fact label={t("accounts.transaction_account")}>
          <PartyLink party={{ account: line.account, name: line.account_name }} now={line.account_now} />
        </Fact>
        <Fact label={t("accounts.transaction_time")}>
          <span className="figures">{instantText(line.booked_at)}</span>
        </Fact>
        <Fact label={t("accounts.transaction_amount")}>
          {side === "debit" ? "−" : "+"}
          <Amount fen={line.amount_fen} form="full" {...transaction} />
        </Fact>
        {line.balance_fen !== null && (
          <Fact label={t("accounts.transaction_balance")}>
            <Amount fen={line.balance_fen} form="full" {...transaction} />
          </Fact>
        )}
        <Fact label={t("accounts.transaction_other")}>
          <PartyLink
            party={{ account: line.counterparty_account, name: line.counterparty_name }}
            now={line.counterparty_now}
          />
        </Fact>
        <Fact label={t("accounts.transaction_text")}>{line.purpose_text}</Fact>
        <Fact label={<Term name="reference">{t("accounts.transaction_reference")}</Term>}>
          <span className="figures">{line.reference}</span>
        </Fact>
        {line.document_no && <Fact label={t("accounts.transaction_document")}>{line.document_no}</Fact>}
        {line.reverses && (
          <Fact label={t("accounts.transaction_reverses")}>
            <span className="figures">{line.reverses}</span>
          </Fact>
        )}
        <Fact label={t("accounts.transaction_source")}>
          <span title={line.source_file}>{lineSource(t, line.source_file, line.position)}</span>
        </Fact>
      </dl>
    </div>
  );
}

export function Fact({ label, children }: { readonly label: React.ReactNode; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children ?? <span className="quiet">–</span>}</dd>
    </div>
  );
}

function ClassBox({ transaction }: { readonly transaction: Transaction }) {
  const { t, name } = useSpeech();
  const clue = useClue();
  const { judgement, corrections, payee } = transaction;
  const seen = judgement?.evidence ? clue(judgement.evidence) : null;
  return (
    <section className="card box" aria-labelledby="class-title">
      <div className="account-box-head">
        <h2 id="class-title">
          <Term name="destination_class">{t("accounts.class_title")}</Term>
        </h2>
        <Correct
          transferId={transaction.transfer_id}
          payee={payee}
          given={judgement?.destination_class ?? null}
          disabled={!transaction.current}
        />
      </div>
      {judgement ? (
        <>
          <p className="class-name">{name("use", judgement.destination_class)}</p>
          <p className="quiet small">{name("class_meaning", judgement.destination_class)}</p>
          <dl className="facts">
            <Fact label={t("accounts.class_basis")}>{name("basis", judgement.basis)}</Fact>
            {judgement.evidence && (
              <Fact label={t("accounts.class_evidence")}>{seen ? seen.text : judgement.evidence}</Fact>
            )}
            <Fact label={<Term name="confidence">{t("accounts.class_confidence")}</Term>}>
              <span className="figures">{`${Math.round(judgement.confidence_permille / 10)}%`}</span>
            </Fact>
          </dl>
        </>
      ) : (
        <p className="quiet">{t("accounts.class_none")}</p>
      )}
      {corrections.length > 0 && (
        <>
          <h3>{t("accounts.class_history")}</h3>
          <Corrections rows={corrections} />
        </>
      )}
    </section>
  );
}

function LoansBox({ transaction }: { readonly transaction: Transaction }) {
  const { t } = useSpeech();
  const money = useMoney(transaction);
  return (
    <section className="card box" aria-labelledby="loans-title">
      <h2 id="loans-title">{t("accounts.transaction_loans")}</h2>
      {transaction.loans.length === 0 ? (
        <p className="quiet">{t("accounts.transaction_no_loans")}</p>
      ) : (
        <ul className="loan-shares">
          {transaction.loans.map((loan) => (
            <li key={loan.loan_id}>
              <span className="party">
                <Link className="figures" to={`/loans/${encodeURIComponent(loan.loan_id)}`}>
                  {loan.loan_id}
                </Link>
                <span className="quiet small">{loan.borrower_name}</span>
              </span>
              <span className="loan-amount">
                <span className="figures" title={money.hover(loan.amount_fen)}>
                  {money.exact(loan.amount_fen)}
                </span>
                <span className="quiet small">
                  {t("accounts.transaction_loans_share", {
                    share: shareText(BigInt(loan.amount_fen), BigInt(transaction.amount_fen)),
                  })}
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Reversals({ transaction }: { readonly transaction: Transaction }) {
  const { t } = useSpeech();
  return (
    <section className="card box" aria-labelledby="reversal-title">
      <h2 id="reversal-title">
        <Term name="reversal">{t("accounts.transaction_reversals")}</Term>
      </h2>
      <ul>
        {transaction.reversals.map((one) => {
          const takesBack = one.reversing_transfer === transaction.transfer_id;
          const other = takesBack ? one.original_transfer : one.reversing_transfer;
          return (
            <li key={other}>
              {t(takesBack ? "accounts.transaction_reversal_of" : "accounts.transaction_reversed_by")}{" "}
              <Link className="figures" to={`/transactions/${other}`}>
                {other.slice(0, 8)}
              </Link>{" "}
              <Amount fen={one.amount_fen} form="full" {...transaction} />
            </li>
          );
        })}
      </ul>
    </section>
  );
}
