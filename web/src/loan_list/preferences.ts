import type { Schemas } from "../api/client";
import { acceptColumns, useKept } from "../table/kept";

export type Column = Schemas["SheetColumn"];

/** Every column, in the order in which they are offered. */
export const COLUMNS: readonly Column[] = [
  "loan",
  "borrower",
  "borrower_kind",
  "contract",
  "product",
  "grant_kind",
  "unit",
  "manager",
  "issued",
  "matures",
  "rate",
  "state",
  "class",
  "amount",
  "balance",
  "disbursed",
  "seen",
  "suspected",
  "pattern",
  "leads",
];

const WIDE_PX = 1600;
const NARROW: readonly Column[] = ["loan", "borrower", "product", "issued", "class", "amount", "balance", "seen", "suspected", "pattern"];
const WIDE: readonly Column[] = ["loan", "borrower", "product", "unit", "manager", "issued", "state", "class", "amount", "balance", "seen", "suspected", "pattern"];

/** What fits the window, until the reader chooses. */
export function usualColumns(): readonly Column[] {
  return window.innerWidth >= WIDE_PX ? WIDE : NARROW;
}

export function useColumns() {
  return useKept("loantrail.loans.columns", usualColumns, (kept) => acceptColumns(COLUMNS, kept));
}
