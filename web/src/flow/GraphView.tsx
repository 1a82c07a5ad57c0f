import { Graph, type IElementEvent } from "@antv/g6";
import { type KeyboardEvent, type RefObject, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useSpeech } from "../i18n";
import { graphData, registerShapes } from "./drawing";
import { type Layout, layered } from "./layout";
import type { Picture, Pointed } from "./picture";
import { type Flow, type FlowNode, isSummary, palette } from "./tones";
import type { FlowWords } from "./words";

interface Props {
  readonly flow: Flow;
  readonly words: FlowWords;
  readonly selected: string | null;
  readonly found: ReadonlySet<string>;
  readonly select: (id: string | null) => void;
  readonly toggle: (node: FlowNode) => void;
  readonly point: (pointed: Pointed | null) => void;
  readonly handle: RefObject<Picture | null>;
}

const MARGIN = 24;
const LEAST_ZOOM = 0.55;
/** After a search the way to the account found is rather small than cut off. */
const LEAST_SEARCH_ZOOM = 0.4;
const STEP = 1.25;
const LOWEST = 380;
const HIGHEST = 900;

registerShapes();

/** The graph: left to right by hop. The keys work on a list of the same nodes that screen readers read. */
export default function GraphView({ flow, words, selected, found, select, toggle, point, handle }: Props) {
  const { t } = useSpeech();
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<{ graph: Graph; ready: Promise<void> } | null>(null);
  const layout = useMemo(() => layered(flow), [flow]);
  const [room, setRoom] = useState(0);
  // As high as the picture is at the size at which it fits from left to right, within bounds.
  const scale = Math.min(1, Math.max(LEAST_ZOOM, (room - 2 * MARGIN) / Math.max(1, layout.width)));
  const height = Math.round(Math.min(HIGHEST, Math.max(LOWEST, layout.height * scale + 2 * MARGIN + 8)));
  const now = useRef({ flow, layout, selected, select, toggle, point });
  now.current = { flow, layout, selected, select, toggle, point };
  const kept = useRef<{ layout: Layout; anchor: string | null } | null>(null);
  // Where the page itself put the picture; what the reader moved since then stays where it is.
  const put = useRef<View | null>(null);
  const whole = useRef<(graph: Graph) => Promise<void>>(async () => undefined);
  whole.current = async (graph) => {
    const marked = layout.order.filter((id) => found.has(id));
    // What a warning is about is in sight, if not all is: rather small than cut off.
    const reach = Math.max(1, ...marked.map((id) => rightOf(layout, id)));
    await fit(graph, layout, Math.max(LEAST_SEARCH_ZOOM, Math.min(LEAST_ZOOM, (graph.getSize()[0] - 2 * MARGIN) / reach)));
    // The first one last: where not all of them have room, it has.
    for (const id of marked.reverse()) await bring(graph, layout, id);
    put.current = viewOf(graph);
  };

  // The width without the side panel: opening it does not change the height.
  useLayoutEffect(() => setRoom(box.current?.closest(".flow-stage")?.clientWidth ?? 0), []);

  useEffect(() => {
    const container = box.current;
    if (!container) return undefined;
    const graph = new Graph({
      container,
      width: container.clientWidth,
      height: container.clientHeight,
      animation: false,
      zoomRange: [0.2, 3],
      behaviors: ["drag-canvas", { type: "zoom-canvas", trigger: ["Control"], animation: false }],
    });
    const nodeOf = (id: string) => now.current.flow.nodes.find((node) => node.node_id === id);
    const over = (event: IElementEvent) => {
      const at = container.getBoundingClientRect();
      now.current.point({ id: event.target.id, x: event.client.x - at.left, y: event.client.y - at.top, width: at.width, height: at.height });
    };
    graph.on("node:click", (event: IElementEvent) => {
      const node = nodeOf(event.target.id);
      if (!node) return;
      const part = (event.originalTarget as { className?: string } | undefined)?.className ?? "";
      if (isSummary(node) || part === "toggle") {
        if (isSummary(node)) now.current.select(node.behind);
        now.current.toggle(node);
      } else now.current.select(node.node_id);
    });
    graph.on("edge:click", (event: IElementEvent) => now.current.select(event.target.id));
    graph.on("canvas:click", () => now.current.select(null));
    for (const kind of ["node", "edge"]) {
      graph.on(`${kind}:pointermove`, over);
      graph.on(`${kind}:pointerleave`, () => now.current.point(null));
    }
    const entry = { graph, ready: Promise.resolve() };
    drawn.current = entry;
    const watching = new ResizeObserver(() => {
      if (container.clientWidth === 0) return;
      setRoom(container.closest(".flow-stage")?.clientWidth ?? container.clientWidth);
      entry.ready = entry.ready.then(async () => {
        if (drawn.current !== entry) return;
        const untouched = put.current !== null && isSame(put.current, viewOf(graph));
        graph.resize(container.clientWidth, container.clientHeight);
        const { selected: chosen, layout: places } = now.current;
        if (!kept.current) return;
        if (chosen !== null) await bring(graph, places, chosen);
        else if (untouched) await whole.current(graph);
      });
    });
    watching.observe(container);
    return () => {
      watching.disconnect();
      drawn.current = null;
      kept.current = null;
      void entry.ready.finally(() => graph.destroy());
    };
  }, []);

  useEffect(() => {
    const entry = drawn.current;
    if (!entry) return;
    entry.ready = entry.ready.then(async () => {
      if (drawn.current !== entry) return;
      const { graph } = entry;
      const anchor = selected && layout.places.has(selected) ? selected : null;
      const before = kept.current;
      const stood = before && anchor && before.layout.places.get(anchor);
      graph.setData(graphData(flow, layout, words, palette(), { selected, found }));
      await graph.draw();
      // The keys work on the list beside the picture, not on the canvas.
      for (const canvas of box.current?.querySelectorAll("canvas") ?? []) canvas.tabIndex = -1;
      if (!before) {
        if (box.current) graph.resize(box.current.clientWidth, box.current.clientHeight);
        await whole.current(graph);
      } else if (before.layout !== layout) {
        // The node that was unfolded stays under the pointer.
        const stands = anchor && layout.places.get(anchor);
        if (stood && stands) {
          const zoom = graph.getZoom();
          await graph.translateBy([(stood.x - stands.x) * zoom, (stood.y - stands.y) * zoom], false);
        } else if (before.layout.width !== layout.width || before.layout.height !== layout.height) {
          await fit(graph, layout);
          put.current = viewOf(graph);
        }
      }
      kept.current = { layout, anchor };
      box.current?.setAttribute("data-drawn", String(flow.nodes.length));
    });
  }, [flow, layout, words, selected, found]);

  useImperativeHandle(handle, () => ({
    zoom: (inwards) => {
      const graph = drawn.current?.graph;
      void graph?.zoomBy(inwards ? STEP : 1 / STEP, false);
    },
    fit: () => {
      const graph = drawn.current?.graph;
      if (graph)
        void fit(graph, now.current.layout).then(() => {
          put.current = viewOf(graph);
        });
    },
    show: (id) => {
      const graph = drawn.current?.graph;
      if (!graph?.hasNode(id)) return;
      const { layout: places } = now.current;
      // The side panel takes room: the first layer stays in sight where both fit.
      void fit(graph, places, LEAST_SEARCH_ZOOM).then(() => bring(graph, places, id));
    },
    image: async () => {
      const graph = drawn.current?.graph;
      return graph ? graph.toDataURL({ mode: "overall", type: "image/png" }) : null;
    },
  }));

  const place = layout.order.indexOf(selected ?? "");
  const onKey = (event: KeyboardEvent) => {
    const node = flow.nodes.find((one) => one.node_id === selected);
    const go = (id: string | undefined) => {
      if (id === undefined) return;
      select(id);
      const graph = drawn.current?.graph;
      if (graph) void bring(graph, layout, id);
    };
    const aside = (step: number) => {
      const next = layout.order[place + step];
      if (next !== undefined && layout.places.get(next)?.column === layout.places.get(selected ?? "")?.column) go(next);
    };
    const moves: Record<string, () => void> = {
      ArrowDown: () => (node ? aside(1) : go(layout.order[0])),
      ArrowUp: () => aside(-1),
      ArrowLeft: () => go(node?.behind ?? undefined),
      ArrowRight: () => go(node ? layout.order.find((id) => flow.nodes.find((one) => one.node_id === id)?.behind === selected) : layout.order[0]),
      Home: () => go(layout.order[0]),
      End: () => go(layout.order[layout.order.length - 1]),
      Enter: () => node && (isSummary(node) || node.target_count > 0) && node.kind !== "loan" && toggle(node),
      Escape: () => select(null),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };
  return (
    <div
      className="flow-graph"
      role="listbox"
      tabIndex={0}
      aria-label={t("flow.graph_label")}
      aria-activedescendant={place >= 0 ? `flow-option-${place}` : undefined}
      onKeyDown={onKey}
    >
      <div ref={box} className="flow-canvas" style={{ minHeight: height }} aria-hidden="true" />
      <div className="flow-hidden">
        {layout.order.map((id, position) => {
          const node = flow.nodes.find((one) => one.node_id === id);
          return (
            node && (
              <div key={id} id={`flow-option-${position}`} role="option" aria-selected={id === selected}>
                {words.sentence(node)}
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

function rightOf(layout: Layout, id: string): number {
  const place = layout.places.get(id);
  return place ? place.x + place.width / 2 : 0;
}

interface View {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

function viewOf(graph: Graph): View {
  const [x = 0, y = 0] = graph.getViewportByCanvas([0, 0]);
  return { zoom: graph.getZoom(), x, y };
}

function isSame(one: View, other: View): boolean {
  return Math.abs(one.zoom - other.zoom) < 0.001 && Math.hypot(one.x - other.x, one.y - other.y) < 1;
}

/** As large as fits from left to right, never too small to read; the loan at the left edge. */
async function fit(graph: Graph, layout: Layout, least: number = LEAST_ZOOM): Promise<void> {
  const [width, height] = graph.getSize();
  const wide = (width - 2 * MARGIN) / Math.max(1, layout.width);
  const high = (height - 2 * MARGIN) / Math.max(1, layout.height);
  const zoom = Math.min(1, Math.max(least, Math.min(wide, Math.max(high, least))));
  await graph.zoomTo(zoom, false);
  const spareX = (width - layout.width * zoom) / 2;
  const spareY = (height - layout.height * zoom) / 2;
  const first = layout.places.get(layout.order[0] ?? "");
  // Where not everything fits, the loan itself is in sight.
  const top = spareY >= MARGIN ? spareY : Math.min(MARGIN, Math.max(height - MARGIN - layout.height * zoom, height / 2 - (first?.y ?? 0) * zoom));
  const [x = 0, y = 0] = graph.getViewportByCanvas([0, 0]);
  await graph.translateBy([Math.max(MARGIN, spareX) - x, top - y], false);
}

/** Moves the picture just so far that the node is in sight. */
async function bring(graph: Graph, layout: Layout, id: string): Promise<void> {
  const place = layout.places.get(id);
  if (!place) return;
  const [width, height] = graph.getSize();
  const zoom = graph.getZoom();
  const [x = 0, y = 0] = graph.getViewportByCanvas([place.x, place.y]);
  const need = (at: number, half: number, size: number) => {
    const least = half * zoom + MARGIN;
    return at < least ? least - at : at > size - least ? size - least - at : 0;
  };
  const move: [number, number] = [need(x, place.width / 2, width), need(y, place.height / 2, height)];
  if (move[0] !== 0 || move[1] !== 0) await graph.translateBy(move, false);
}
