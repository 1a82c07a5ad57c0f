import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount, useMoney } from "../ui/Amount";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { TransactionLink } from "../ui/TransactionLink";
import { useClue } from "./clues";
import { Party } from "./EvidencePanel";

const SHOWN = 5;

interface Props {
  readonly loanId: string;
  readonly runId: string;
  readonly facts: Schemas["LoanFacts"];
}

/** The largest payments of the loan's money that no document explains, and which one would. */
export function Unexplained({ loanId, facts }: Props) {
  const { t } = useSpeech();
  const money = useMoney(facts);
  const { data, error, refetch } = api.useQuery("get", "/api/v1/loans/{loan_id}/unexplained", {
    params: { path: { loan_id: loanId }, query: { limit: SHOWN } },
  });
  return (
    <section className="card box" aria-labelledby="unexplained-title">
      <div className="box-head">
        <h2 id="unexplained-title">{t("unexplained.title")}</h2>
        {data && data.total_count > 0 && (
          <p className="quiet figures" title={money.hover(data.total_fen)}>
            {t(data.total_count === 1 ? "unexplained.sum_one" : "unexplained.sum", {
              count: data.total_count,
              amount: money.short(data.total_fen),
              shown: data.payments.length,
            })}
          </p>
        )}
      </div>
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Loading rows={4} />
      ) : data.payments.length === 0 ? (
        <p className="quiet">{t("unexplained.none")}</p>
      ) : (
        <ol className="unexplained">
          {data.payments.map((payment) => (
            <Payment key={payment.transfer_id} payment={payment} facts={facts} />
          ))}
        </ol>
      )}
    </section>
  );
}

interface PaymentProps {
  readonly payment: Schemas["UnexplainedPayment"];
  readonly facts: Schemas["LoanFacts"];
}

function Payment({ payment, facts }: PaymentProps) {
  const { t, name } = useSpeech();
  const money = useMoney(facts);
  const clue = useClue();
  const seen = payment.evidence ? clue(payment.evidence) : null;
  const why = [name("use", payment.destination_class), seen?.text, payment.purpose_text].filter(Boolean).join(" · ");
  return (
    <li className="unexplained-item">
      <TransactionLink
        className="figures unexplained-when"
        id={payment.transfer_id}
        sides={[payment.from_account.account, payment.to_account.account]}
      >
        {instantText(payment.booked_at)}
      </TransactionLink>
      <div className="arrival-parties">
        <Party account={payment.from_account} />
        <span className="arrow" aria-hidden="true">
          →
        </span>
        <Party account={payment.to_account} />
        <span className="why">{why}</span>
      </div>
      <div className="arrival-amount">
        <Amount fen={payment.loan_fen} form="exact" {...facts} />
        {payment.transfer_fen !== null && payment.transfer_fen !== payment.loan_fen && (
          <span className="quiet figures" title={money.hover(payment.transfer_fen)}>
            {t("evidence.of_transfer", { amount: money.exact(payment.transfer_fen) })}
          </span>
        )}
      </div>
      <p className="document-needed">
        <span className="quiet">{t("unexplained.would_explain")}</span> {name("document", payment.destination_class)}
      </p>
    </li>
  );
}
