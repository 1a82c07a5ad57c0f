import type { KeyboardEvent } from "react";
import { useSpeech } from "../i18n";
import { DAYS_IN_WEEK, daysOfMonth, isOwn, kindOf, spansOf, type Told, weekdayOf } from "./calendar_days";

const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -DAYS_IN_WEEK, ArrowDown: DAYS_IN_WEEK };
const WEEK = [0, 1, 2, 3, 4, 5, 6] as const;

export interface Choosing {
  readonly chosen: ReadonlySet<string>;
  /** The one day that the tab key reaches; arrows go on from there. */
  readonly reached: string;
  readonly choose: (day: string) => void;
  readonly reach: (day: string, steps: number) => void;
}

interface Props {
  readonly year: number;
  /** 0 to 11. */
  readonly month: number;
  readonly days: ReadonlyMap<string, Told>;
  readonly today: string;
  readonly isProvisional: boolean;
  readonly waiting: ReadonlySet<string>;
  /** Null for who may only read. */
  readonly choosing: Choosing | null;
}

/** A month with the sign of every day that is not as its week has it, and what these days are below. */
export function CalendarMonth(props: Props) {
  const { t } = useSpeech();
  const { year, month, days, isProvisional } = props;
  const every = daysOfMonth(year, month);
  const lead = weekdayOf(every[0] ?? "");
  const rows = Math.ceil((lead + every.length) / DAYS_IN_WEEK);
  const named = every.flatMap((day) => days.get(day) ?? []);
  return (
    <section className={isProvisional ? "card calendar-month calendar-provisional" : "card calendar-month"}>
      <table>
        <caption>
          {t(`calendar.month_${month as 0}`)}
          {isProvisional && <span className="verified calendar-sign-provisional">{t("calendar.provisional_short")}</span>}
        </caption>
        <thead>
          <tr>
            {WEEK.map((one) => (
              <th key={one} scope="col">
                <span aria-hidden="true">{t(`calendar.weekday_short_${one}`)}</span>
                <span className="visually-hidden">{t(`calendar.weekday_${one}`)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: rows }, (_, row) => (
            <tr key={`${every[0]}-${row}`}>
              {WEEK.map((column) => {
                const day = every[row * DAYS_IN_WEEK + column - lead];
                return <td key={column}>{day !== undefined && <Day {...props} day={day} />}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <ul className="calendar-named">
        {spansOf(named).map(({ first, last }) => (
          <li key={first.day}>
            <Sign kind={first.kind} /> {t("calendar.days_of_month", { days: first.day === last.day ? dayOf(first.day) : `${dayOf(first.day)}–${dayOf(last.day)}` })}{" "}
            <Why told={first} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function dayOf(day: string): string {
  return String(Number(day.slice(-2)));
}

/** The reason of a day of the bank's own, else the holiday. */
function Why({ told }: { readonly told: Told }) {
  const { name } = useSpeech();
  return <>{told.decision?.reason ?? (told.holiday && name("holiday", told.holiday))}</>;
}

/** Off or worked, by law or of the bank's own, in letters: colour alone says nothing. */
export function Sign({ kind }: { readonly kind: Told["kind"] }) {
  const { t } = useSpeech();
  return <span className={`calendar-sign calendar-sign-${kind}`}>{t(`calendar.sign_${kind}`)}</span>;
}

function Day({ day, days, today, waiting, choosing }: Props & { readonly day: string }) {
  const { t, name } = useSpeech();
  const told = days.get(day);
  const kind = kindOf(day, told);
  const chosen = choosing?.chosen.has(day) ?? false;
  const waits = waiting.has(day);
  const said = [
    day,
    t(`calendar.weekday_${weekdayOf(day) as 0}`),
    name("day_kind", kind),
    ...(told?.holiday && !isOwn(kind) ? [name("holiday", told.holiday)] : []),
    ...(told?.decision ? [told.decision.reason] : []),
    ...(waits ? [t("calendar.waits")] : []),
    ...(day === today ? [t("calendar.today")] : []),
  ].join(t("app.comma"));
  const look = [
    "calendar-day",
    `calendar-day-${kind}`,
    day === today && "calendar-day-today",
    day < today && "calendar-day-past",
    chosen && "calendar-day-chosen",
    waits && "calendar-day-waits",
  ]
    .filter(Boolean)
    .join(" ");
  const shown = (
    <>
      <span className="figures" aria-hidden="true">
        {dayOf(day)}
      </span>
      {told && <span aria-hidden="true"><Sign kind={told.kind} /></span>}
      {waits && (
        <span className="calendar-sign calendar-sign-waits" aria-hidden="true">
          {t("calendar.sign_waits")}
        </span>
      )}
      <span className="visually-hidden">{said}</span>
    </>
  );
  if (choosing === null || day <= today) {
    return (
      <span className={look} title={said}>
        {shown}
      </span>
    );
  }
  const pressed = (event: KeyboardEvent) => {
    const steps = STEPS[event.key];
    if (steps === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    choosing.reach(day, steps);
  };
  return (
    <button
      type="button"
      className={look}
      title={said}
      data-day={day}
      aria-pressed={chosen}
      tabIndex={choosing.reached === day ? 0 : -1}
      onClick={() => choosing.choose(day)}
      onKeyDown={pressed}
    >
      {shown}
    </button>
  );
}
