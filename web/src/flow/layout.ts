import type { Flow, FlowNode } from "./tones";

export const ROW = 56;
export const COLUMN_GAP = 68;
const WIDTHS: Readonly<Record<string, number>> = { loan: 164, folded: 142, rest: 142 };
const WIDTH = 232;
export const HEIGHT = 46;

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** 0 the loan, then one for each hop of the way shown. */
  readonly column: number;
}

export interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  readonly width: number;
  readonly height: number;
  /** The horizontal middle of each column. */
  readonly columns: readonly number[];
  /** Nodes column by column, top to bottom: the order in which the arrow keys go. */
  readonly order: readonly string[];
}

function widthOf(node: FlowNode): number {
  return WIDTHS[node.kind] ?? WIDTH;
}

/** Left to right by hop: each node stands behind the one that paid it most, in a row of its own, the largest first. */
export function layered(flow: Flow): Layout {
  const behind = new Map<string, FlowNode[]>();
  const weights = new Map<string, bigint>();
  for (const edge of flow.edges) weights.set(edge.target, (weights.get(edge.target) ?? 0n) + BigInt(edge.amount_fen));
  // The server names the nodes level by level, the largest of each first; summaries go last.
  const nodes = [...flow.nodes].sort((a, b) => Number(a.kind === "rest") - Number(b.kind === "rest"));
  for (const node of nodes) {
    if (node.behind === null) continue;
    const children = behind.get(node.behind);
    if (children) children.push(node);
    else behind.set(node.behind, [node]);
  }
  const columns: number[] = [];
  const found: { node: FlowNode; column: number; y: number }[] = [];
  let row = 0;
  const put = (node: FlowNode, column: number): number => {
    columns[column] = Math.max(columns[column] ?? 0, widthOf(node));
    const children = behind.get(node.node_id) ?? [];
    const rows = children.map((child) => put(child, column + 1));
    const first = rows[0];
    const last = rows[rows.length - 1];
    const y = first === undefined || last === undefined ? row++ * ROW : (first + last) / 2;
    found.push({ node, column, y });
    return y;
  };
  for (const node of flow.nodes) if (node.behind === null) put(node, 0);
  const middles: number[] = [];
  let left = 0;
  for (const width of columns) {
    middles.push(left + width / 2);
    left += width + COLUMN_GAP;
  }
  const places = new Map(
    found.map(({ node, column, y }) => [
      node.node_id,
      { x: middles[column] ?? 0, y: y + HEIGHT / 2, width: widthOf(node), height: HEIGHT, column },
    ]),
  );
  const order = found.sort((a, b) => a.column - b.column || a.y - b.y).map(({ node }) => node.node_id);
  return {
    places,
    width: Math.max(0, left - COLUMN_GAP),
    height: Math.max(HEIGHT, (row - 1) * ROW + HEIGHT),
    columns: middles,
    order,
  };
}
