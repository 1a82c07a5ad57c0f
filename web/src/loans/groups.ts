import type { Schemas } from "../api/client";

/** The groups of a statement, what a reader must see first, first. A use that is forbidden or restricted for most
 * products stands under `suspected` only when a lead speaks of it: leads know the product and its purpose. */
export const GROUPS = ["suspected", "documented", "restricted", "held", "debt", "left_bank", "pooled", "other"] as const;
export type Group = (typeof GROUPS)[number];

export type Line = Schemas["StatementLine"] & {
  readonly group: Group;
  /** Patterns of the leads that speak of this use. */
  readonly patterns: readonly string[];
};

/** A statement shows at most so many lines; what is beyond them stands in one more, which opens. */
export const LINES_MAX = 8;

function groupOf(line: Schemas["StatementLine"], suspected: boolean): Group {
  if (line.line_group === "prohibited") return suspected ? "suspected" : "restricted";
  return GROUPS.find((group) => group === line.line_group) ?? "other";
}

/** What calls for attention first: suspected, then whatever a lead speaks of, then restricted, then the rest. */
function rank(line: Line): number {
  if (line.group === "suspected") return 0;
  if (line.patterns.length > 0) return 1;
  return line.group === "restricted" ? 2 : 3;
}

function byAmount(a: Line, b: Line): number {
  const more = BigInt(b.amount_fen) - BigInt(a.amount_fen);
  return more > 0n ? 1 : more < 0n ? -1 : 0;
}

/** Lines with their groups, the most important first, the largest of equal importance first. */
export function grouped(page: Schemas["LoanPage"]): Line[] {
  const lines = page.statement.map((line) => {
    const patterns = page.leads.filter((lead) => lead.destination_class === line.use).map((lead) => lead.pattern);
    return { ...line, group: groupOf(line, patterns.length > 0), patterns: [...new Set(patterns)] };
  });
  return lines.sort((a, b) => rank(a) - rank(b) || byAmount(a, b));
}

export function sumFen(lines: readonly Line[]): bigint {
  return lines.reduce((sum, line) => sum + BigInt(line.amount_fen), 0n);
}
