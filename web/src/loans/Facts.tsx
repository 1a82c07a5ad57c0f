import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount } from "../ui/Amount";
import { instantText } from "../ui/time";
import { useUnitName } from "../ui/unit";
import { Term } from "../ui/Term";
import { Coded } from "../ui/Coded";

const PPM_DIGITS = 4;

/** 43500 millionths are 4.35%. */
function rateText(ppm: number): string {
  const text = (ppm / 10 ** PPM_DIGITS).toFixed(PPM_DIGITS).replace(/0{1,2}$/, "");
  return `${text}%`;
}

/** What the books say about the loan. */
export function Facts({ facts }: { readonly facts: Schemas["LoanFacts"] }) {
  const { t } = useSpeech();
  const unitName = useUnitName();
  return (
    <section className="card box" aria-labelledby="facts-title">
      <h2 id="facts-title">{t("loan.facts")}</h2>
      <dl className="facts">
        <Fact label={<Term name="loan_note">{t("loan.number")}</Term>}>{facts.loan_id}</Fact>
        <Fact label={<Term name="loan_contract">{t("loan.contract")}</Term>}>{facts.contract_id}</Fact>
        <Fact label={<Term name="loan_purpose">{t("loan.purpose")}</Term>}>{facts.purpose_text}</Fact>
        <Fact label={t("loan.payment_mode")}><Coded list="payment_mode" code={facts.payment_mode} /></Fact>
        <Fact label={t("loan.grant_kind")}><Coded list="grant_kind" code={facts.grant_kind} /></Fact>
        <Fact label={t("loan.issued")}>{facts.issued_on}</Fact>
        <Fact label={t("loan.matures")}>{facts.matures_on}</Fact>
        <Fact label={t("loan.rate")}>{rateText(facts.rate_ppm)}</Fact>
        <Fact label={t("loan.contract_amount")}>
          <Amount fen={facts.contract_amount_fen} form="full" {...facts} />
        </Fact>
        <Fact label={t("loan.note_amount")}>
          <Amount fen={facts.amount_fen} form="full" {...facts} />
        </Fact>
        <Fact label={<Term name="loan_balance">{t("loan.balance")}</Term>}>
          <Amount fen={facts.balance_fen} form="full" {...facts} />
        </Fact>
        <Fact label={t("loan.unit")}>{unitName(facts.unit_id, facts.unit_name)}</Fact>
        {facts.managers.length > 0 && <Fact label={t("loan.managers")}>{facts.managers.join("、")}</Fact>}
        {facts.disbursements.map((one) => (
          <Fact key={one.disbursement_id} label={<Term name="disbursement">{t("loan.disbursements")}</Term>}>
            <span>{instantText(one.booked_at)}</span>
            <br />
            <Amount fen={one.amount_fen} form="full" {...facts} />
            <br />
            <Link className="party-account" to={`/accounts/${encodeURIComponent(one.account)}`}>
              {one.account}
            </Link>
          </Fact>
        ))}
      </dl>
    </section>
  );
}

/** How the figures on this page were made, so that they can be made again. */
export function RunFacts({ run }: { readonly run: Schemas["Run"] }) {
  const { t, name } = useSpeech();
  return (
    <section className="card box run" aria-labelledby="run-title">
      <h2 id="run-title">{t("run.title")}</h2>
      <dl className="facts">
        <Fact label={<Term name="convention">{t("run.convention")}</Term>}><Coded list="convention" code={run.convention.toLowerCase()} /></Fact>
        <Fact label={<Term name="opening_balance">{t("run.opening")}</Term>}>{name("opening", run.opening)}</Fact>
        <Fact label={t("run.events")}>{run.event_count.toLocaleString("en")}</Fact>
        <Fact label={<Term name="trace">{t("run.created")}</Term>}>{instantText(run.created_at)}</Fact>
        <Fact label={t("run.data")}>
          <span className="version">{run.data_version}</span>
        </Fact>
        <Fact label={t("run.software")}>{run.software_version}</Fact>
      </dl>
    </section>
  );
}

function Fact({ label, children }: { readonly label: ReactNode; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd className="figures">{children}</dd>
    </div>
  );
}
