import { useMemo } from "react";
import type { Schemas } from "../api/client";
import { PAGE_SIZES } from "../table/RowsTable";
import { useSearchParams } from "../ui/address";

export type Ledger = Schemas["LedgerAnswer"];
export type Column = Schemas["ColumnAnswer"];

const PAGE_SIZE = 50;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const NUMBER = /^\d{1,18}$/;
const INSTANT_KINDS: readonly string[] = ["day", "instant"];
export const ENDS = ["_from", "_to"] as const;

/** What a ledger is narrowed and ordered by, as it stands in the address. */
export interface LedgerState {
  readonly search: string;
  /** Field -> values of which any may hold. */
  readonly many: Readonly<Record<string, readonly string[]>>;
  /** Field with _from or _to -> its bound. */
  readonly bounds: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  readonly sort: string;
  readonly ascending: boolean;
  readonly page: number;
  readonly size: number;
}

export type Change = (values: Readonly<Record<string, string | readonly string[]>>) => void;

/** Everything that one can narrow by: columns, and what other pages link with. */
export function filtersOf(ledger: Ledger): readonly Column[] {
  return [...ledger.columns, ...ledger.extra].filter((column) => column.filter !== "none");
}

function boundsOf(column: Column): readonly string[] {
  return column.filter === "range" ? ENDS.map((end) => `${column.field}${end}`) : [];
}

function read(ledger: Ledger, address: URLSearchParams): LedgerState {
  const filters = filtersOf(ledger);
  const number = (name: string, usual: number) => Math.max(1, Number.parseInt(address.get(name) ?? "", 10) || usual);
  const size = number("size", PAGE_SIZE);
  const sort = ledger.columns.find((column) => column.sortable && column.field === address.get("sort"))?.field ?? ledger.sort;
  const direction = address.get("direction") ?? (sort === ledger.sort ? ledger.direction : "ascending");
  const valid = (column: Column, text: string) => (INSTANT_KINDS.includes(column.kind) ? DAY : NUMBER).test(text);
  return {
    search: address.get("search") ?? "",
    many: Object.fromEntries(
      filters
        .filter((column) => column.filter === "choice" || column.filter === "within")
        .map((column) => [column.field, address.getAll(column.field)]),
    ),
    bounds: Object.fromEntries(
      filters.flatMap((column) =>
        boundsOf(column).map((name) => {
          const text = address.get(name) ?? "";
          return [name, valid(column, text) ? text : ""];
        }),
      ),
    ),
    flags: filters.filter((column) => column.filter === "flag" && address.get(column.field) === "true").map((column) => column.field),
    sort,
    ascending: direction === "ascending",
    page: number("page", 1),
    size: PAGE_SIZES.includes(size) ? size : PAGE_SIZE,
  };
}

/** Conditions and order as the interface takes them. */
export function asParams(state: LedgerState): URLSearchParams {
  const query = new URLSearchParams();
  if (state.search) query.set("search", state.search);
  for (const [field, values] of Object.entries(state.many)) for (const value of values) query.append(field, value);
  for (const [name, bound] of Object.entries(state.bounds)) if (bound) query.set(name, bound);
  for (const field of state.flags) query.set(field, "true");
  query.set("sort", state.sort);
  query.set("direction", state.ascending ? "ascending" : "descending");
  return query;
}

/** How many conditions hold, the words searched for aside. */
export function conditionCount(state: LedgerState): number {
  return (
    Object.values(state.many).filter((values) => values.length > 0).length +
    Object.values(state.bounds).filter((bound) => bound !== "").length +
    state.flags.length
  );
}

/** What a ledger shows stands in the address, so that a link shows the same to whoever opens it. */
export function useLedgerState(ledger: Ledger) {
  const [address, setAddress] = useSearchParams();
  const state = useMemo(() => read(ledger, address), [ledger, address]);
  const change: Change = (values) => {
    setAddress(
      () => {
        // As it is: what was changed a moment ago may not be drawn yet.
        const after = new URLSearchParams(window.location.search);
        if (!("page" in values)) after.delete("page");
        for (const [name, value] of Object.entries(values)) {
          after.delete(name);
          for (const one of typeof value === "string" ? [value] : value) if (one) after.append(name, one);
        }
        return after;
      },
      { replace: true },
    );
  };
  /** Puts other conditions in the place of all. */
  const replace = (text: string) => {
    setAddress((before) => {
      const after = new URLSearchParams(text);
      const language = before.get("lang");
      if (language) after.set("lang", language);
      return after;
    });
  };
  // As it stands in the address, without page and language: what a saved filter keeps.
  const kept = new URLSearchParams(address);
  for (const name of ["page", "size", "lang"]) kept.delete(name);
  return { state, text: kept.toString(), change, replace };
}
