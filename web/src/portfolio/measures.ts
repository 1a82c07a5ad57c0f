import type { Schemas } from "../api/client";
import type { Measure } from "./address";

export type Group = Schemas["PortfolioGroup"];

/** A part of a group's bar: which figure it draws, and its colour. */
export interface Part {
  readonly figure: keyof Group & string;
  readonly colour: string;
}

const LEVELS: readonly Part[] = [
  { figure: "red_count", colour: "#c5402c" },
  { figure: "orange_count", colour: "#e08634" },
  { figure: "yellow_count", colour: "#dfba3a" },
  { figure: "blue_count", colour: "#5d8fc2" },
];

/** What the bars of each measure draw. */
export const PARTS: Readonly<Record<Exclude<Measure, "seen">, readonly Part[]>> = {
  balance: [{ figure: "balance_fen", colour: "#2c8272" }],
  warnings: LEVELS,
  overdue: [{ figure: "overdue_fen", colour: "#c5492f" }],
  suspected: [
    { figure: "proven_fen", colour: "#8f2f1d" },
    { figure: "suspected_fen", colour: "#dd8f7c" },
  ],
  idle: [{ figure: "idle_fen", colour: "#dca63f" }],
  checks: [
    { figure: "check_overdue_count", colour: "#c5492f" },
    { figure: "check_due_count", colour: "#93a2ab" },
  ],
};

/** Whether the figures of a measure are amounts. */
export function isAmount(figure: string): boolean {
  return figure.endsWith("_fen");
}

/** A figure as a whole number; null where it is not shown or not known. */
export function figureOf(group: Group, figure: string): bigint | null {
  const value = group[figure as keyof Group];
  return typeof value === "number" || typeof value === "string" ? BigInt(value) : null;
}
