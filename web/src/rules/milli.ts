import type { Schemas } from "../api/client";

export type Rule = Schemas["RuleRow"];
export type Version = Schemas["RuleVersionRow"];
export type Content = Schemas["WantedRule"];
export type Part = Schemas["ConditionPart"];
export type Problem = Schemas["ConditionProblem"];
export type Backtest = Schemas["BacktestRow"];
export type Found = Schemas["RuleFound"];

/** Thousandths with one digit behind the point; what is not nothing is never shown as 0. */
export function milliText(milli: number): string {
  if (milli > 0 && milli < 50) return "<0.1";
  return (Math.round(milli / 100) / 10).toLocaleString("en-US", { minimumFractionDigits: 1 });
}

export function countText(count: number): string {
  return count.toLocaleString("en-US");
}

/** Characters of a text that begin before so many of its code points: what the server counts, as the page counts. */
export function unitsAt(text: string, points: number): number {
  return [...text].slice(0, points).join("").length;
}

/** What a form begins with: the content of a version. */
export function contentOf(version: Version): Content {
  const { pattern: _, ...content } = version.content;
  return content;
}

export const EMPTY: Content = {
  code: "",
  chinese: "",
  english: "",
  legal_basis: "",
  products: [],
  customer_kinds: [],
  occasion: "movement",
  condition: "",
  levels: [{ level: "yellow", condition: "TRUE" }],
  amount_field: "traced_amount_fen",
  owner_role: "risk_manager",
  actions: ["verify"],
  doubt_chinese: "",
  doubt_english: "",
};
