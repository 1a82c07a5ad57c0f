import { useMemo } from "react";
import type { Schemas } from "../api/client";
import { useSearchParams } from "../ui/address";

export type By = Schemas["PortfolioBy"];
export const BYS: readonly By[] = ["unit", "industry", "product", "region", "class", "level"];
export const MEASURES = ["balance", "warnings", "overdue", "suspected", "idle", "seen", "checks"] as const;
export type Measure = (typeof MEASURES)[number];
export const VIEWS = ["groups", "uses", "concentration", "migration"] as const;
export type View = (typeof VIEWS)[number];

export interface Within {
  readonly by: By;
  readonly value: string;
}

export interface PortfolioState {
  readonly view: View;
  readonly by: By;
  readonly within: readonly Within[];
  readonly measure: Measure;
  readonly currency: string;
  /** The earlier day of the migration; empty for the one that the bank's books give first. */
  readonly since: string;
}

const CNY = "CNY";

function isBy(text: string | null): text is By {
  return BYS.some((by) => by === text);
}

function read(address: URLSearchParams): PortfolioState {
  const by = address.get("by");
  const currency = address.get("currency") ?? CNY;
  const since = address.get("since") ?? "";
  return {
    view: VIEWS.find((one) => one === address.get("view")) ?? "groups",
    since: /^\d{4}-\d{2}-\d{2}$/.test(since) ? since : "",
    by: isBy(by) ? by : "unit",
    within: address.getAll("within").flatMap((text): Within[] => {
      const [dimension, value] = text.split(":");
      return isBy(dimension ?? null) && value ? [{ by: dimension as By, value }] : [];
    }),
    measure: MEASURES.find((one) => one === address.get("measure")) ?? "balance",
    currency: /^[A-Z]{3}$/.test(currency) ? currency : CNY,
  };
}

export function withinText({ by, value }: Within): string {
  return `${by}:${value}`;
}

/** The groups as the interface takes them. */
export function asQuery(state: PortfolioState) {
  return { by: state.by, within: state.within.map(withinText), currency: state.currency };
}

/** What comes next below a group that cannot be divided further by the same: the first that was not looked at yet. */
export function nextBy(within: readonly Within[]): By {
  return BYS.find((by) => !within.some((one) => one.by === by)) ?? "product";
}

/** What the page shows stands in the address, so that a link shows the same to whoever opens it. */
export function usePortfolioState() {
  const [address, setAddress] = useSearchParams();
  const state = useMemo(() => read(address), [address]);
  const change = (values: Partial<PortfolioState>) => {
    setAddress(() => {
      // As it is: what was changed a moment ago may not be drawn yet.
      const after = new URLSearchParams(window.location.search);
      const now = { ...read(after), ...values };
      after.set("by", now.by);
      after.delete("within");
      for (const one of now.within) after.append("within", withinText(one));
      if (now.measure === "balance") after.delete("measure");
      else after.set("measure", now.measure);
      if (now.view === "groups") after.delete("view");
      else after.set("view", now.view);
      if (now.since === "") after.delete("since");
      else after.set("since", now.since);
      if (now.currency === CNY) after.delete("currency");
      else after.set("currency", now.currency);
      return after;
    });
  };
  return { state, change };
}
