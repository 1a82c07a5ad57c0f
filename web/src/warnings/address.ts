import { useMemo } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import type { Schemas } from "../api/client";
import { inLanguage, keptText } from "../table/list_address";

export type Level = Schemas["Level"];
export type Row = Schemas["WarningRow"];
export type Thread = Schemas["WarningThread"];

export const LEVELS = ["red", "orange", "yellow", "blue"] as const satisfies readonly Level[];
export const STATES = ["open", "review", "snoozed", "closed", "superseded"] as const;
export type QueueState = (typeof STATES)[number];

export interface Filters {
  readonly level: readonly Level[];
  readonly state: QueueState | "all";
  readonly unit: string;
  readonly owner: string;
  readonly rule: string;
  readonly overdue: boolean;
  readonly search: string;
}

/** What the queue shows, and which warning is open: all of it stands in the address. */
export function useQueueAddress() {
  const [address] = useSearchParams();
  const { threadId = "" } = useParams();
  const navigate = useNavigate();
  const text = address.toString();
  const filters = useMemo<Filters>(() => {
    const read = new URLSearchParams(text);
    const state = read.get("state");
    return {
      level: LEVELS.filter((one) => read.getAll("level").includes(one)),
      state: state === "all" ? "all" : (STATES.find((one) => one === state) ?? "open"),
      unit: read.get("unit") ?? "",
      owner: read.get("owner") ?? "",
      rule: read.get("rule") ?? "",
      overdue: read.get("overdue") === "true",
      search: read.get("search") ?? "",
    };
  }, [text]);
  // Another queue begins with its own first warning. What stands in the address by now counts: the page may be a moment behind it.
  const change = (values: Readonly<Record<string, string | readonly string[]>>) => {
    const after = new URLSearchParams(window.location.search);
    for (const [name, value] of Object.entries(values)) {
      after.delete(name);
      for (const one of typeof value === "string" ? [value] : value) if (one) after.append(name, one);
    }
    const query = after.toString();
    void navigate(query ? `/warnings?${query}` : "/warnings", { replace: true, preventScrollReset: true });
  };
  const replace = (wanted: string) => void navigate(`/warnings?${inLanguage(wanted, address)}`, { replace: true });
  const search = text ? `?${text}` : "";
  const to = (id: string) => `/warnings/${id}${search}`;
  const open = (id: string, replace = false) =>
    void navigate(`/warnings/${id}${window.location.search}`, { replace, preventScrollReset: true });
  return { filters, change, text: keptText(address), replace, threadId, to, open, home: `/warnings${search}` };
}

/** The filters as the interface takes them. */
export function queryOf(filters: Filters) {
  return {
    level: [...filters.level],
    state: filters.state,
    unit: filters.unit,
    owner: filters.owner,
    rule: filters.rule,
    overdue: filters.overdue,
    search: filters.search,
  };
}
