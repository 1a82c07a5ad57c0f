import type { Schemas } from "../api/client";
import { type Key, useSpeech } from "../i18n";
import { Amount } from "../ui/Amount";
import { shareText } from "../ui/money";
import { ShareBar } from "../ui/ShareBar";
import { Term } from "../ui/Term";

interface Props {
  readonly summary: Schemas["Summary"];
  readonly facts: Schemas["LoanFacts"];
}

/** What could be seen of the loan's money, and where it was lost from sight. */
export function SeenBox({ summary, facts }: Props) {
  const { t } = useSpeech();
  const whole = BigInt(summary.disbursed_fen);
  const seen = BigInt(summary.seen_fen);
  const otherBank = BigInt(summary.lost_other_bank_fen);
  const pool = BigInt(summary.lost_pool_fen);
  const parts: readonly (readonly [Key, bigint, string])[] = [
    ["seen.final", seen, "seen"],
    ["seen.other_bank", otherBank, "left_bank"],
    ["seen.pool", pool, "pooled"],
    ["seen.rest", whole - seen - otherBank - pool, "held"],
  ];
  return (
    <section className="card box" aria-labelledby="seen-title">
      <h2 id="seen-title">{t("seen.title")}</h2>
      <ul className="seen">
        {parts.map(([key, fen, tone]) => (
          <li key={key}>
            <span>{key === "seen.final" ? <Term name="final_use">{t(key)}</Term> : t(key)}</span>
            <span className="figures">{shareText(fen, whole)}</span>
            <ShareBar part={fen} whole={whole} tone={tone} />
            <span className="quiet seen-amount">
              <Amount fen={fen.toString()} form="full" {...facts} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
