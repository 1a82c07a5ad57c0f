import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { standingOf } from "./standing";

const MONTHS_SHOWN = 2;

function daysOf(month: string): string[] {
  const [year, number] = month.split("-").map(Number);
  const count = new Date(Date.UTC(year ?? 0, number ?? 1, 0)).getUTCDate();
  return Array.from({ length: count }, (_, day) => `${month}-${String(day + 1).padStart(2, "0")}`);
}

interface Props {
  readonly dates: readonly Schemas["NightlyDate"][];
  readonly waiting: readonly string[];
}

/** The newest months day by day: a gap shows at once. */
export function Calendar({ dates, waiting }: Props) {
  const { t, name } = useSpeech();
  const states = new Map<string, string>(waiting.map((date) => [date, "waiting"]));
  for (const row of dates) {
    const standing = standingOf(row);
    states.set(row.business_date, row.open_alarm_count > 0 ? `${standing} alarmed` : standing);
  }
  const months = [...new Set([...states.keys()].map((date) => date.slice(0, 7)))].sort().slice(-MONTHS_SHOWN);
  return (
    <section className="card calendar" aria-label={t("nightly.month")}>
      {months.map((month) => (
        <div key={month} className="calendar-month">
          <h2 className="figures">{month}</h2>
          <ul>
            {daysOf(month).map((date) => {
              const state = states.get(date);
              return (
                <li key={date}>
                  {state ? (
                    <Link
                      to={`/nightly/${date}`}
                      className={`day ${state
                        .split(" ")
                        .map((part) => `day-${part}`)
                        .join(" ")}`}
                      aria-label={t("nightly.day_state", { date, state: name("night_state", state.split(" ")[0] ?? "") })}
                      title={t("nightly.day_state", { date, state: name("night_state", state.split(" ")[0] ?? "") })}
                    >
                      {Number(date.slice(8))}
                    </Link>
                  ) : (
                    <span className="day quiet">{Number(date.slice(8))}</span>
                  )}
                </li>
              );
            })}
          </ul>
        </div>
      ))}
    </section>
  );
}
