import type { Schemas } from "../api/client";
import { useListAddress } from "../table/list_address";

export type Sort = Schemas["AccountSort"];
export type Side = Schemas["Side"];
export type LoanMoney = Schemas["LoanMoney"];

export const SORTS: readonly Sort[] = ["loan_money", "account", "name", "lines"];
export const SIDES: readonly Side[] = ["any", "ours", "outside"];
export const LOAN_MONEY: readonly LoanMoney[] = ["any", "now", "ever"];
export const CHECKS = ["reconciled", "differs", "no_balances"] as const;
export const KINDS = [
  "settlement",
  "savings",
  "card",
  "time_deposit",
  "structured_deposit",
  "margin_deposit",
  "supervised",
  "pooled",
  "bank_internal",
  "loan_internal",
  "external",
  "unknown",
] as const;

/** What the list shows, out of its address. */
export function useListState() {
  const { address, change, text, replace } = useListAddress();
  const sort = SORTS.find((one) => one === address.get("sort")) ?? "loan_money";
  const state = {
    search: address.get("search") ?? "",
    side: SIDES.find((one) => one === address.get("side")) ?? "any",
    loanMoney: LOAN_MONEY.find((one) => one === address.get("loan_money")) ?? "any",
    check: CHECKS.find((one) => one === address.get("check")),
    kinds: address.getAll("kind").flatMap((kind) => KINDS.find((one) => one === kind) ?? []),
    sort,
    ascending: address.get("direction") === "ascending",
    page: Math.max(1, Number.parseInt(address.get("page") ?? "1", 10) || 1),
  };
  return { state, change, text, replace };
}

export type State = ReturnType<typeof useListState>["state"];

/** Conditions and order as the server is asked for them. */
export function asQuery(state: State): URLSearchParams {
  const query = new URLSearchParams({
    search: state.search,
    side: state.side,
    loan_money: state.loanMoney,
    sort: state.sort,
    direction: state.ascending ? "ascending" : "descending",
  });
  if (state.check) query.set("reconciliation", state.check);
  for (const kind of state.kinds) query.append("kind", kind);
  return query;
}
