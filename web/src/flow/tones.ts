import type { Schemas } from "../api/client";

export type FlowNode = Schemas["FlowNode"];
export type FlowEdge = Schemas["FlowEdge"];
export type Flow = Schemas["Flow"];

/** What a node is shown as, in the order of the legend. Colour, letter and word always go together. */
export const TONES = [
  "loan",
  "borrower",
  "related",
  "suspected",
  "restricted",
  "documented",
  "held",
  "debt",
  "left_bank",
  "pooled",
  "other",
  "summary",
] as const;
export type Tone = (typeof TONES)[number];

export function isSummary(node: FlowNode): boolean {
  return node.kind === "folded" || node.kind === "rest";
}

/** A lead names a payment to here. What the money did afterwards keeps the colour of the use, not the mark. */
export function isSuspected(node: FlowNode): boolean {
  return !isSummary(node) && node.patterns.length > 0;
}

export function toneOf(node: FlowNode): Tone {
  if (node.kind === "loan") return "loan";
  if (isSummary(node)) return "summary";
  if (node.role === "borrower" || node.role === "related") return node.role;
  return TONES.find((tone) => tone === node.line_group) ?? "other";
}

/** Nothing of the loan was or came here within the range of dates. */
export function isIdle(node: FlowNode): boolean {
  return node.kind !== "loan" && [node.before_fen, node.in_fen, node.out_fen, node.resting_fen].every((fen) => fen === "0");
}

export type Palette = Readonly<Record<Tone | "ink" | "quiet" | "line" | "paper" | "accent" | "danger", string>> & {
  readonly font: string;
};

/** The colours and the typeface of the style sheet, for what is drawn on a canvas. */
export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  const tones = Object.fromEntries(TONES.map((tone) => [tone, read(`--flow-${tone}`)])) as Record<Tone, string>;
  const names = ["ink", "quiet", "line", "paper", "accent", "danger"] as const;
  const rest = Object.fromEntries(names.map((name) => [name, read(`--${name}`)])) as Record<(typeof names)[number], string>;
  return { ...tones, ...rest, font: read("--font") };
}

/** How large a part of the whole is, from 0 to 1: for drawing only, never for an amount. */
export function drawnShare(part: string, whole: string): number {
  const total = BigInt(whole);
  return total > 0n ? Number((BigInt(part) * 1_000_000n) / total) / 1_000_000 : 0;
}
