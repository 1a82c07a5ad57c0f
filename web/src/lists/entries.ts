import { useMemo } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useSearchParams } from "../ui/address";

export type Entry = Schemas["ListEntry"];
export type Entries = Schemas["ListEntries"];
export type ListName = Schemas["ListName"];
export type Scope = Schemas["ListScope"];
export type State = Schemas["EntryState"];

export const LISTS = ["allow", "watch", "black"] as const satisfies readonly ListName[];
export const STATES = ["waiting", "in_force", "expired", "ended"] as const satisfies readonly State[];
export const PAGE = 50;

export interface Filters {
  readonly list: ListName | "";
  readonly state: State | "";
  readonly search: string;
  readonly page: number;
}

/** Which entries the page shows: all of it stands in the address. */
export function useFilters() {
  const [address, setAddress] = useSearchParams();
  const text = address.toString();
  const filters = useMemo<Filters>(() => {
    const read = new URLSearchParams(text);
    return {
      list: LISTS.find((one) => one === read.get("list")) ?? "",
      state: STATES.find((one) => one === read.get("state")) ?? "",
      search: read.get("search") ?? "",
      page: Math.max(1, Math.trunc(Number(read.get("page"))) || 1),
    };
  }, [text]);
  const change = (values: Readonly<Partial<Record<keyof Filters, string>>>) =>
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        // Other conditions begin with their first page.
        after.delete("page");
        for (const [name, value] of Object.entries(values)) {
          if (value) after.set(name, value);
          else after.delete(name);
        }
        return after;
      },
      { replace: true, preventScrollReset: true },
    );
  return { filters, change };
}

/** The conditions as the interface asks them, without the page. */
export function conditionsOf({ list, state, search }: Filters): URLSearchParams {
  return new URLSearchParams(Object.entries({ list, state, search }).filter(([, value]) => value !== ""));
}

/** What a rule or pattern is called. */
export function useRuleNames(rules: Entries["allow_rules"] | undefined): (code: string) => string {
  const { name, language } = useSpeech();
  return (code) => {
    const known = rules?.find((one) => one.code === code);
    const called = language === "zh" ? known?.chinese : known?.english;
    return called || name("pattern", code);
  };
}
