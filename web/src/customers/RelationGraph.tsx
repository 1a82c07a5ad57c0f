import { type EdgeData, Graph, type GraphData, type IElementEvent, type NodeData } from "@antv/g6";
import { type KeyboardEvent, type RefObject, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from "react";
import { registerShapes } from "../flow/drawing";
import { ellipsed } from "../flow/text";
import { type Palette, palette } from "../flow/tones";
import { useSpeech } from "../i18n";
import { type Graph as Relations, HEIGHT, type Layout, type RelationNode, sided, WIDTH } from "./relation_layout";
import type { RelationWords } from "./relation_words";

export interface Handle {
  readonly zoom: (inwards: boolean) => void;
  readonly fit: () => void;
}

interface Props {
  readonly graph: Relations;
  readonly words: RelationWords;
  readonly selected: string | null;
  readonly select: (id: string | null) => void;
  /** Goes to the page of a party. */
  readonly open: (node: RelationNode) => void;
  readonly handle: RefObject<Handle | null>;
}

const MARGIN = 24;
const LEAST_ZOOM = 0.6;
/** So large it is drawn where it fits from left to right, though it be higher than its place. */
const READABLE_ZOOM = 0.85;
const STEP = 1.25;
const LOWEST = 260;
const HIGHEST = 760;
/** From where a label stands on its line to the middle between the cards: there is the room for it. */
const TO_THE_MIDDLE = 16;

registerShapes();

/** The graph of relations. The keys work on a list of the same parties that screen readers read. */
export default function RelationGraph({ graph, words, selected, select, open, handle }: Props) {
  const { t } = useSpeech();
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<{ graph: Graph; ready: Promise<void>; layout: Layout | null } | null>(null);
  const layout = useMemo(() => sided(graph), [graph]);
  const nodes = useMemo(() => new Map(graph.nodes.map((node) => [node.node_id, node])), [graph]);
  const now = useRef({ select, layout });
  now.current = { select, layout };
  const [room, setRoom] = useState(0);
  // As high as the picture is at the size at which it fits from left to right, within bounds.
  const scale = Math.min(1, Math.max(LEAST_ZOOM, (room - 2 * MARGIN) / Math.max(1, layout.width)));
  const height = Math.round(Math.min(HIGHEST, Math.max(LOWEST, layout.height * scale + 2 * MARGIN + 8)));
  useLayoutEffect(() => setRoom(box.current?.clientWidth ?? 0), []);

  useEffect(() => {
    const container = box.current;
    if (!container) return undefined;
    const made = new Graph({
      container,
      width: container.clientWidth,
      height: container.clientHeight,
      animation: false,
      zoomRange: [0.2, 3],
      behaviors: ["drag-canvas", { type: "zoom-canvas", trigger: ["Control"], animation: false }],
    });
    made.on("node:click", (event: IElementEvent) => now.current.select(event.target.id));
    made.on("edge:click", (event: IElementEvent) => now.current.select(event.target.id));
    made.on("canvas:click", () => now.current.select(null));
    const entry = { graph: made, ready: Promise.resolve(), layout: null as Layout | null };
    drawn.current = entry;
    const watching = new ResizeObserver(() => {
      if (container.clientWidth === 0) return;
      setRoom(container.clientWidth);
      entry.ready = entry.ready.then(async () => {
        if (drawn.current !== entry || !entry.layout) return;
        made.resize(container.clientWidth, container.clientHeight);
        await fit(made, entry.layout);
      });
    });
    watching.observe(container);
    return () => {
      watching.disconnect();
      drawn.current = null;
      void entry.ready.finally(() => made.destroy());
    };
  }, []);

  useEffect(() => {
    const entry = drawn.current;
    if (!entry) return;
    entry.ready = entry.ready.then(async () => {
      if (drawn.current !== entry) return;
      entry.graph.setData(graphData(nodes, layout, words, palette(), selected));
      await entry.graph.draw();
      // The keys work on the list beside the picture, not on the canvas.
      for (const canvas of box.current?.querySelectorAll("canvas") ?? []) canvas.tabIndex = -1;
      if (entry.layout !== layout) {
        if (box.current) entry.graph.resize(box.current.clientWidth, box.current.clientHeight);
        await fit(entry.graph, layout);
        entry.layout = layout;
      }
      box.current?.setAttribute("data-drawn", String(nodes.size));
    });
  }, [nodes, layout, words, selected]);

  useImperativeHandle(handle, () => ({
    zoom: (inwards) => void drawn.current?.graph.zoomBy(inwards ? STEP : 1 / STEP, false),
    fit: () => {
      const entry = drawn.current;
      if (entry) void fit(entry.graph, now.current.layout);
    },
  }));

  const place = layout.order.indexOf(selected ?? "");
  const onKey = (event: KeyboardEvent) => {
    const here = selected === null ? undefined : layout.places.get(selected);
    const node = selected === null ? undefined : nodes.get(selected);
    const go = (id: string | undefined) => {
      if (id !== undefined) select(id);
      const at = id === undefined ? undefined : layout.places.get(id);
      const made = drawn.current?.graph;
      if (at && made) void bring(made, at.x, at.y);
    };
    const aside = (step: number) => {
      const next = layout.order[place + step];
      if (next !== undefined && layout.places.get(next)?.column === here?.column) go(next);
    };
    const along = (step: number) => {
      if (!here || selected === null) return go(layout.order.find((id) => layout.places.get(id)?.column === 0));
      // Towards the customer to the one it hangs on, away from it to the first that hangs on it.
      if (here.column !== 0 && Math.sign(here.column) !== step) return go(layout.behind.get(selected));
      return go(
        layout.order.find((id) => layout.behind.get(id) === selected && layout.places.get(id)?.column === here.column + step),
      );
    };
    const moves: Record<string, () => void> = {
      ArrowDown: () => (here ? aside(1) : along(1)),
      ArrowUp: () => aside(-1),
      ArrowLeft: () => along(-1),
      ArrowRight: () => along(1),
      Home: () => go(layout.order.find((id) => layout.places.get(id)?.column === 0)),
      Enter: () => node && open(node),
      Escape: () => select(null),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };
  return (
    <div
      className="relation-graph"
      role="listbox"
      tabIndex={0}
      aria-label={t("customers.graph_label")}
      aria-activedescendant={place >= 0 ? `relation-option-${place}` : undefined}
      onKeyDown={onKey}
    >
      <div ref={box} className="relation-canvas" style={{ height }} aria-hidden="true" />
      <div className="relation-hidden">
        {layout.order.map((id, position) => {
          const node = nodes.get(id);
          return (
            node && (
              <div key={id} id={`relation-option-${position}`} role="option" aria-selected={id === selected}>
                {words.sentence(node)}
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

function toneOf(node: RelationNode, colours: Palette): string {
  if (node.party_id === null) return colours.summary;
  if (node.distance === 0) return colours.loan;
  if (node.is_customer === false) return colours.other;
  return node.kind === "individual" || node.kind === "sole_proprietor" ? colours.related : colours.borrower;
}

function graphData(
  nodes: ReadonlyMap<string, RelationNode>,
  layout: Layout,
  words: RelationWords,
  colours: Palette,
  selected: string | null,
): GraphData {
  const touched = new Set(
    layout.bonds
      .filter((bond) => bond.id === selected || bond.source === selected || bond.target === selected)
      .map((bond) => bond.id),
  );
  const cards = [...layout.places].flatMap(([id, place]): NodeData[] => {
    const node = nodes.get(id);
    if (!node) return [];
    const severe = node.level === "red" || node.level === "orange";
    const chosen = selected === id;
    const room = WIDTH - 48;
    return [
      {
        id,
        type: "card",
        style: {
          x: place.x,
          y: place.y,
          size: [WIDTH, HEIGHT],
          radius: 8,
          fill: colours.paper,
          stroke: chosen ? colours.accent : severe ? colours.danger : node.distance === 0 ? colours.accent : colours.line,
          lineWidth: chosen ? 2.5 : severe || node.distance === 0 ? 1.75 : 1.25,
          lineDash: node.party_id === null ? [4, 3] : 0,
          cursor: "pointer",
          ports: [
            { key: "left", placement: "left" },
            { key: "right", placement: "right" },
          ],
          tone: toneOf(node, colours),
          letter: words.letter(node),
          title: ellipsed(words.named(node), `600 13px ${colours.font}`, room),
          detail: ellipsed(words.detail(node), `12px ${colours.font}`, room - (severe ? 24 : 0)),
          flag: severe ? "!" : "",
          sign: "",
          palette: colours,
        },
      },
    ];
  });
  const lines = layout.bonds.map((bond): EdgeData => {
    const [from, to] = [layout.places.get(bond.source), layout.places.get(bond.target)];
    const aside = from?.column === to?.column;
    const back = (to?.column ?? 0) < (from?.column ?? 0);
    const outwards = Math.abs(to?.column ?? 0) > Math.abs(from?.column ?? 0);
    const secures = bond.edges.some((edge) => edge.kind === "guarantees");
    const quiet = bond.edges.every((edge) => !["shareholder", "controller", "guarantees", "group_member"].includes(edge.kind));
    const shown = touched.has(bond.id);
    const far = selected !== null && !shown;
    return {
      id: bond.id,
      source: bond.source,
      target: bond.target,
      type: aside ? "return" : "cubic-horizontal",
      style: {
        stroke: shown ? colours.accent : secures ? colours.held : quiet ? colours.other : colours.borrower,
        strokeOpacity: far ? 0.3 : 0.85,
        lineWidth: shown ? 2 : 1.4,
        lineDash: quiet ? [4, 3] : 0,
        ...(aside ? {} : back ? { sourcePort: "left", targetPort: "right" } : { sourcePort: "right", targetPort: "left" }),
        endArrow: bond.edges.some((edge) => edge.kind !== "spouse" && edge.kind !== "family" && !edge.kind.startsWith("same_")),
        endArrowType: "triangle",
        endArrowSize: 7,
        startArrow: bond.mutual,
        startArrowType: "triangle",
        startArrowSize: 7,
        increasedLineWidthForHitTesting: 10,
        cursor: "pointer",
        // Beside a line between two of one column there is no room.
        label: !aside || shown,
        labelText: ellipsed(words.bond(bond), `11px ${colours.font}`, aside ? 160 : 104),
        // Near the end that is farther from the customer: there the lines lie apart.
        labelPlacement: outwards ? 0.68 : 0.32,
        labelOffsetX: (outwards ? -1 : 1) * (back ? -1 : 1) * TO_THE_MIDDLE,
        labelFontSize: 11,
        labelFontFamily: colours.font,
        labelFill: far ? colours.quiet : colours.ink,
        labelBackground: true,
        labelBackgroundFill: colours.paper,
        labelBackgroundOpacity: 0.92,
        labelPadding: [1, 4],
        labelAutoRotate: false,
      },
    };
  });
  return { nodes: cards, edges: lines };
}

/** As large as fits, never too small to read; the customer in sight. */
async function fit(graph: Graph, layout: Layout): Promise<void> {
  const [width, height] = graph.getSize();
  const wide = (width - 2 * MARGIN) / Math.max(1, layout.width);
  const high = (height - 2 * MARGIN) / Math.max(1, layout.height);
  const zoom = Math.min(1, Math.max(LEAST_ZOOM, Math.min(wide, Math.max(high, READABLE_ZOOM))));
  await graph.zoomTo(zoom, false);
  const middle = [...layout.places.values()].find((place) => place.column === 0);
  const spareX = (width - layout.width * zoom) / 2;
  const spareY = (height - layout.height * zoom) / 2;
  const left = spareX >= MARGIN ? spareX : within(width / 2 - (middle?.x ?? 0) * zoom, width - layout.width * zoom);
  const top = spareY >= MARGIN ? spareY : within(height / 2 - (middle?.y ?? 0) * zoom, height - layout.height * zoom);
  const [x = 0, y = 0] = graph.getViewportByCanvas([0, 0]);
  await graph.translateBy([left - x, top - y], false);
}

/** Neither side further in than its margin. */
function within(start: number, spare: number): number {
  return Math.min(MARGIN, Math.max(spare - MARGIN, start));
}

/** Moves the picture just so far that a card is in sight. */
async function bring(graph: Graph, x: number, y: number): Promise<void> {
  const [width, height] = graph.getSize();
  const zoom = graph.getZoom();
  const [atX = 0, atY = 0] = graph.getViewportByCanvas([x, y]);
  const need = (at: number, half: number, size: number) => {
    const least = half * zoom + MARGIN;
    return at < least ? least - at : at > size - least ? size - least - at : 0;
  };
  const move: [number, number] = [need(atX, WIDTH / 2, width), need(atY, HEIGHT / 2, height)];
  if (move[0] !== 0 || move[1] !== 0) await graph.translateBy(move, false);
}
