import type { Key } from "../i18n";
import english from "../i18n/en/glossary.json";
import chinese from "../i18n/zh/glossary.json";

// The words themselves stand with the other texts: term.NAME and, for the explanation, term_text.NAME.

type Named<Text> = Text extends `term.${infer Name}` ? Name : never;

/** A term of the glossary. */
export type TermName = Named<Key>;

/** The glossary's groups, and their terms in the order of reading. */
export const GROUPS = [
  [
    "loan",
    [
      "loan_note", "loan_contract", "borrower", "borrower_side", "related_party", "loan_purpose", "loan_balance",
      "days_past_due", "instalment", "five_class", "guarantor", "collateral", "rollover_loan",
    ],
  ],
  [
    "payment",
    [
      "disbursement", "disbursement_account", "entrusted_payment", "autonomous_payment", "payment_order",
      "counterparty",
    ],
  ],
  [
    "tracing",
    [
      "trace", "hop", "path", "use", "statement", "final_use", "seen", "held", "returned", "relent", "overdraft",
      "untraced", "commingled", "bounds", "proven", "not_proven", "opening_balance", "backward",
    ],
  ],
  [
    "convention",
    [
      "convention", "fifo", "lifo", "pro_rata", "own_first", "loan_first", "poison", "specific",
    ],
  ],
  [
    "destination",
    [
      "destination_class", "basis", "voucher", "documented", "restricted", "pooled_account", "group_cash_pool",
      "other_bank", "left_bank", "confidence",
    ],
  ],
  [
    "suspicion",
    [
      "lead", "suspected", "fund_misuse", "round_trip", "structuring", "bridge", "evidence", "dispute_sheet",
    ],
  ],
  [
    "warning",
    [
      "early_warning", "warning_level", "hit", "finding", "second_person", "allow_list",
    ],
  ],
  [
    "check",
    [
      "first_check", "judged_genuine", "judged_not_genuine", "more_papers", "taken_over", "exposure", "limit_used",
    ],
  ],
  [
    "portfolio",
    [
      "flow_by_use", "debt_repaid", "other_use", "concentration", "hhi", "connected_customers", "net_capital",
      "large_exposure", "class_migration", "migration_rate", "performing_migration",
    ],
  ],
  [
    "books",
    [
      "statement_line", "debit", "credit", "transfer", "pairing", "unpaired", "ambiguous", "reversal", "reference",
      "running_balance", "data_date", "business_date",
    ],
  ],
  [
    "intake",
    [
      "dry_run", "adapter", "accepted", "duplicate", "refusal", "key_conflict", "correction", "replay", "dismiss",
      "reconciliation", "difference",
    ],
  ],
  [
    "nightly",
    [
      "delivery", "ready_flag", "manifest", "control_total", "full_table", "incremental_table", "chain_table",
      "alarm", "general_ledger", "ledger_reconciliation", "rerun",
    ],
  ],
  [
    "control",
    [
      "maker", "checker", "reach", "third_party", "stand_in", "audit_entry", "chain_head",
    ],
  ],
] as const satisfies readonly (readonly [string, readonly TermName[]])[];

export interface Wording {
  readonly chinese: string;
  readonly english: string;
}

/** What a term is called in both languages, whichever the page speaks. */
export function wording(name: TermName): Wording {
  return { chinese: chinese[`term.${name}`], english: english[`term.${name}`] };
}

/** What is said of a term, in both languages. */
export function meanings(name: TermName): string {
  return `${chinese[`term_text.${name}`]} ${english[`term_text.${name}`]}`;
}

/** Codes whose words the glossary explains under another name. */
const CODED: Readonly<Record<string, TermName>> = {
  "night_mode.full": "full_table",
  "night_mode.incremental": "incremental_table",
  "night_mode.chain": "chain_table",
  "use.same_name_other_bank": "other_bank",
  "use.held_by_related_party": "related_party",
  "use.held_by_borrower": "borrower_side",
  "use.overdraft_repaid": "overdraft",
  "group.suspected": "suspected",
  "group.restricted": "restricted",
  "group.documented": "documented",
  "group.held": "held",
  "group.debt": "debt_repaid",
  "group.left_bank": "left_bank",
  "group.pooled": "pooled_account",
  "group.other": "other_use",
  "pattern.ROUND_TRIP": "round_trip",
  "pattern.STRUCTURING": "structuring",
  "pattern.RELATED_PARTY": "related_party",
  "payment_kind.bridge": "bridge",
  "payment_kind.overdraft": "overdraft",
  "payment_kind.pool": "pooled_account",
  "payment_kind.guarantor": "guarantor",
  "payment_kind.related_party": "related_party",
  "payment_kind.opening": "opening_balance",
  "check_state.taken_over": "taken_over",
  "refusal_reason.same_key_other_content": "key_conflict",
  "refusal_reason.balance_difference": "difference",
  "opening.given": "opening_balance",
  "opening.assumed": "opening_balance",
};
/** Lists whose codes are the names of terms. */
const NAMED: ReadonlySet<string> = new Set(["payment_mode", "grant_kind", "convention", "use"]);

/** The term that explains a code of a list of words; undefined where the glossary has none. */
export function coded(list: string, code: string): TermName | undefined {
  const other = CODED[`${list}.${code}`];
  if (other) return other;
  return NAMED.has(list) && `term.${code}` in english ? (code as TermName) : undefined;
}
