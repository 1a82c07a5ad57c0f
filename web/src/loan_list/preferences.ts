import { useCallback, useState } from "react";
import type { Schemas } from "../api/client";

export type Column = Schemas["SheetColumn"];
export type Density = "small" | "middle" | "large";

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

/** A value kept in this browser; what cannot be read is as if it were not there. */
function useKept<Value>(key: string, usual: () => Value, accept: (kept: unknown) => Value | undefined) {
  const [value, setValue] = useState<Value>(() => {
    try {
      return accept(JSON.parse(window.localStorage.getItem(key) ?? "null")) ?? usual();
    } catch {
      return usual();
    }
  });
  const keep = useCallback(
    (chosen: Value | null) => {
      if (chosen === null) window.localStorage.removeItem(key);
      else window.localStorage.setItem(key, JSON.stringify(chosen));
      setValue(chosen ?? usual());
    },
    [key, usual],
  );
  return [value, keep] as const;
}

function acceptColumns(kept: unknown): readonly Column[] | undefined {
  if (!Array.isArray(kept)) return undefined;
  const known = COLUMNS.filter((column) => kept.includes(column)).sort((a, b) => kept.indexOf(a) - kept.indexOf(b));
  return known.includes("loan") ? known : undefined;
}

export function useColumns() {
  return useKept("loantrail.loans.columns", usualColumns, acceptColumns);
}

const usualDensity = (): Density => "middle";

export function useDensity() {
  return useKept("loantrail.loans.density", usualDensity, (kept) =>
    kept === "small" || kept === "middle" || kept === "large" ? kept : undefined,
  );
}

export interface SavedFilter {
  readonly name: string;
  /** Conditions and order, as they stand in the address. */
  readonly text: string;
}

const none = (): readonly SavedFilter[] => [];

export function useSavedFilters() {
  return useKept("loantrail.loans.filters", none, (kept) =>
    Array.isArray(kept)
      ? kept.filter(
          (one): one is SavedFilter =>
            typeof one === "object" && one !== null && typeof one.name === "string" && typeof one.text === "string",
        )
      : undefined,
  );
}
