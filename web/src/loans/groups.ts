import type { Schemas } from "../api/client";

type Line = Schemas["StatementLine"];

/** The groups of a statement, what a reader must see first, first. */
export const GROUPS = ["prohibited", "documented", "held", "debt", "left_bank", "pooled", "other"] as const;
export type Group = (typeof GROUPS)[number];

export function groupOf(line: Line): Group {
  return GROUPS.find((group) => group === line.line_group) ?? "other";
}

/** Lines by group, the largest of each first. */
export function inOrder(lines: readonly Line[]): Line[] {
  return [...lines].sort((a, b) => {
    const byGroup = GROUPS.indexOf(groupOf(a)) - GROUPS.indexOf(groupOf(b));
    const more = BigInt(b.amount_fen) - BigInt(a.amount_fen);
    return byGroup || (more > 0n ? 1 : more < 0n ? -1 : 0);
  });
}

export function sumFen(lines: readonly Line[]): bigint {
  return lines.reduce((sum, line) => sum + BigInt(line.amount_fen), 0n);
}
