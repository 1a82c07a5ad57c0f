import {
  BaseEdge,
  type EdgeData,
  ExtensionCategory,
  type GraphData,
  type NodeData,
  Rect,
  type RectStyleProps,
  register,
} from "@antv/g6";
import type { PathArray } from "@antv/util";
import { edgeId } from "./edges";
import type { Layout } from "./layout";
import { ellipsed, textWidth } from "./text";
import { lineWidth, widestFen } from "./thickness";
import { type Flow, type FlowEdge, type FlowNode, isIdle, isSummary, isSuspected, type Palette, toneOf } from "./tones";

/** Ways back run this far below the middle of a card. */
const LOW = 13;
const REACH = 48;
const MARGIN = 14;
const DASH = 6;

type RenderArguments = Parameters<Rect["render"]>;

interface CardStyle extends RectStyleProps {
  readonly tone: string;
  readonly letter: string;
  readonly title: string;
  readonly detail: string;
  readonly flag: string;
  readonly sign: string;
  readonly palette: Palette;
}

/** A card: letter on its colour, name, amount; a flag where something is suspected, a button where it unfolds. */
class Card extends Rect {
  override render(attributes: RenderArguments[0], container: RenderArguments[1]): void {
    super.render(attributes, container);
    if (!container) return;
    const { tone, letter, title, detail, flag, sign, palette } = attributes as unknown as CardStyle;
    const [width = 0] = this.getSize(attributes);
    const left = -width / 2;
    const text = { fontFamily: palette.font, textBaseline: "middle", pointerEvents: "none", opacity: attributes?.opacity ?? 1 } as const;
    const lettered = letter !== "";
    const flagWidth = 14 + textWidth(flag, `11px ${palette.font}`);
    this.upsert(
      "chip",
      "rect",
      lettered && { x: left + 8, y: -12, width: 24, height: 24, radius: 6, fill: tone, opacity: text.opacity, pointerEvents: "none" },
      container,
    );
    this.upsert(
      "letter",
      "text",
      lettered && { ...text, x: left + 20, y: 1, text: letter, fontSize: 13, fontWeight: 600, fill: palette.paper, textAlign: "center" },
      container,
    );
    const start = left + (lettered ? 40 : 12);
    this.upsert("title", "text", { ...text, x: start, y: -9, text: title, fontSize: 13, fontWeight: 600, fill: palette.ink }, container);
    this.upsert("detail", "text", { ...text, x: start, y: 10, text: detail, fontSize: 12, fill: palette.quiet }, container);
    this.upsert(
      "flag",
      "rect",
      flag !== "" && { x: width / 2 - 18 - flagWidth, y: 2, width: flagWidth, height: 17, radius: 8.5, fill: palette.danger, pointerEvents: "none" },
      container,
    );
    this.upsert(
      "flag-text",
      "text",
      flag !== "" && { ...text, x: width / 2 - 18 - flagWidth / 2, y: 11, text: flag, fontSize: 11, fill: palette.paper, textAlign: "center" },
      container,
    );
    this.upsert(
      "toggle",
      "circle",
      sign !== "" && { cx: width / 2, cy: 0, r: 10, fill: palette.paper, stroke: palette.accent, lineWidth: 1.25, cursor: "pointer" },
      container,
    );
    this.upsert(
      "toggle-sign",
      "text",
      sign !== "" && { ...text, x: width / 2, y: 0.5, text: sign, fontSize: 14, fontWeight: 600, fill: palette.accent, textAlign: "center" },
      container,
    );
  }
}

/** Money that goes back to where it was before, or aside: out at the near side, in at the right, dashed. */
class ReturnEdge extends BaseEdge {
  protected override getKeyPath(): PathArray {
    const [fromX = 0, fromY = 0] = this.sourceNode.getCenter();
    const [toX = 0, toY = 0] = this.targetNode.getCenter();
    const half = (node: typeof this.sourceNode) => {
      const { halfExtents } = node.getShape("key").getBounds();
      return halfExtents[0] ?? 0;
    };
    const aside = Math.abs(fromX - toX) < 1;
    const start = fromX + (aside ? half(this.sourceNode) : -half(this.sourceNode));
    const end = toX + half(this.targetNode);
    const startY = fromY + LOW;
    const endY = toY + LOW;
    // Near its own column most of the way, apart from the edges that run forward between the same cards.
    const first = aside ? start + REACH : start - REACH / 3;
    const second = aside ? end + REACH : Math.max(end + REACH / 2, first);
    return [
      ["M", start, startY],
      ["C", first, startY + (endY - startY) * (aside ? 0 : 0.7), second, endY, end, endY],
    ];
  }
}

