import type { Schemas } from "../api/client";
import { type Values, useListAddress } from "../table/list_address";
import type { Level } from "../warnings/asked";

export type Sort = Schemas["CustomerSort"];
export type Borrowing = Schemas["Borrowing"];

export const PAGE = 50;
export const SORTS: readonly Sort[] = [
  "name",
  "customer",
  "kind",
  "industry",
  "unit",
  "loans",
  "limit",
  "balance",
  "overdue",
  "class",
  "level",
];
/** Columns that are first sorted upwards; figures are first sorted from the largest. */
export const UPWARDS: readonly Sort[] = ["name", "customer", "kind", "industry", "unit"];
export const KINDS = ["company", "individual", "sole_proprietor", "public_body", "financial_institution"] as const;
export const LEVELS: readonly Level[] = ["red", "orange", "yellow", "blue"];
export const CLASSES = ["normal", "special_mention", "substandard", "doubtful", "loss"] as const;
export const BORROWINGS: readonly Borrowing[] = ["any", "now", "ever", "never"];

function those<T extends string>(known: readonly T[], given: readonly string[]): T[] {
  return known.filter((one) => given.includes(one));
}

/** What the list shows, out of its address. */
export function useListState() {
  const { address, change, text, replace } = useListAddress();
  const state = {
    search: address.get("search") ?? "",
    kinds: those(KINDS, address.getAll("kind")),
    units: address.getAll("unit"),
    industries: address.getAll("industry").filter((code) => /^[0-9A-Z]{2}$/.test(code)),
    levels: those(LEVELS, address.getAll("level")),
    classes: those(CLASSES, address.getAll("five_class")),
    borrowing: BORROWINGS.find((one) => one === address.get("borrowing")) ?? "any",
    sort: SORTS.find((one) => one === address.get("sort")) ?? "balance",
    ascending: address.get("direction") === "ascending",
    page: Math.max(1, Number.parseInt(address.get("page") ?? "1", 10) || 1),
  };
  return { state, change, text, replace };
}

export type State = ReturnType<typeof useListState>["state"];

export function isNarrowed(state: State): boolean {
  return (
    state.search !== "" ||
    state.borrowing !== "any" ||
    [state.kinds, state.units, state.industries, state.levels, state.classes].some((chosen) => chosen.length > 0)
  );
}

export const CLEARED: Values = {
  search: "",
  kind: [],
  unit: [],
  industry: [],
  level: [],
  five_class: [],
  borrowing: "",
};

/** Address of one customer's page. */
export function customerAddress(partyId: string, tab = ""): string {
  return `/customers/${encodeURIComponent(partyId)}${tab ? `/${tab}` : ""}`;
}
