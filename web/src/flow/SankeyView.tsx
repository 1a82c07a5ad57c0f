import { SankeyChart, type SankeySeriesOption } from "echarts/charts";
import { type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { type RefObject, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useSpeech } from "../i18n";
import { edgeId } from "./edges";
import type { Picture, Pointed } from "./picture";
import { ellipsed, textWidth } from "./text";
import { type Flow, type FlowNode, isSummary, isSuspected, palette, toneOf } from "./tones";
import type { FlowWords } from "./words";

use([SankeyChart, CanvasRenderer]);

interface Props {
  readonly flow: Flow;
  readonly words: FlowWords;
  readonly select: (id: string | null) => void;
  readonly toggle: (node: FlowNode) => void;
  readonly point: (pointed: Pointed | null) => void;
  readonly handle: RefObject<Picture | null>;
}

interface ChartEvent {
  readonly dataType?: string;
  readonly data?: { readonly name?: string; readonly source?: string; readonly target?: string };
  readonly event?: { readonly offsetX: number; readonly offsetY: number };
}

const ROW = 34;
/** With the amount under the name. */
const TALL_ROW = 48;
const LEFT = 12;
const RIGHT = 246;
const BAR = 14;
/** Below this the amount stands under the name; below the least the picture is wider than the page and scrolls. */
const ROOMY = 260;
const LEAST_COLUMN = 132;

/** The same folded graph as a Sankey diagram. Its nodes are accounts at one hop, so money never runs in a circle. */
export default function SankeyView({ flow, words, select, toggle, point, handle }: Props) {
  const { t } = useSpeech();
  const frame = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const now = useRef({ flow, select, toggle, point });
  now.current = { flow, select, toggle, point };
  const [room, setRoom] = useState(0);
  useLayoutEffect(() => setRoom(frame.current?.clientWidth ?? 0), []);
  const last = lastLayer(flow);
  const width = Math.max(room, LEFT + RIGHT + BAR + last * LEAST_COLUMN);
  const between = (width - LEFT - RIGHT - BAR) / last;
  const series = useMemo(() => sankeySeries(flow, words, between), [flow, words, between]);
  const rows = useMemo(() => {
    const counts = new Map<number, number>();
    for (const { depth } of series.data) counts.set(depth, (counts.get(depth) ?? 0) + 1);
    return Math.max(0, ...counts.values());
  }, [series]);

  useEffect(() => {
    const container = box.current;
    const around = frame.current;
    if (!container || !around) return undefined;
    const made = init(container, undefined, { renderer: "canvas" });
    chart.current = made;
    const idOf = ({ dataType, data }: ChartEvent) =>
      dataType === "edge" ? edgeId({ source: data?.source ?? "", target: data?.target ?? "" }) : (data?.name ?? "");
    made.on("click", (event) => {
      const id = idOf(event as ChartEvent);
      const node = now.current.flow.nodes.find((one) => one.node_id === id);
      if (node && isSummary(node)) {
        now.current.select(node.behind);
        now.current.toggle(node);
      } else now.current.select(id);
    });
    made.on("mousemove", (event) => {
      const { event: at } = event as ChartEvent;
      const { clientWidth, clientHeight: height, scrollLeft } = around;
      const x = (at?.offsetX ?? 0) - scrollLeft;
      if (at) now.current.point({ id: idOf(event as ChartEvent), x, y: at.offsetY, width: clientWidth, height });
    });
    made.on("mouseout", () => now.current.point(null));
    const watching = new ResizeObserver(() => {
      made.resize();
      setRoom(around.clientWidth);
    });
    watching.observe(container);
    watching.observe(around);
    return () => {
      watching.disconnect();
      chart.current = null;
      made.dispose();
    };
  }, []);

  useEffect(() => {
    chart.current?.setOption({ animation: false, series: [series] }, { notMerge: true });
    box.current?.setAttribute("data-drawn", String(series.data.length));
  }, [series]);

  useImperativeHandle(handle, () => ({
    zoom: () => undefined,
    fit: () => chart.current?.resize(),
    show: () => undefined,
    image: () =>
      Promise.resolve(
        chart.current?.getDataURL({ type: "png", backgroundColor: "#ffffff", pixelRatio: window.devicePixelRatio || 1 }) ?? null,
      ),
  }));

  return (
    <div ref={frame} className="flow-graph flow-scrolling" role="img" aria-label={t("flow.sankey_label")}>
      <div
        ref={box}
        className="flow-sankey"
        style={{ width, height: Math.max(380, rows * (between < ROOMY ? TALL_ROW : ROW) + 80) }}
      />
    </div>
  );
}

interface SankeyNode {
  readonly name: string;
  readonly depth: number;
}

function touchedNodes(flow: Flow): ReadonlySet<string> {
  return new Set(flow.edges.flatMap((edge) => [edge.source, edge.target]));
}

function lastLayer(flow: Flow): number {
  const touched = touchedNodes(flow);
  return Math.max(1, ...flow.nodes.filter((node) => touched.has(node.node_id)).map((node) => node.layer));
}

function sankeySeries(flow: Flow, words: FlowWords, between: number): SankeySeriesOption & { readonly data: SankeyNode[] } {
  const colours = palette();
  const tones = new Map(flow.nodes.map((node) => [node.node_id, colours[toneOf(node)]]));
  const touched = touchedNodes(flow);
  const last = lastLayer(flow);
  const roomy = between >= ROOMY;
  /** The amount whole, as much of the name as there is room for; where that is little, one below the other. */
  const label = (node: FlowNode) => {
    const flag = isSuspected(node) ? words.flag : "";
    const beside = roomy ? words.detail(node) : "";
    const taken = textWidth(`${flag}${beside}`, `11px ${colours.font}`) + (roomy ? BAR + 30 : BAR + 12 + (flag ? 6 : 0));
    const space = (node.layer === last ? RIGHT : between) - taken;
    const title = ellipsed(words.title(node), `600 12px ${colours.font}`, Math.max(36, space));
    return `${flag && `{flag|${flag}} `}{title|${safe(title)}}${roomy ? " " : "\n"}{detail|${safe(words.detail(node))}}`;
  };
  return {
    type: "sankey",
    left: LEFT,
    right: RIGHT,
    top: 16,
    bottom: 16,
    nodeWidth: BAR,
    nodeGap: roomy ? 18 : 32,
    nodeAlign: "left",
    draggable: false,
    layoutIterations: 48,
    emphasis: { focus: "adjacency" },
    data: flow.nodes
      .filter((node) => touched.has(node.node_id))
      .map((node) => ({
        name: node.node_id,
        depth: node.layer,
        // Widths are drawn from floats; every figure that is read comes from the fen.
        value: Number(node.kind === "loan" ? node.out_fen : node.in_fen),
        itemStyle: {
          color: tones.get(node.node_id) ?? colours.quiet,
          borderColor: isSuspected(node) ? colours.danger : "transparent",
          borderWidth: isSuspected(node) ? 2 : 0,
        },
        label: {
          formatter: label(node),
          position: "right" as const,
          rich: {
            flag: { fontSize: 11, fontWeight: 600, color: colours.danger },
            title: { fontSize: 12, fontWeight: 600, color: colours.ink },
            detail: { fontSize: 11, color: colours.ink },
          },
          fontFamily: colours.font,
        },
      })),
    links: flow.edges.map((edge) => ({
      source: edge.source,
      target: edge.target,
      value: Number(edge.amount_fen),
      lineStyle: {
        color: edge.patterns.length > 0 ? colours.danger : (tones.get(edge.target) ?? colours.quiet),
        opacity: edge.patterns.length > 0 ? 0.45 : 0.3,
        curveness: 0.5,
      },
    })),
  };
}

/** Braces and bars mean something to the chart's labels. */
function safe(text: string): string {
  return text.replace(/[{}|]/g, " ");
}
