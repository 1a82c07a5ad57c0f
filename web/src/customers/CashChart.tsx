import { BarChart, type BarSeriesOption, LineChart, type LineSeriesOption } from "echarts/charts";
import { GridComponent, type GridComponentOption, TooltipComponent, type TooltipComponentOption } from "echarts/components";
import { type ComposeOption, type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import type { Schemas } from "../api/client";
import type { Language } from "../i18n";
import { listText } from "../ui/money";

use([BarChart, LineChart, GridComponent, TooltipComponent, CanvasRenderer]);

type Option = ComposeOption<BarSeriesOption | LineSeriesOption | GridComponentOption | TooltipComponentOption>;
type Flow = Schemas["CashFlow"];

interface Props {
  readonly flow: Flow;
  readonly language: Language;
  readonly label: string;
  readonly unit: string;
  readonly words: Readonly<Record<"in" | "out" | "net" | "disbursed" | "loan_out", string>>;
  /** An amount in full, with its unit. */
  readonly full: (fen: string) => string;
}

const INK = "#667274";
const LINE = "#e2e6e1";
export const COLOURS = { in: "#7fb3a8", disbursed: "#0f6b66", out: "#e2b48a", loan_out: "#b3622a", net: "#2b3a3c" } as const;

/** Only for places on the screen: every amount that is read comes from its exact text. */
function place(fen: bigint, digits: number): number {
  return Number(fen) / 10 ** digits;
}

export default function CashChart({ flow, language, label, unit, words, full }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const telling = useRef({ flow, words, full });
  telling.current = { flow, words, full };
  useEffect(() => {
    if (!box.current) return undefined;
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
    const digits = flow.minor_digits;
    const bar = (name: keyof typeof COLOURS, values: readonly bigint[]): BarSeriesOption => ({
      type: "bar",
      name,
      stack: "months",
      barMaxWidth: 34,
      animation: false,
      itemStyle: { color: COLOURS[name] },
      data: values.map((value) => place(value, digits)),
    });
    const of = (pick: (month: Schemas["CashMonth"]) => bigint) => flow.months.map(pick);
    const option: Option = {
      animation: false,
      grid: { left: 8, right: 16, top: 28, bottom: 8, containLabel: true },
      xAxis: {
        type: "category",
        data: flow.months.map((month) => month.month.slice(0, 7)),
        axisLine: { lineStyle: { color: LINE }, onZero: false },
        axisTick: { show: false },
        axisLabel: { color: INK, hideOverlap: true },
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
      tooltip: {
        trigger: "axis",
        axisPointer: { type: "shadow" },
        confine: true,
        transitionDuration: 0,
        // Elements with classes: the content security policy lets no style attribute in markup take effect.
        formatter: (given) => {
          const one = Array.isArray(given) ? given[0] : given;
          return card(telling.current, one?.dataIndex ?? 0);
        },
      },
      series: [
        bar("disbursed", of((month) => BigInt(month.disbursed_fen))),
        bar("in", of((month) => BigInt(month.in_fen) - BigInt(month.disbursed_fen))),
        bar("loan_out", of((month) => -BigInt(month.loan_out_fen))),
        bar("out", of((month) => BigInt(month.loan_out_fen) - BigInt(month.out_fen))),
        {
          type: "line",
          name: "net",
          animation: false,
          symbol: "circle",
          symbolSize: 5,
          z: 4,
          lineStyle: { width: 1.5, color: COLOURS.net },
          itemStyle: { color: COLOURS.net },
          data: of((month) => BigInt(month.net_fen)).map((value) => place(value, digits)),
        },
      ],
    };
    chart.current?.setOption(option, { notMerge: true });
  }, [flow, language, unit]);
  return <div ref={box} className="cash-chart" role="img" aria-label={label} />;
}

function card({ flow, words, full }: Pick<Props, "flow" | "words" | "full">, at: number): HTMLElement {
  const month = flow.months[at];
  const whole = document.createElement("div");
  whole.className = "cash-tip";
  if (!month) return whole;
  const head = document.createElement("div");
  head.className = "cash-tip-title";
  head.textContent = month.month.slice(0, 7);
  whole.append(head);
  const rows = [
    ["in", month.in_fen],
    ["disbursed", month.disbursed_fen],
    ["out", month.out_fen],
    ["loan_out", month.loan_out_fen],
    ["net", month.net_fen],
  ] as const;
  for (const [name, fen] of rows) {
    const row = document.createElement("div");
    row.className = "cash-tip-row";
    const mark = document.createElement("span");
    mark.className = `cash-mark cash-${name}`;
    const text = document.createElement("span");
    text.textContent = words[name];
    const figure = document.createElement("span");
    figure.className = "figures";
    figure.textContent = full(fen);
    row.append(mark, text, figure);
    whole.append(row);
  }
  return whole;
}
