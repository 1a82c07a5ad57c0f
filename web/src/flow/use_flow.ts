import { keepPreviousData } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { api } from "../api/client";
import { type FlowNode, isSummary } from "./tones";
import { useSearchParams } from "../ui/address";

export const VIEWS = ["graph", "sankey", "table"] as const;
export type View = (typeof VIEWS)[number];

/** Names of what stands in the address: what is unfolded, folded, shown out of a summary, shown further. */
const LISTS = { open: "o", close: "c", show: "s", more: "m" } as const;

function without(list: readonly string[], one: string): string[] {
  return list.filter((each) => each !== one);
}

/** What the reader looks at; all of it stands in the address. */
export function useFlowView() {
  const [address, setAddress] = useSearchParams();
  const view = VIEWS.find((one) => one === address.get("view")) ?? "graph";
  const lists = useMemo(
    () => ({
      open: address.getAll(LISTS.open),
      close: address.getAll(LISTS.close),
      show: address.getAll(LISTS.show),
      more: address.getAll(LISTS.more),
    }),
    [address],
  );
  const change = useCallback(
    (alter: (address: URLSearchParams) => void) => {
      setAddress(
        (before) => {
          const after = new URLSearchParams(before);
          alter(after);
          return after;
        },
        { replace: true, preventScrollReset: true },
      );
    },
    [setAddress],
  );
  const put = useCallback(
    (changed: Partial<Record<keyof typeof LISTS, readonly string[]>>) => {
      change((after) => {
        for (const [list, ids] of Object.entries(changed)) {
          const name = LISTS[list as keyof typeof LISTS];
          after.delete(name);
          for (const id of ids) after.append(name, id);
        }
      });
    },
    [change],
  );
  /** Unfolds a folded node, folds an open one; a summary gives more of its accounts. */
  const toggle = useCallback(
    (node: FlowNode) => {
      const id = isSummary(node) ? node.behind : node.node_id;
      if (id === null) return;
      if (node.kind === "rest") put({ more: [...lists.more, id] });
      else if (node.kind === "folded" || !node.open) put({ open: [...without(lists.open, id), id], close: without(lists.close, id) });
      else put({ open: without(lists.open, id), more: without(lists.more, id), close: [...without(lists.close, id), id] });
    },
    [lists, put],
  );
  /** Unfolds the way to a node that was searched for. */
  const reveal = useCallback(
    (path: readonly string[]) => {
      const before = path.slice(0, -1);
      put({
        show: [...new Set([...lists.show, ...path])],
        close: lists.close.filter((id) => !before.includes(id)),
      });
    },
    [lists, put],
  );
  const setView = useCallback((chosen: View) => change((after) => after.set("view", chosen)), [change]);
  const setRange = useCallback(
    (since: string | null, until: string | null) =>
      change((after) => {
        for (const [name, day] of [
          ["since", since],
          ["until", until],
        ] as const) {
          if (day) after.set(name, day);
          else after.delete(name);
        }
      }),
    [change],
  );
  const reset = useCallback(
    () => change((after) => Object.values(LISTS).forEach((name) => after.delete(name))),
    [change],
  );
  const changed = Object.values(lists).some((list) => list.length > 0);
  return { view, setView, lists, toggle, reveal, reset, changed, range: useRange(address), setRange };
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

function useRange(address: URLSearchParams) {
  const since = address.get("since");
  const until = address.get("until");
  return useMemo(
    () => ({ since: since && DAY.test(since) ? since : null, until: until && DAY.test(until) ? until : null }),
    [since, until],
  );
}

export type FlowView = ReturnType<typeof useFlowView>;

/** The folded graph as it is wanted; the picture before stays until the next one is there. */
export function useFlow(loanId: string, by: "account" | "hop", view: FlowView, enabled = true) {
  return api.useQuery("get", "/api/v1/loans/{loan_id}/flow", wanted(loanId, by, view), {
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** Asks for the flow beside the loan, not after it, where the address shows it. */
export function useFlowAhead(loanId: string, shown: boolean): void {
  const view = useFlowView();
  useFlow(loanId, view.view === "sankey" ? "hop" : "account", view, shown);
}

/** The same question as the address of a spreadsheet takes it. */
export function flowQuery(by: "account" | "hop", { lists, range: { since, until } }: FlowView): URLSearchParams {
  const query = new URLSearchParams({ by });
  for (const [name, ids] of Object.entries(lists)) for (const id of ids) query.append(name, id);
  if (since) query.set("since", since);
  if (until) query.set("until", until);
  return query;
}

function wanted(loanId: string, by: "account" | "hop", { lists, range: { since, until } }: FlowView) {
  return {
    params: { path: { loan_id: loanId }, query: { by, ...lists, ...(since && { since }), ...(until && { until }) } },
  };
}