let registered = false;

export function registerShapes(): void {
  if (registered) return;
  registered = true;
  register(ExtensionCategory.NODE, "card", Card);
  register(ExtensionCategory.EDGE, "return", ReturnEdge);
}

export interface Words {
  readonly letter: (node: FlowNode) => string;
  readonly title: (node: FlowNode) => string;
  readonly detail: (node: FlowNode) => string;
  readonly flag: string;
}

interface Marks {
  readonly selected: string | null;
  readonly found: ReadonlySet<string>;
}

function nodeData(node: FlowNode, layout: Layout, words: Words, colours: Palette, marks: Marks): NodeData[] {
  const place = layout.places.get(node.node_id);
  if (!place) return [];
  const summary = isSummary(node);
  const suspected = isSuspected(node);
  const chosen = marks.selected === node.node_id;
  const found = marks.found.has(node.node_id);
  const sign = summary || node.kind === "loan" || node.target_count === 0 ? "" : node.open ? "−" : "+";
  const room = place.width - (summary ? 24 : 48) - (sign ? 8 : 0);
  return [
    {
      id: node.node_id,
      type: "card",
      style: {
        x: place.x,
        y: place.y,
        size: [place.width, place.height],
        radius: summary ? 23 : 8,
        fill: colours.paper,
        stroke: chosen ? colours.accent : suspected ? colours.danger : summary ? colours.quiet : colours.line,
        lineWidth: chosen ? 2.5 : suspected ? 1.75 : 1.25,
        lineDash: summary ? [4, 3] : 0,
        cursor: "pointer",
        opacity: isIdle(node) ? 0.55 : 1,
        halo: found,
        haloStroke: colours.held,
        haloLineWidth: 10,
        haloStrokeOpacity: 0.45,
        ports: [
          { key: "in", placement: "left" },
          { key: "out", placement: "right" },
        ],
        tone: colours[toneOf(node)],
        letter: summary ? "" : words.letter(node),
        title: ellipsed(words.title(node), `600 13px ${colours.font}`, room),
        detail: ellipsed(words.detail(node), `12px ${colours.font}`, room),
        flag: suspected ? words.flag : "",
        sign,
        palette: colours,
      },
    },
  ];
}

/** Nothing to see: they keep a margin around the picture when it is saved. */
function corners(layout: Layout): NodeData[] {
  return [
    [-MARGIN, -MARGIN],
    [layout.width + MARGIN, layout.height + MARGIN],
  ].map(([x, y], number) => ({
    id: `corner ${number}`,
    type: "circle",
    style: { x: x ?? 0, y: y ?? 0, size: 1, opacity: 0, pointerEvents: "none" },
  }));
}

/** The graph as it is drawn: every card in its place, every edge as thick as its amount. */
export function graphData(flow: Flow, layout: Layout, words: Words, colours: Palette, marks: Marks): GraphData {
  const tones = new Map(flow.nodes.map((node) => [node.node_id, node]));
  const touched = (edge: FlowEdge) =>
    marks.selected !== null && (edge.source === marks.selected || edge.target === marks.selected || edgeId(edge) === marks.selected);
  const whole = widestFen(flow);
  const edges = flow.edges.map((edge): EdgeData => {
    const from = layout.places.get(edge.source)?.column ?? 0;
    const to = layout.places.get(edge.target)?.column ?? 0;
    const back = to <= from;
    const target = tones.get(edge.target);
    const suspected = edge.patterns.length > 0;
    const stroke = suspected ? colours.danger : target ? colours[toneOf(target)] : colours.quiet;
    const width = lineWidth(edge.amount_fen, whole);
    return {
      id: edgeId(edge),
      source: edge.source,
      target: edge.target,
      type: back ? "return" : "cubic-horizontal",
      style: {
        stroke,
        strokeOpacity: touched(edge) ? 0.95 : suspected ? 0.7 : 0.45,
        lineWidth: width,
        lineDash: back ? [DASH + width, 3 + width / 2] : 0,
        sourcePort: back ? "" : "out",
        targetPort: back ? "" : "in",
        endArrow: true,
        endArrowType: "triangle",
        endArrowSize: 6 + width,
        increasedLineWidthForHitTesting: 10,
        cursor: "pointer",
      },
    };
  });
  const nodes = flow.nodes.flatMap((node) => nodeData(node, layout, words, colours, marks));
  return { nodes: [...nodes, ...corners(layout)], edges };
}
