import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useMoney } from "../ui/Amount";
import { instantText } from "../ui/time";
import { TransactionLink } from "../ui/TransactionLink";
import { Party } from "./EvidencePanel";

interface Props {
  readonly path: Schemas["Path"];
  readonly use: string;
  readonly facts: Schemas["LoanFacts"];
  readonly alone: boolean;
}

/** The movements from the disbursement to the line's end, in order. */
export function PathSteps({ path, use, facts, alone }: Props) {
  const { t, name } = useSpeech();
  const money = useMoney(facts);
  return (
    <div className="path">
      {!alone && (
        <p className="path-title figures" title={money.hover(path.counted_fen)}>
          {t("evidence.path_counted", { amount: money.full(path.counted_fen) })}
        </p>
      )}
      <ol className="steps" aria-label={t("evidence.path")}>
        {path.steps.map((step, position) => {
          const last = position === path.steps.length - 1;
          return (
            <li key={`${step.transfer_id}-${position}`} className={last ? "step last" : "step"}>
              <span className="step-name">
                {step.depth === 0 ? t("evidence.disbursement") : t("evidence.step", { step: position })}
              </span>
              <time className="figures quiet" dateTime={step.booked_at}>
                {instantText(step.booked_at)}
              </time>
              <span className="step-parties">
                {step.depth === 0 ? null : (
                  <>
                    <Party account={step.from_account} />
                    <span className="arrow" aria-hidden="true">
                      →
                    </span>
                  </>
                )}
                <Party account={step.to_account} />
                {last && <span className="step-use">{name("use", use)}</span>}
                <span className="why">
                  {step.purpose_text ? `${step.purpose_text} · ` : ""}
                  <TransactionLink id={step.transfer_id} sides={[step.from_account.account, step.to_account.account]}>
                    {t("evidence.transaction", { id: step.transfer_id })}
                  </TransactionLink>
                </span>
              </span>
              <span className="step-amount figures">
                <span title={money.hover(step.moved_fen)}>{money.exact(step.moved_fen)}</span>
                {step.transfer_fen !== null && step.transfer_fen !== step.moved_fen && (
                  <span className="quiet" title={money.hover(step.transfer_fen)}>
                    {t("evidence.of_transfer", { amount: money.exact(step.transfer_fen) })}
                  </span>
                )}
              </span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
