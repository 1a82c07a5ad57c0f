import type { Schemas } from "../api/client";
import { type Key, useSpeech } from "../i18n";

type LoanFacts = Schemas["LoanFacts"];
type Source = Schemas["RepaymentSource"];

/** What the texts call the kinds of money; a person's revenue is a wage too. */
export function useKinds(facts: LoanFacts) {
  const { t, name } = useSpeech();
  const personal = facts.borrower_kind === "individual";
  return {
    label: (kind: string) =>
      kind === "revenue" && personal ? t("payment_kind.revenue_personal") : name("payment_kind", kind),
    hint: (kind: string) => name("payment_hint", kind),
  };
}

interface Part {
  readonly key: Key;
  readonly kind: string;
  readonly fen: bigint;
  readonly loan: Schemas["NamedLoan"] | null;
}

function keyOf(source: Source): Key {
  if (source.kind === "other_loan" && source.loan) {
    return source.loan.same_borrower ? "payments.part_same_borrower" : "payments.part_other_borrower";
  }
  return source.kind === "own_loan" ? "payments.part_own_loan" : "payments.part";
}

/** The sources as a sentence tells them: one part for each kind, loans of the bank by their number. */
export function partsOf(sources: readonly Source[]): readonly Part[] {
  const parts = new Map<string, Part>();
  for (const source of sources) {
    const loan = source.kind === "other_loan" ? source.loan : null;
    const place = `${source.kind} ${loan?.loan_id ?? ""}`;
    const fen = BigInt(source.amount_fen) + (parts.get(place)?.fen ?? 0n);
    parts.set(place, { key: keyOf(source), kind: source.kind, fen, loan });
  }
  return [...parts.values()].sort((one, other) => (one.fen < other.fen ? 1 : one.fen > other.fen ? -1 : 0));
}
