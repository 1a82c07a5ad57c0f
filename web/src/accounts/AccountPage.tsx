import { useEffect } from "react";
import { Link, useParams } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount, useMoney } from "../ui/Amount";
import { Figure } from "../ui/Figure";
import { Failure, Loading, Notice, type ProblemLike, problemCode } from "../ui/states";
import { instantText } from "../ui/time";
import { useUnitName } from "../ui/unit";
import { Correct, Corrections } from "./Correction";
import { CurveCard } from "./CurveCard";
import { EvaluationNotice } from "./EvaluationNotice";
import { Lines } from "./Lines";
import { lineSource } from "./lineSource";
import { MergedAway, survivorsIn } from "./MergedAway";
import { Merging } from "./Merging";
import { Fact } from "./TransactionPage";
import { Term } from "../ui/Term";

type Account = Schemas["AccountPage"];

export default function AccountPage() {
  const { t } = useSpeech();
  const { account = "" } = useParams();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/accounts/{account}", {
    params: { path: { account } },
  });
  const holder = data?.name;
  useEffect(() => {
    document.title = `${holder ? `${holder} · ` : ""}${account} · ${t("app.name")}`;
  }, [holder, account, t]);
  const code = problemCode(error);
  const survivors = survivorsIn(error);
  return (
    <div className="page accounts-area">
      <nav className="crumbs" aria-label={t("accounts.title")}>
        <Link to="/accounts">{t("accounts.title")}</Link>
        <span aria-hidden="true">/</span>
        <span className="figures" aria-current="page">
          {account}
        </span>
      </nav>
      <EvaluationNotice />
      {survivors.length > 0 ? (
        <MergedAway account={account} survivors={survivors} />
      ) : error ? (
        code === "not_found" || code === "request_refused" ? (
          <Gone account={account} successors={(error as ProblemLike & { successors?: string[] }).successors ?? []} />
        ) : (
          <Failure error={error} retry={() => void refetch()} />
        )
      ) : data ? (
        <Whole page={data} />
      ) : (
        <Loading rows={14} />
      )}
    </div>
  );
}

function Gone({ account, successors }: { readonly account: string; readonly successors: readonly string[] }) {
  const { t } = useSpeech();
  return (
    <Notice
      tone="empty"
      title={t(successors.length > 0 ? "accounts.account_merged" : "accounts.account_missing", { account })}
      action={<Link to="/accounts">{t("accounts.account_back")}</Link>}
    >
      {successors.length > 0 && (
        <>
          <p>{t("accounts.account_merged_hint")}</p>
          {successors.map((one) => (
            <p key={one}>
              <Link className="figures" to={`/accounts/${encodeURIComponent(one)}`}>
                {one}
              </Link>
            </p>
          ))}
        </>
      )}
    </Notice>
  );
}

function Whole({ page }: { readonly page: Account }) {
  const { t, name } = useSpeech();
  const money = useMoney(page);
  const check = page.reconciliation;
  const loans = page.loan_count;
  return (
    <>
      <header className="account-head">
        <h1>{page.name ?? t("accounts.unnamed")}</h1>
        <span className="figures account-number">{page.account}</span>
        <span className="account-mark">{t(page.ours ? "accounts.ours" : "accounts.outside")}</span>
        <span className="account-mark">{name("account_kind", page.kind)}</span>
        {page.closed_on && <span className="account-mark closed">{t("accounts.closed_mark")}</span>}
      </header>
      <dl className="card figures-row">
        {page.ours && (
          <Figure
            label={t("accounts.account_balance_now")}
            note={page.balance_fen === null ? "" : t("accounts.account_balance_note")}
            hint={page.balance_fen === null ? "" : money.hover(page.balance_fen)}
          >
            {page.balance_fen === null ? (
              <span className="quiet">{t("accounts.account_balance_unknown")}</span>
            ) : (
              money.short(page.balance_fen)
            )}
          </Figure>
        )}
        <Figure
          label={t(page.ours ? "accounts.account_loan_now" : "accounts.account_loan_now_outside")}
          note={
            loans === 0
              ? t("accounts.account_loan_none")
              : loans === 1
                ? t("accounts.account_loan_now_note_one")
                : t("accounts.account_loan_now_note", { count: loans })
          }
          hint={money.hover(page.loan_fen)}
        >
          {money.short(page.loan_fen)}
        </Figure>
        <Figure
          label={t("accounts.account_period")}
          note={check ? `${t("accounts.account_line_count")} ${check.line_count.toLocaleString("en")}` : ""}
        >
          {page.first_booked_at && page.last_booked_at ? (
            <span className="period">
              {instantText(page.first_booked_at).slice(0, 10)} – {instantText(page.last_booked_at).slice(0, 10)}
            </span>
          ) : (
            <span className="quiet">–</span>
          )}
        </Figure>
        {page.ours && (
          <Figure
            label={t("accounts.account_check")}
            danger={check?.state === "differs"}
            note={
              check?.state === "differs"
                ? t("accounts.account_check_note", { count: check.difference_count })
                : check?.state === "reconciled"
                  ? t("accounts.account_check_good", { count: check.balance_count.toLocaleString("en") })
                  : t("accounts.account_check_none")
            }
          >
            {check ? name("reconciliation", check.state) : "–"}
          </Figure>
        )}
      </dl>
      {check?.state === "differs" && check.first_position !== null && (
        <p className="account-difference danger" role="note">
          {t("accounts.account_difference", {
            source: lineSource(t, check.first_source_file ?? "", check.first_position),
            time: check.first_booked_at ? instantText(check.first_booked_at) : "",
            expected: money.full(check.expected_fen ?? "0"),
            actual: money.full(check.actual_fen ?? "0"),
          })}
        </p>
      )}
      <CurveCard account={page.account} ours={page.ours} />
      <div className="beside">
        <Facts page={page} />
        <ClassByHand page={page} />
        <Merging page={page} />
        {loans > 0 && <LoansHere page={page} />}
      </div>
      <Lines account={page.account} />
    </>
  );
}

