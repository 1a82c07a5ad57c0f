import { Button } from "antd";
import { useId, useState } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useClue } from "../loans/clues";
import { Amount, useMoney } from "../ui/Amount";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { partsOf, useKinds } from "./kinds";

type Source = Schemas["RepaymentSource"];
type LoanFacts = Schemas["LoanFacts"];

interface Props {
  readonly loanId: string;
  readonly repayment: Schemas["Repayment"];
  readonly facts: LoanFacts;
}

/** What paid one repayment: in a sentence, then source by source with the way its money came. */
export function Sources({ loanId, repayment, facts }: Props) {
  const { t } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/loans/{loan_id}/repayments/{repayment_id}", {
    params: { path: { loan_id: loanId, repayment_id: repayment.repayment_id } },
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={3} />;
  return (
    <div className="payments-detail">
      <Sentence page={data} facts={facts} />
      <ol className="payments-sources" aria-label={t("payments.sources")}>
        {data.sources.map((source, position) => (
          <SourceItem key={position} source={source} facts={facts} openFirst={source.odd} />
        ))}
      </ol>
      {data.near.length > 0 && (
        <section className="payments-near" aria-label={t("payments.near_title")}>
          <h3>{t("payments.near_title")}</h3>
          <p className="quiet">{t("payments.near_hint")}</p>
          <ul>
            {data.near.map((near) => (
              <NearItem key={near.transfer_id} near={near} facts={facts} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function NearItem({ near, facts }: { readonly near: Schemas["NearReceipt"]; readonly facts: LoanFacts }) {
  const { label } = useKinds(facts);
  const { t } = useSpeech();
  return (
    <li className="payments-source payments-near-line">
      <div className="payments-source-kind">
        <span className={`payments-dot payments-kind-${near.kind}`} aria-hidden="true" />
        <span className="payments-source-name payments-label">{label(near.kind)}</span>
        <span className="payments-suspected">{t("payments.suspected")}</span>
      </div>
      <div className="payments-source-told">
        <Told source={{ ...near, loan: null, transfer_fen: null }} facts={facts} />
      </div>
      <Amount fen={near.amount_fen} form="exact" {...facts} />
    </li>
  );
}

function Sentence({ page, facts }: { readonly page: Schemas["RepaymentPage"]; readonly facts: LoanFacts }) {
  const { t } = useSpeech();
  const money = useMoney(facts);
  const { label } = useKinds(facts);
  const { amount_fen, followed_fen } = page.repayment;
  const texts = partsOf(page.sources).map((part) =>
    t(part.key, {
      amount: part.fen === BigInt(amount_fen) ? t("payments.all") : money.full(part.fen.toString()),
      kind: label(part.kind),
      loan: part.loan?.loan_id ?? "",
      borrower: part.loan?.borrower_name ?? "",
    }),
  );
  const unseen = BigInt(amount_fen) - BigInt(followed_fen);
  if (unseen > 0n) texts.push(t("payments.part_not_seen", { amount: money.full(unseen.toString()) }));
  return (
    <p className="payments-sentence">
      {t("payments.sentence", { amount: money.full(amount_fen), parts: texts.join(t("payments.join")) })}
    </p>
  );
}

interface ItemProps {
  readonly source: Source;
  readonly facts: LoanFacts;
  readonly openFirst: boolean;
}

function SourceItem({ source, facts, openFirst }: ItemProps) {
  const { t } = useSpeech();
  const { label, hint } = useKinds(facts);
  const [open, setOpen] = useState(openFirst);
  const region = useId();
  return (
    <li className="payments-source">
      <div className="payments-source-line">
        <div className="payments-source-kind" title={hint(source.kind)}>
          <span className={`payments-dot payments-kind-${source.kind}`} aria-hidden="true" />
          <span className="payments-source-name payments-label">{label(source.kind)}</span>
          {source.odd && <span className="payments-suspected">{t("payments.suspected")}</span>}
        </div>
        <div className="payments-source-told">
          <Told source={source} facts={facts} />
        </div>
        <Amount fen={source.amount_fen} form="exact" {...facts} />
        <Button size="small" aria-expanded={open} aria-controls={region} onClick={() => setOpen(!open)}>
          {t(open ? "payments.hide_path" : "payments.show_path")}
        </Button>
      </div>
      {open && (
        <div id={region} className="payments-paths">
          {source.paths.map((path, position) => (
            <Way key={position} path={path} alone={source.paths.length === 1} facts={facts} />
          ))}
          {source.path_count > source.paths.length && (
            <p className="quiet">
              {t("payments.paths_shown", { count: source.path_count, shown: source.paths.length })}
            </p>
          )}
          <Ends source={source} />
        </div>
      )}
    </li>
  );
}

type Tellable = Pick<
  Source,
  | "amount_fen"
  | "basis"
  | "booked_at"
  | "bridge"
  | "days_before"
  | "evidence"
  | "kind"
  | "loan"
  | "payer"
  | "payer_class"
  | "purpose_text"
  | "transfer_fen"
>;

/** Who paid, when, with what words, and why the payer was taken for what it was. */
function Told({ source, facts }: { readonly source: Tellable; readonly facts: LoanFacts }) {
  const { t, name } = useSpeech();
  const money = useMoney(facts);
  const clue = useClue();
  const why: string[] = [];
  if (source.basis === "regular") why.push(t("payments.regular"));
  else if (source.kind === "revenue" && (source.payer_class === "company" || source.payer_class === "individual"))
    why.push(t("payments.trade_remark"));
  else if (source.basis && source.basis !== "none") {
    const seen = source.evidence ? clue(source.evidence) : null;
    if (source.payer_class) why.push(t("payments.judged", { use: name("use", source.payer_class) }));
    why.push(seen ? seen.text : name("basis", source.basis));
  }
  if (source.purpose_text) why.push(t("payments.remark", { text: source.purpose_text }));
  const bridge = source.bridge;
  return (
    <>
      {source.loan && (
        <span>
          <Link to={`/loans/${encodeURIComponent(source.loan.loan_id)}`}>{source.loan.loan_id}</Link>{" "}
          {source.loan.borrower_name}
        </span>
      )}
      {source.payer ? <Holder account={source.payer} /> : <span>{t("payments.no_payer")}</span>}
      {source.booked_at && (
        <span className="payments-why figures">
          {t(source.days_before === 0 ? "payments.same_day" : "payments.came", {
            when: instantText(source.booked_at),
            days: source.days_before ?? 0,
          })}
          {source.transfer_fen !== null && source.transfer_fen !== source.amount_fen && (
            <> · {t("payments.of_transfer", { amount: money.exact(source.transfer_fen) })}</>
          )}
        </span>
      )}
      {why.length > 0 && <span className="payments-why">{why.join(" · ")}</span>}
      {bridge && (
        <span className="payments-bridge">
          {t(bridge.new_loan_id ? "payments.bridge_new_loan" : "payments.bridge", {
            when: instantText(bridge.returned_at),
            amount: money.full(bridge.returned_fen),
            days: bridge.days_in_hand,
            loan: bridge.new_loan_id ?? "",
          })}
        </span>
      )}
    </>
  );
}

function Ends({ source }: { readonly source: Source }) {
  const { t, name } = useSpeech();
  const ends = source.ends.map((end) => name("payment_end", end));
  return <p className="quiet payments-ends">{t("payments.ends", { ends: ends.join(t("payments.comma")) })}</p>;
}

interface WayProps {
  readonly path: Schemas["Path"];
  readonly alone: boolean;
  readonly facts: LoanFacts;
}

/** The movements from the repayment back in time. */
function Way({ path, alone, facts }: WayProps) {
  const { t } = useSpeech();
  const money = useMoney(facts);
  return (
    <div className="payments-path">
      {!alone && (
        <p className="quiet figures" title={money.hover(path.counted_fen)}>
          {t("payments.path_counted", { amount: money.full(path.counted_fen) })}
        </p>
      )}
      <ol aria-label={t("payments.path")}>
        {path.steps.map((step, position) => (
          <li
            key={`${step.transfer_id}-${position}`}
            className={position === path.steps.length - 1 ? "payments-step last" : "payments-step"}
          >
            <span className="payments-step-name">
              {step.depth === 0 ? t("payments.this_repayment") : t("payments.step_back", { step: step.depth })}
            </span>
            <time className="figures quiet" dateTime={step.booked_at}>
              {instantText(step.booked_at)}
            </time>
            <span className="payments-step-parties">
              <Holder account={step.from_account} />
              <span className="quiet" aria-hidden="true">
                →
              </span>
              <Holder account={step.to_account} />
              <span className="payments-why">
                {step.purpose_text ? `${step.purpose_text} · ` : ""}
                {t("payments.transaction", { id: step.transfer_id })}
              </span>
            </span>
            <span className="payments-step-amount figures">
              <span title={money.hover(step.moved_fen)}>{money.exact(step.moved_fen)}</span>
              {step.transfer_fen !== null && step.transfer_fen !== step.moved_fen && (
                <span className="quiet" title={money.hover(step.transfer_fen)}>
                  {t("payments.of_transfer", { amount: money.exact(step.transfer_fen) })}
                </span>
              )}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Holder({ account }: { readonly account: Schemas["Account"] }) {
  const { t } = useSpeech();
  return (
    <span className="payments-holder">
      <span className={account.name ? undefined : "quiet"}>
        {account.name ?? t(account.account ? "payments.unnamed" : "payments.outside")}
      </span>
      {account.account && <span className="payments-account figures">{account.account}</span>}
    </span>
  );
}
