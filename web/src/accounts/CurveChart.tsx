import { LineChart, type LineSeriesOption } from "echarts/charts";
import {
  DataZoomComponent,
  type DataZoomComponentOption,
  GridComponent,
  type GridComponentOption,
  TooltipComponent,
  type TooltipComponentOption,
} from "echarts/components";
import { type ComposeOption, type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import type { Schemas } from "../api/client";
import type { Language } from "../i18n";
import { listText } from "../ui/money";

use([LineChart, GridComponent, TooltipComponent, DataZoomComponent, CanvasRenderer]);

type Option = ComposeOption<LineSeriesOption | GridComponentOption | TooltipComponentOption | DataZoomComponentOption>;
type Curve = Schemas["Curve"];

interface Props {
  readonly curve: Curve;
  readonly colours: readonly string[];
  readonly language: Language;
  readonly label: string;
  readonly unit: string;
  /** What the reader is shown at one point: title, then rows of mark, name and amount. */
  readonly told: (at: number) => readonly [string, readonly (readonly [string, string, string])[]];
}

const INK = "#667274";
const LINE = "#e2e6e1";

/** Only for places on the screen: every amount that is read comes from its exact text. */
function place(fen: string | null, digits: number): number | null {
  return fen === null ? null : Number(BigInt(fen)) / 10 ** digits;
}

export default function CurveChart({ curve, colours, language, label, unit, told }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const telling = useRef(told);
  telling.current = told;
  useEffect(() => {
    if (!box.current) return;
    const made = init(box.current, undefined, { renderer: "canvas" });
    chart.current = made;
    const watch = new ResizeObserver(() => made.resize());
    watch.observe(box.current);
    return () => {
      watch.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    const times = curve.times.map((time) => new Date(time).getTime());
    const digits = curve.minor_digits;
    // What stands after the last change holds on: drawn a little further, so that it is seen.
    const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
    const end = (times.at(-1) ?? 0) + Math.max(span * 0.02, 86_400_000);
    const held = <T,>(points: readonly T[]) => points.concat(points.slice(-1));
    const whens = [...times, end];
    const series: LineSeriesOption[] = curve.loans.map((loan, index) => ({
      type: "line",
      name: loan.loan_id ?? "",
      stack: "loan money",
      step: "end",
      showSymbol: false,
      silent: true,
      animation: false,
      lineStyle: { width: 0 },
      areaStyle: { color: colours[index] ?? INK, opacity: 0.85 },
      itemStyle: { color: colours[index] ?? INK },
      data: held(loan.amounts_fen).map((fen, at) => [whens[at] ?? 0, place(fen, digits) ?? 0]),
    }));
    if (curve.balance_fen.some((fen) => fen !== null)) {
      series.push({
        type: "line",
        name: "balance",
        step: "end",
        showSymbol: false,
        silent: true,
        animation: false,
        z: 4,
        lineStyle: { width: 1.5, color: "#2b3a3c" },
        areaStyle: { color: "#8fa3a0", opacity: 0.14 },
        itemStyle: { color: "#2b3a3c" },
        data: held(curve.balance_fen).map((fen, at) => [whens[at] ?? 0, place(fen, digits) ?? "-"]),
      });
    }
    const option: Option = {
      animation: false,
      grid: { left: 8, right: 16, top: 28, bottom: 62, containLabel: true },
      xAxis: {
        type: "time",
        axisLine: { lineStyle: { color: LINE } },
        axisLabel: { color: INK, hideOverlap: true, formatter: { year: "{yyyy}", month: "{yyyy}-{MM}", day: "{MM}-{dd}" } },
      },
      yAxis: {
        type: "value",
        name: unit,
        // Over the plot, not over the labels beside it: there a long unit would be cut off.
        nameTextStyle: { color: INK, align: "left" },
        splitLine: { lineStyle: { color: LINE } },
        axisLabel: {
          color: INK,
          formatter: (value: number) =>
            listText(BigInt(Math.round(value * 10 ** digits)), digits, language).replace(/\.0+$/, ""),
        },
      },
      dataZoom: [
        { type: "inside", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false },
        {
          type: "slider",
          height: 22,
          bottom: 10,
          borderColor: LINE,
          fillerColor: "rgba(15, 107, 102, 0.12)",
          handleStyle: { color: "#0f6b66" },
          textStyle: { color: INK },
          labelFormatter: (value: number) => new Date(value + 8 * 3_600_000).toISOString().slice(0, 10),
        },
      ],
      tooltip: {
        trigger: "axis",
        axisPointer: { type: "line", lineStyle: { color: INK } },
        confine: true,
        transitionDuration: 0,
        // Elements with classes: the content security policy lets no style attribute in markup take effect.
        formatter: (given) => {
          const one = Array.isArray(given) ? given[0] : given;
          return card(telling.current(Math.min(one?.dataIndex ?? 0, times.length - 1)));
        },
      },
      series,
    };
    chart.current?.setOption(option, { notMerge: true });
  }, [curve, colours, language, unit]);
  return <div ref={box} className="curve-chart" role="img" aria-label={label} />;
}

function card([title, rows]: ReturnType<Props["told"]>): HTMLElement {
  const whole = document.createElement("div");
  whole.className = "curve-tip";
  const head = document.createElement("div");
  head.className = "curve-tip-title";
  head.textContent = title;
  whole.append(head);
  for (const [colour, name, amount] of rows) {
    const row = document.createElement("div");
    row.className = "curve-tip-row";
    const mark = document.createElement("span");
    mark.className = "curve-mark";
    mark.style.background = colour;
    const words = document.createElement("span");
    words.textContent = name;
    const figure = document.createElement("span");
    figure.className = "figures";
    figure.textContent = amount;
    row.append(mark, words, figure);
    whole.append(row);
  }
  return whole;
}
