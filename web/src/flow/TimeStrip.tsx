import { Button, Slider } from "antd";
import { useEffect, useMemo, useState } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useMoney } from "../ui/Amount";
import { drawnShare } from "./tones";

interface Props {
  readonly days: readonly Schemas["FlowDay"][];
  readonly facts: Schemas["LoanFacts"];
  readonly since: string | null;
  readonly until: string | null;
  readonly change: (since: string | null, until: string | null) => void;
}

const DAY_MS = 86_400_000;
const BARS_MAX = 240;
const STRIP = 36;

function dayNumber(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / DAY_MS;
}

function dayText(number: number): string {
  return new Date(number * DAY_MS).toISOString().slice(0, 10);
}

/** How much moved when, and the range of dates that everything on the page shows. */
export function TimeStrip({ days, facts, since, until, change }: Props) {
  const { t } = useSpeech();
  const money = useMoney(facts);
  const first = dayNumber(days[0]?.day ?? "1970-01-01");
  const last = Math.max(first + 1, dayNumber(days[days.length - 1]?.day ?? "1970-01-02"));
  const wanted: [number, number] = [
    Math.min(Math.max(since ? dayNumber(since) : first, first), last),
    Math.max(Math.min(until ? dayNumber(until) : last, last), first),
  ];
  const [range, setRange] = useState(wanted);
  const [from, to] = wanted;
  useEffect(() => setRange([from, to]), [from, to]);
  const bars = useMemo(() => barsOf(days, first, last), [days, first, last]);
  const settle = ([low, high]: readonly number[]) => {
    if (low === undefined || high === undefined) return;
    change(low <= first ? null : dayText(low), high >= last ? null : dayText(high));
  };
  const most = bars.reduce((found, bar) => (bar.fen > found ? bar.fen : found), 0n);
  const length = last - first + 1;
  const whole = range[0] <= first && range[1] >= last;
  return (
    <section className="flow-time" aria-label={t("flow.time")}>
      <div className="flow-time-head">
        <span>{t("flow.time")}</span>
        <span className="figures">{t("flow.span", { first: dayText(range[0]), last: dayText(range[1]) })}</span>
        {!whole && (
          <Button size="small" type="link" onClick={() => change(null, null)}>
            {t("flow.time_all")}
          </Button>
        )}
      </div>
      <div className="flow-time-range">
        <svg className="flow-bars" viewBox={`0 0 ${length} ${STRIP}`} preserveAspectRatio="none" aria-hidden="true">
          {bars.map(({ day, days: width, fen }) => {
            // By the square root, so that a quiet day is still seen beside the disbursement.
            const height = Math.max(3, STRIP * Math.sqrt(drawnShare(fen.toString(), most.toString())));
            const inside = day + width - 1 >= range[0] && day <= range[1];
            return (
              <rect
                key={day}
                className={inside ? "inside" : undefined}
                x={day - first}
                y={STRIP - height}
                width={Math.max(0.8 * width, length / 320)}
                height={height}
              >
                <title>{`${width > 1 ? t("flow.span", { first: dayText(day), last: dayText(day + width - 1) }) : dayText(day)} ${money.full(fen.toString())}`}</title>
              </rect>
            );
          })}
        </svg>
        <Slider
          range
          min={first}
          max={last}
          value={range}
          onChange={([low, high]) => setRange([low ?? first, high ?? last])}
          onChangeComplete={settle}
          tooltip={{ formatter: (value) => (value === undefined ? null : dayText(value)) }}
          ariaLabelForHandle={[t("flow.time_since"), t("flow.time_until")]}
          ariaValueTextFormatterForHandle={[dayText, dayText]}
        />
      </div>
    </section>
  );
}

/** Amounts moved, by day; by as many days together as keep the bars wide enough to see. */
function barsOf(days: readonly Schemas["FlowDay"][], first: number, last: number) {
  const width = Math.max(1, Math.ceil((last - first + 1) / BARS_MAX));
  const sums = new Map<number, bigint>();
  for (const { day, moved_fen, disbursed_fen } of days) {
    const start = first + Math.floor((dayNumber(day) - first) / width) * width;
    sums.set(start, (sums.get(start) ?? 0n) + BigInt(moved_fen) + BigInt(disbursed_fen));
  }
  return [...sums].map(([day, fen]) => ({ day, days: width, fen }));
}
