import { BarChart, type BarSeriesOption } from "echarts/charts";
import { GridComponent, type GridComponentOption, TooltipComponent, type TooltipComponentOption } from "echarts/components";
import { type ComposeOption, type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import type { Language } from "../i18n";
import { listText } from "../ui/money";

use([BarChart, GridComponent, TooltipComponent, CanvasRenderer]);

type Option = ComposeOption<BarSeriesOption | GridComponentOption | TooltipComponentOption>;

/** One colour of the bars: a value for each group, null where it is not shown. */
export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly (bigint | null)[];
}

interface Props {
  readonly names: readonly string[];
  /** Where a long name is cut: units begin with the bank's own name. */
  readonly cut: "start" | "end";
  readonly series: readonly Series[];
  /** Of amounts: digits behind the point of the major unit; null for counts and ten-thousandths. */
  readonly digits: number | null;
  readonly percent: boolean;
  readonly language: Language;
  readonly label: string;
  readonly told: (group: number) => readonly (readonly [string, string])[];
  readonly choose: (group: number) => void;
}

const INK = "#667274";
const LINE = "#e2e6e1";
const ROW_PX = 30;
const AROUND_PX = 48;
const NAME_LETTERS = 14;
const FULL = 10_000;

/** Only for places on the screen: every figure that is read comes from its exact text. */
function place(value: bigint | null, digits: number | null): number {
  return value === null ? 0 : Number(value) / 10 ** (digits ?? 0);
}

/** The groups as lying bars, the first on top; pressing one goes down into it. */
export default function Bars({ names, cut, series, digits, percent, language, label, told, choose }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const acts = useRef({ told, choose });
  acts.current = { told, choose };
  const height = names.length * ROW_PX + AROUND_PX;
  useEffect(() => {
    if (!box.current) return;
    const made = init(box.current, undefined, { renderer: "canvas" });
    chart.current = made;
    made.on("click", (event) => acts.current.choose(event.dataIndex));
    const watch = new ResizeObserver(() => made.resize());
    watch.observe(box.current);
    return () => {
      watch.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    const axis = (value: number) => {
      if (percent) return `${value / 100}%`;
      if (digits === null) return value.toLocaleString("en");
      return listText(BigInt(Math.round(value * 10 ** digits)), digits, language).replace(/\.0+$/, "");
    };
    const option: Option = {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--font") },
      grid: { left: 4, right: 20, top: 8, bottom: 8, containLabel: true },
      xAxis: {
        type: "value",
        ...(percent ? { max: FULL, interval: FULL / 4 } : digits === null ? { minInterval: 1 } : {}),
        splitNumber: 3,
        splitLine: { lineStyle: { color: LINE } },
        axisLabel: { color: INK, formatter: axis, hideOverlap: true },
      },
      yAxis: {
        type: "category",
        inverse: true,
        data: [...names],
        axisTick: { show: false },
        axisLine: { lineStyle: { color: LINE } },
        axisLabel: {
          color: "#1b2526",
          formatter: (name: string) => shortened(name, cut),
        },
      },
      tooltip: {
        trigger: "axis",
        axisPointer: { type: "shadow" },
        confine: true,
        formatter: (points) => {
          const first = Array.isArray(points) ? points[0] : points;
          const at = first?.dataIndex ?? 0;
          const lines = acts.current.told(at).map(([what, figure]) => `${escaped(what)} <b>${escaped(figure)}</b>`);
          return [`<b>${escaped(names[at] ?? "")}</b>`, ...lines].join("<br>");
        },
      },
      series: series.map((one): BarSeriesOption => ({
        type: "bar",
        name: one.name,
        stack: "all",
        barMaxWidth: 18,
        itemStyle: { color: one.colour },
        cursor: "pointer",
        data: one.values.map((value) => place(value, digits)),
      })),
    };
    chart.current?.setOption(option, { notMerge: true });
  }, [names, cut, series, digits, percent, language]);
  return <div ref={box} role="img" aria-label={label} className="portfolio-bars" style={{ height }} />;
}

/** Chinese letters are twice as wide as Latin ones. */
function shortened(name: string, cut: "start" | "end"): string {
  const most = /[\u2e80-\u9fff]/.test(name) ? NAME_LETTERS : NAME_LETTERS * 2;
  if (name.length <= most) return name;
  return cut === "start" ? `…${name.slice(1 - most)}` : `${name.slice(0, most - 1)}…`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
