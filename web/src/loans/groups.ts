import type { Schemas } from "../api/client";

/** The groups of a statement, what a reader must see first, first. A use that is forbidden or restricted for most
 * products stands under `suspected` only when a lead speaks of it: leads know the product and its purpose. */
export const GROUPS = ["suspected", "documented", "restricted", "held", "debt", "left_bank", "pooled", "other"] as const;
export type Group = (typeof GROUPS)[number];

export type Line = Schemas["StatementLine"] & { readonly group: Group };

function groupOf(line: Schemas["StatementLine"], suspected: ReadonlySet<string>): Group {
  if (line.line_group === "prohibited") return suspected.has(line.use) ? "suspected" : "restricted";
  return GROUPS.find((group) => group === line.line_group) ?? "other";
}

/** Lines with their groups, in order of groups, the largest of each first. */
export function grouped(page: Schemas["LoanPage"]): Line[] {
  const suspected = new Set(page.leads.map((lead) => lead.destination_class));
  const lines = page.statement.map((line) => ({ ...line, group: groupOf(line, suspected) }));
  return lines.sort((a, b) => {
    const byGroup = GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group);
    const more = BigInt(b.amount_fen) - BigInt(a.amount_fen);
    return byGroup || (more > 0n ? 1 : more < 0n ? -1 : 0);
  });
}

export function sumFen(lines: readonly Line[]): bigint {
  return lines.reduce((sum, line) => sum + BigInt(line.amount_fen), 0n);
}

/** The largest lead: leads may speak of the same money, so they are never added up. */
export function largestLeadFen(leads: readonly Schemas["Lead"][]): bigint {
  return leads.reduce((most, lead) => (BigInt(lead.amount_fen) > most ? BigInt(lead.amount_fen) : most), 0n);
}
