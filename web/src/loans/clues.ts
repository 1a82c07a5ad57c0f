import { type Key, useSpeech } from "../i18n";

// What the classification saw is a short English phrase with a term in it; each phrase has its words here.
const PHRASES: readonly (readonly [RegExp, Key, string?])[] = [
  [/^name of a person$/, "clue.person"],
  [/^name of a company$/, "clue.company"],
  [/^same name as the payer$/, "clue.same_name"],
  [/^nothing known$/, "clue.nothing"],
  [/^payment order, document (.+)$/, "clue.order_document"],
  [/^payment order (.+)$/, "clue.order"],
  [/^contract (.+)$/, "clue.contract"],
  [/^invoice (.+)$/, "clue.invoice"],
  [/^name (.+)$/, "clue.name"],
  [/^remark (.+)$/, "clue.remark"],
  [/^industry (.+)$/, "clue.industry"],
  [/^bank code (.+)$/, "clue.bank_code"],
  [/^merchant code (.+)$/, "clue.merchant_code"],
  [/^account kind (.+)$/, "clue.account_kind", "account_kind"],
  [/^account class (.+)$/, "clue.account_class", "use"],
  [/^party kind (.+)$/, "clue.party_kind", "party_kind"],
];

/** The words of what was seen, and the term that stood there; null for a phrase that has none. */
export function useClue() {
  const { name, t } = useSpeech();
  return (evidence: string): { readonly text: string; readonly term: string } | null => {
    for (const [pattern, key, list] of PHRASES) {
      const found = pattern.exec(evidence);
      if (!found) continue;
      const term = found[1] ?? "";
      return { text: t(key, { term: list ? name(list, term) : term }), term };
    }
    return null;
  };
}
