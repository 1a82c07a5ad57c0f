import type { Schemas } from "../api/client";

export type Graph = Schemas["Relations"];
export type RelationNode = Schemas["RelationNode"];
export type RelationEdge = Schemas["RelationEdge"];

export const WIDTH = 216;
export const HEIGHT = 46;
const ROW = 60;
/** Room between two columns: what a relation is stands on its line. */
const GAP = 116;

/** All relations between two parties, drawn as one line. */
export interface Bond {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly edges: readonly RelationEdge[];
  /** They run both ways. */
  readonly mutual: boolean;
}

export interface Place {
  readonly x: number;
  readonly y: number;
  /** 0 the customer; below it who holds, controls or secures it, above whom it holds or secures. */
  readonly column: number;
}

export interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  readonly bonds: readonly Bond[];
  /** Node -> the one that it hangs on, nearer to the customer. */
  readonly behind: ReadonlyMap<string, string>;
  readonly width: number;
  readonly height: number;
  /** Column by column, top to bottom: the order in which the arrow keys go. */
  readonly order: readonly string[];
}

/** Relations in which the target stands behind the source: a member of a group points to its head. */
const TURNED: ReadonlySet<string> = new Set(["group_member"]);
/** Relations without a direction of their own. */
export const MUTUAL: ReadonlySet<string> = new Set(["spouse", "family", "same_address", "same_phone", "same_agent"]);

export function bondsOf(edges: readonly RelationEdge[]): Bond[] {
  const found = new Map<string, RelationEdge[]>();
  for (const edge of edges) {
    const key = [edge.source, edge.target].sort().join(" ");
    const together = found.get(key);
    if (together) together.push(edge);
    else found.set(key, [edge]);
  }
  return [...found].flatMap(([id, together]) => {
    // The line runs as the weightiest relation does; the server names them in a fixed order.
    const [first] = [...together].sort((a, b) => weight(a) - weight(b));
    if (!first) return [];
    const forwards = turned(first);
    const back = together.some((edge) => !MUTUAL.has(edge.kind) && turned(edge)[0] !== forwards[0]);
    return [{ id, source: forwards[0], target: forwards[1], edges: together, mutual: back }];
  });
}

/** Kinds of relations, the weightiest first. */
const WEIGHTS = ["shareholder", "group_member", "controller", "guarantees", "co_borrower", "declared_related_party", "legal_representative"];

export function weight(edge: RelationEdge): number {
  const place = WEIGHTS.indexOf(edge.kind);
  return place < 0 ? WEIGHTS.length + (MUTUAL.has(edge.kind) ? 1 : 0) : place;
}

function turned(edge: RelationEdge): readonly [string, string] {
  return TURNED.has(edge.kind) ? [edge.target, edge.source] : [edge.source, edge.target];
}

/** The customer in the middle; left who stands behind it, right what it stands behind; each farther column hangs on the nearer. */
export function sided(graph: Graph): Layout {
  const bonds = bondsOf(graph.edges);
  const distances = new Map(graph.nodes.map((node) => [node.node_id, node.distance]));
  const middle = graph.nodes[0]?.node_id ?? "";
  const side = new Map<string, number>([[middle, 0]]);
  const behind = new Map<string, string>();
  const children = new Map<string, string[]>();
  const near = new Map<string, Bond[]>();
  for (const bond of bonds)
    for (const end of [bond.source, bond.target]) {
      const beside = near.get(end);
      if (beside) beside.push(bond);
      else near.set(end, [bond]);
    }
  // The server names the nearest first, so that each hangs on one that has its place already.
  for (const node of graph.nodes) {
    if (node.node_id === middle) continue;
    const parent = (near.get(node.node_id) ?? [])
      .map((bond) => ({ bond, other: bond.source === node.node_id ? bond.target : bond.source }))
      .find(({ other }) => distances.get(other) === node.distance - 1 && side.has(other));
    if (!parent) continue;
    behind.set(node.node_id, parent.other);
    side.set(
      node.node_id,
      parent.other === middle ? (parent.bond.target === middle ? -1 : 1) : (side.get(parent.other) ?? 1),
    );
    const siblings = children.get(parent.other);
    if (siblings) siblings.push(node.node_id);
    else children.set(parent.other, [node.node_id]);
  }
  const places = new Map<string, { column: number; y: number }>();
  const rows = { [-1]: 0, [1]: 0 } as Record<number, number>;
  const put = (id: string, column: number): number => {
    const direction = Math.sign(column);
    const beneath = (children.get(id) ?? []).map((child) => put(child, column + direction));
    const [first, last] = [beneath[0], beneath[beneath.length - 1]];
    const y = first === undefined || last === undefined ? (rows[direction] ?? 0) * ROW : (first + last) / 2;
    if (first === undefined) rows[direction] = (rows[direction] ?? 0) + 1;
    places.set(id, { column, y });
    return y;
  };
  for (const id of children.get(middle) ?? []) put(id, side.get(id) ?? 1);
  // Both sides are as high as the higher one: the lower is moved to its middle.
  const highest = Math.max(rows[-1] ?? 0, rows[1] ?? 0, 1);
  const shift = (column: number) => ((highest - (rows[Math.sign(column)] ?? 0)) * ROW) / 2;
  places.set(middle, { column: 0, y: ((highest - 1) * ROW) / 2 });
  const columns = [...places.values()].map((place) => place.column);
  const leftmost = Math.min(0, ...columns);
  const step = WIDTH + GAP;
  const found = new Map(
    [...places].map(([id, { column, y }]) => [
      id,
      {
        x: (column - leftmost) * step + WIDTH / 2,
        y: y + (column === 0 ? 0 : shift(column)) + HEIGHT / 2,
        column,
      },
    ]),
  );
  return {
    places: found,
    bonds: bonds.filter((bond) => found.has(bond.source) && found.has(bond.target)),
    behind,
    width: (Math.max(0, ...columns) - leftmost) * step + WIDTH,
    height: (highest - 1) * ROW + HEIGHT,
    order: [...found].sort(([, a], [, b]) => a.column - b.column || a.y - b.y).map(([id]) => id),
  };
}