function Facts({ page }: { readonly page: Account }) {
  const { t, name } = useSpeech();
  const unitName = useUnitName();
  return (
    <section className="card box" aria-labelledby="facts-title">
      <h2 id="facts-title">{t("accounts.account_facts")}</h2>
      <dl className="facts">
        {page.party_kind && (
          <Fact label={t("accounts.account_party_kind")}>{name("party_kind", page.party_kind)}</Fact>
        )}
        <Fact label={t("accounts.account_kind")}>{name("account_kind", page.kind)}</Fact>
        <Fact label={t("accounts.account_institution")}>
          {page.institution ? <span className="figures">{page.institution}</span> : null}
        </Fact>
        <Fact label={t("accounts.account_unit")}>{unitName(page.unit_id, page.unit_name)}</Fact>
        {page.currency !== "CNY" && <Fact label={t("accounts.account_currency")}>{page.currency}</Fact>}
        {page.opened_on && (
          <Fact label={t("accounts.account_opened")}>
            <span className="figures">{page.opened_on}</span>
          </Fact>
        )}
        {page.closed_on && (
          <Fact label={t("accounts.account_closed")}>
            <span className="figures">{page.closed_on}</span>
          </Fact>
        )}
        {page.opening_balance_fen !== null && (
          <Fact label={<Term name="opening_balance">{t("accounts.account_opening")}</Term>}>
            <Amount fen={page.opening_balance_fen} form="full" {...page} />
          </Fact>
        )}
        {page.same_number.length > 0 && (
          <Fact label={t("accounts.account_same_number")}>
            {page.same_number.map((one) => (
              <Link key={one} className="figures same-number" to={`/accounts/${encodeURIComponent(one)}`}>
                {one}
              </Link>
            ))}
          </Fact>
        )}
      </dl>
      {page.auto_created && <p className="quiet small">{t("accounts.account_auto_created")}</p>}
    </section>
  );
}

function ClassByHand({ page }: { readonly page: Account }) {
  const { t } = useSpeech();
  const standing =
    page.corrections.find((row) => row.withdrawn_at === null && row.account === page.account) ??
    page.corrections.find((row) => row.withdrawn_at === null);
  return (
    <section className="card box" aria-labelledby="by-hand-title">
      <div className="account-box-head">
        <h2 id="by-hand-title">{t("accounts.class_account_title")}</h2>
        <Correct
          transferId={null}
          payee={{ account: page.account, name: page.name }}
          given={standing?.destination_class ?? null}
        />
      </div>
      {!standing && <p className="quiet">{t("accounts.class_account_none")}</p>}
      {page.corrections.length > 0 && <Corrections rows={page.corrections} scoped={false} />}
    </section>
  );
}

function LoansHere({ page }: { readonly page: Account }) {
  const { t } = useSpeech();
  const money = useMoney(page);
  return (
    <section className="card box" aria-labelledby="here-title">
      <h2 id="here-title">
        <Term name="commingled">{t("accounts.account_loans_here")}</Term>
      </h2>
      <ul className="loan-shares scrolled">
        {page.loans.map((loan) => (
          <li key={loan.loan_id}>
            <span className="party">
              <Link className="figures" to={`/loans/${encodeURIComponent(loan.loan_id)}`}>
                {loan.loan_id}
              </Link>
              <span className="quiet small">{loan.borrower_name}</span>
            </span>
            <span className="figures" title={money.hover(loan.amount_fen)}>
              {money.exact(loan.amount_fen)}
            </span>
          </li>
        ))}
      </ul>
      {page.loan_count > page.loans.length && (
        <p className="quiet small">{t("accounts.account_loans_more", { count: page.loans.length })}</p>
      )}
    </section>
  );
}
