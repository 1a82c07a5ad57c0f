import { SankeyChart, type SankeySeriesOption } from "echarts/charts";
import { type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { type RefObject, useEffect, useImperativeHandle, useMemo, useRef } from "react";
import { useSpeech } from "../i18n";
import { edgeId } from "./edges";
import type { Picture } from "./picture";
import { type Flow, type FlowNode, isSummary, isSuspected, palette, toneOf } from "./tones";
import type { FlowWords } from "./words";

use([SankeyChart, CanvasRenderer]);

interface Props {
  readonly flow: Flow;
  readonly words: FlowWords;
  readonly select: (id: string | null) => void;
  readonly toggle: (node: FlowNode) => void;
  readonly point: (pointed: { id: string; x: number; y: number } | null) => void;
  readonly handle: RefObject<Picture | null>;
}

interface ChartEvent {
  readonly dataType?: string;
  readonly data?: { readonly name?: string; readonly source?: string; readonly target?: string };
  readonly event?: { readonly offsetX: number; readonly offsetY: number };
}

const ROW = 34;

/** The same folded graph as a Sankey diagram. Its nodes are accounts at one hop, so money never runs in a circle. */
export default function SankeyView({ flow, words, select, toggle, point, handle }: Props) {
  const { t } = useSpeech();
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const now = useRef({ flow, select, toggle, point });
  now.current = { flow, select, toggle, point };
  const series = useMemo(() => sankeySeries(flow, words), [flow, words]);
  const rows = useMemo(() => {
    const counts = new Map<number, number>();
    for (const { depth } of series.data) counts.set(depth, (counts.get(depth) ?? 0) + 1);
    return Math.max(0, ...counts.values());
  }, [series]);

  useEffect(() => {
    const container = box.current;
    if (!container) return undefined;
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
      if (at) now.current.point({ id: idOf(event as ChartEvent), x: at.offsetX, y: at.offsetY });
    });
    made.on("mouseout", () => now.current.point(null));
    const watching = new ResizeObserver(() => made.resize());
    watching.observe(container);
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
    <div className="flow-graph" role="img" aria-label={t("flow.sankey_label")}>
      <div ref={box} className="flow-sankey" style={{ height: Math.max(380, rows * ROW + 60) }} />
    </div>
  );
}

interface SankeyNode {
  readonly name: string;
  readonly depth: number;
}

function sankeySeries(flow: Flow, words: FlowWords): SankeySeriesOption & { readonly data: SankeyNode[] } {
  const colours = palette();
  const tones = new Map(flow.nodes.map((node) => [node.node_id, colours[toneOf(node)]]));
  const touched = new Set(flow.edges.flatMap((edge) => [edge.source, edge.target]));
  const last = Math.max(0, ...flow.nodes.map((node) => node.layer));
  return {
    type: "sankey",
    left: 12,
    right: 190,
    top: 16,
    bottom: 16,
    nodeWidth: 14,
    nodeGap: 14,
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
          formatter: `{title|${safe(words.title(node))}}\n{detail|${isSuspected(node) ? `${words.flag} · ` : ""}${safe(words.detail(node))}}`,
          position: "right" as const,
          width: node.layer === last ? 170 : 128,
          overflow: "truncate" as const,
          rich: {
            title: { fontSize: 12, fontWeight: 600, color: colours.ink, lineHeight: 15 },
            detail: { fontSize: 11, color: isSuspected(node) ? colours.danger : colours.quiet, lineHeight: 14 },
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
