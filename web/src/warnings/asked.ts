import { api, type Schemas } from "../api/client";

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
  /** Only what one's roles answer for. */
  readonly ours: boolean;
  readonly search: string;
}

export const PAGE = 50;

/** The filters that stand in an address. */
export function filtersOf(text: string): Filters {
  const read = new URLSearchParams(text);
  const state = read.get("state");
  return {
    level: LEVELS.filter((one) => read.getAll("level").includes(one)),
    state: state === "all" ? "all" : (STATES.find((one) => one === state) ?? "open"),
    unit: read.get("unit") ?? "",
    owner: read.get("owner") ?? "",
    rule: read.get("rule") ?? "",
    overdue: read.get("overdue") === "true",
    ours: read.get("ours") === "true",
    search: read.get("search") ?? "",
  };
}

/** The queue as it is without any filter, in the words of an address. */
export const NO_FILTERS = { level: "", state: "", unit: "", owner: "", rule: "", overdue: "", ours: "", search: "" } as const;

/** Whether the queue shows less than all that waits. */
export function isNarrowed(filters: Filters): boolean {
  const { level, state, unit, owner, rule, overdue, ours, search } = filters;
  return level.length > 0 || state !== "open" || overdue || ours || [unit, owner, rule, search].some((one) => one !== "");
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
    ours: filters.ours,
    search: filters.search,
  };
}

/** So many warnings of a queue, from its first on or after so many others. */
export function queueAsked(filters: Filters, limit: number, offset = 0) {
  return api.queryOptions("get", "/api/v1/warnings", {
    params: { query: { ...queryOf(filters), limit, ...(offset > 0 && { offset }) } },
  });
}

/** One warning, laid out for a decision. */
export function warningAsked(threadId: string) {
  return api.queryOptions("get", "/api/v1/warnings/{thread_id}", { params: { path: { thread_id: threadId } } });
}
