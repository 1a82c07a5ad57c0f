import { useMemo } from "react";
import { useNavigate, useParams } from "react-router";
import type { Schemas } from "../api/client";
import { inLanguage, keptText } from "../table/list_address";
import { useSearchParams } from "../ui/address";

export type Row = Schemas["CheckRow"];
export type Check = Schemas["OneCheck"];
export type Line = Schemas["CheckLine"];

export const STATES = ["open", "review", "closed", "changed", "taken_over"] as const;
export type QueueState = (typeof STATES)[number];

export interface Filters {
  readonly state: QueueState | "all";
  readonly mine: boolean;
  readonly unit: string;
  readonly owner: string;
  readonly overdue: boolean;
  readonly search: string;
}

/** What the queue shows, and which check is open: all of it stands in the address. */
export function useQueueAddress() {
  const [address] = useSearchParams();
  const { checkId = "" } = useParams();
  const navigate = useNavigate();
  const text = address.toString();
  const filters = useMemo<Filters>(() => {
    const read = new URLSearchParams(text);
    const state = read.get("state");
    return {
      state: state === "all" ? "all" : (STATES.find((one) => one === state) ?? "open"),
      mine: read.get("mine") === "true",
      unit: read.get("unit") ?? "",
      owner: read.get("owner") ?? "",
      overdue: read.get("overdue") === "true",
      search: read.get("search") ?? "",
    };
  }, [text]);
  // Another queue begins with its own first check.
  const change = (values: Readonly<Record<string, string>>) => {
    // What stands in the address by now counts: the page may be a moment behind it.
    const after = new URLSearchParams(window.location.search);
    for (const [name, value] of Object.entries(values)) {
      if (value) after.set(name, value);
      else after.delete(name);
    }
    const query = after.toString();
    void navigate(query ? `/checks?${query}` : "/checks", { replace: true, preventScrollReset: true });
  };
  const replace = (wanted: string) => void navigate(`/checks?${inLanguage(wanted, address)}`, { replace: true });
  const search = text ? `?${text}` : "";
  const to = (id: string) => `/checks/${id}${search}`;
  const open = (id: string, replace = false) =>
    void navigate(`/checks/${id}${window.location.search}`, { replace, preventScrollReset: true });
  return { filters, change, text: keptText(address), replace, checkId, to, open, home: `/checks${search}` };
}

/** The filters as the interface takes them. */
export function queryOf(filters: Filters) {
  return { ...filters };
}
