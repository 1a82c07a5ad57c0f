import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useMoney } from "../ui/Amount";
import { shareBasisPoints, shareText } from "../ui/money";
import { coded } from "../glossary/terms";
import { Term } from "../ui/Term";
import { useKinds } from "./kinds";

type Share = Schemas["SourceShare"];

interface Props {
  readonly shares: readonly Share[];
  readonly wholeFen: string;
  readonly facts: Schemas["LoanFacts"];
}

/** The shares of a repayment, and what no transaction shows. */
function withUnseen(shares: readonly Share[], wholeFen: string): readonly Share[] {
  const seen = shares.reduce((sum, share) => sum + BigInt(share.amount_fen), 0n);
  const unseen = BigInt(wholeFen) - seen;
  return unseen > 0n ? [...shares, { kind: "not_seen", amount_fen: unseen.toString(), odd: false }] : shares;
}

/** One repayment as a bar, cut by kind of money; its words for those who do not see it. */
export function SourceBar({ shares, wholeFen, facts }: Props) {
  const { t } = useSpeech();
  const money = useMoney(facts);
  const { label } = useKinds(facts);
  const whole = BigInt(wholeFen);
  const all = withUnseen(shares, wholeFen);
  const words = all.map((share) => `${label(share.kind)} ${shareText(BigInt(share.amount_fen), whole)}`);
  return (
    <span className="payments-bar" role="img" aria-label={words.join(t("payments.comma"))}>
      {all.map((share) => (
        <span
          key={share.kind}
          className={`payments-fill payments-kind-${share.kind}`}
          style={{ flexGrow: Math.max(shareBasisPoints(BigInt(share.amount_fen), whole), 60) }}
          title={`${label(share.kind)} ${money.hover(share.amount_fen)}`}
        />
      ))}
    </span>
  );
}

/** All kinds that paid, with amount and share. */
export function SourceLegend({ shares, wholeFen, facts }: Props) {
  const money = useMoney(facts);
  const { label, hint } = useKinds(facts);
  const whole = BigInt(wholeFen);
  return (
    <ul className="payments-legend">
      {withUnseen(shares, wholeFen).map((share) => (
        <li key={share.kind} title={hint(share.kind)}>
          <span className={`payments-dot payments-kind-${share.kind}`} aria-hidden="true" />
          <span className="payments-label">
            <Kind kind={share.kind} words={label(share.kind)} />
          </span>
          <span className="figures" title={money.hover(share.amount_fen)}>
            {money.full(share.amount_fen)}
          </span>
          <span className="figures quiet">{shareText(BigInt(share.amount_fen), whole)}</span>
        </li>
      ))}
    </ul>
  );
}

/** What a kind is called; where the glossary has it, with its explanation. */
function Kind({ kind, words }: { readonly kind: string; readonly words: string }) {
  const term = coded("payment_kind", kind);
  return term ? <Term name={term}>{words}</Term> : <>{words}</>;
}
