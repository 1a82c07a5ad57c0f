import { useMemo } from "react";
import type { Schemas } from "../api/client";
import { PAGE_SIZES } from "../table/RowsTable";
import { useSearchParams } from "../ui/address";

export type Sort = Schemas["LoanSort"];
export type Direction = Schemas["Direction"];

/** Conditions of which any value may hold, in the order in which they stand on the page. */
export const CHOSEN = [
  "product",
  "borrower_kind",
  "unit",
  "manager",
  "state",
  "five_class",
  "grant_kind",
  "pattern",
  "main_pattern",
  "suspected_class",
] as const;
export type Chosen = (typeof CHOSEN)[number];

/** Conditions of one value each. */
export const SINGLE = ["seen_below", "amount_from", "amount_to", "issued_from", "issued_to"] as const;
export type Single = (typeof SINGLE)[number];

export const SORTS: readonly Sort[] = [
  "loan",
  "contract",
  "borrower",
  "borrower_kind",
  "product",
  "unit",
  "manager",
  "issued",
  "matures",
  "amount",
  "balance",
  "disbursed",
  "rate",
  "state",
  "class",
  "grant_kind",
  "seen",
  "suspected",
  "pattern",
  "leads",
];

const PAGE_SIZE = 50;
const FIRST_SORT: Sort = "suspected";
const FIRST_DIRECTION: Direction = "descending";

const VALID: Readonly<Record<Single, RegExp>> = {
  seen_below: /^(\d{1,2}|100)$/,
  amount_from: /^\d{1,18}$/,
  amount_to: /^\d{1,18}$/,
  issued_from: /^\d{4}-\d{2}-\d{2}$/,
  issued_to: /^\d{4}-\d{2}-\d{2}$/,
};

export interface Conditions {
  readonly search: string;
  readonly suspected: boolean;
  readonly many: Readonly<Record<Chosen, readonly string[]>>;
  readonly one: Readonly<Record<Single, string>>;
}

export interface ListState extends Conditions {
  readonly sort: Sort;
  readonly direction: Direction;
  readonly page: number;
  readonly size: number;
}

export type Changes = Readonly<Record<string, string | readonly string[]>>;
export type Change = (values: Changes) => void;

function read(address: URLSearchParams): ListState {
  const number = (name: string, usual: number) => Math.max(1, Number.parseInt(address.get(name) ?? "", 10) || usual);
  const size = number("size", PAGE_SIZE);
  return {
    search: address.get("search") ?? "",
    suspected: address.get("suspected") === "true",
    many: Object.fromEntries(CHOSEN.map((name) => [name, address.getAll(name)])) as Record<Chosen, string[]>,
    one: Object.fromEntries(
      SINGLE.map((name) => {
        const value = address.get(name) ?? "";
        return [name, VALID[name].test(value) ? value : ""];
      }),
    ) as Record<Single, string>,
    sort: SORTS.find((sort) => sort === address.get("sort")) ?? FIRST_SORT,
    direction: address.get("direction") === "ascending" ? "ascending" : FIRST_DIRECTION,
    page: number("page", 1),
    size: PAGE_SIZES.includes(size) ? size : PAGE_SIZE,
  };
}

/** The conditions and the order as the interface takes them. */
export function asQuery(state: ListState) {
  const given = Object.fromEntries(Object.entries(state.one).filter(([, value]) => value !== ""));
  const seen = state.one.seen_below;
  return {
    ...(state.search && { search: state.search }),
    ...(state.suspected && { suspected: true }),
    ...Object.fromEntries(Object.entries(state.many).filter(([, values]) => values.length > 0)),
    ...given,
    ...(seen && { seen_below: Number(seen) }),
    sort: state.sort,
    direction: state.direction,
  };
}

/** How many conditions hold, the words searched for aside. */
export function conditionCount(state: Conditions): number {
  return (
    CHOSEN.filter((name) => state.many[name].length > 0).length +
    SINGLE.filter((name) => state.one[name] !== "").length +
    (state.suspected ? 1 : 0)
  );
}

const KEPT = ["search", "suspected", ...CHOSEN, ...SINGLE, "sort", "direction"];

/** Conditions and order as text, without page and language: what a saved filter keeps. */
export function conditionsText(address: URLSearchParams): string {
  const kept = new URLSearchParams();
  for (const name of KEPT) for (const value of address.getAll(name)) kept.append(name, value);
  return kept.toString();
}

/** What the list shows stands in the address, so that a link shows the same to whoever opens it. */
export function useListState() {
  const [address, setAddress] = useSearchParams();
  const state = useMemo(() => read(address), [address]);
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
  /** Puts other conditions, in the text of `conditionsText`, in the place of all. */
  const replace = (text: string) => {
    setAddress((before) => {
      const after = new URLSearchParams(text);
      const language = before.get("lang");
      if (language) after.set("lang", language);
      return after;
    });
  };
  return { state, text: conditionsText(address), change, replace };
}
