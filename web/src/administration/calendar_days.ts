import dayjs from "dayjs";
import type { Schemas } from "../api/client";

export type Year = Schemas["CalendarYear"];
export type Told = Schemas["CalendarDay"];
export type Kind = Told["kind"] | "working" | "weekend";
export type Act = "off" | "worked" | "law";

export const CALENDAR = "/api/v1/calendar";
export const DAYS_IN_WEEK = 7;
const SATURDAY = 5;
const FORM = "YYYY-MM-DD";

/** Monday 0 to Sunday 6. */
export function weekdayOf(day: string): number {
  return (dayjs(day, FORM).day() + DAYS_IN_WEEK - 1) % DAYS_IN_WEEK;
}

export function dayLater(day: string, days: number): string {
  return dayjs(day, FORM).add(days, "day").format(FORM);
}

/** The days of a month, 0 to 11, in order. */
export function daysOfMonth(year: number, month: number): readonly string[] {
  const first = dayjs(`${year}-${String(month + 1).padStart(2, "0")}-01`, FORM);
  return Array.from({ length: first.daysInMonth() }, (_, place) => first.add(place, "day").format(FORM));
}

/** What a day is; those that the answer does not name are as their week has them. */
export function kindOf(day: string, told: Told | undefined): Kind {
  return told?.kind ?? (weekdayOf(day) >= SATURDAY ? "weekend" : "working");
}

export function isWorked(kind: Kind): boolean {
  return kind === "working" || kind === "make_up" || kind === "own_working";
}

export function isOwn(kind: Kind): boolean {
  return kind === "own_off" || kind === "own_working";
}

/** Whether the act would change the day: the answer refuses one that it would not. */
export function changes(kind: Kind, act: Act): boolean {
  return act === "law" ? isOwn(kind) : isWorked(kind) !== (act === "worked");
}

/** Days that follow each other and are alike, as first and last. */
export function spansOf(days: readonly Told[]): readonly { readonly first: Told; readonly last: Told }[] {
  const spans: { first: Told; last: Told }[] = [];
  for (const one of days) {
    const open = spans.at(-1);
    if (open && open.last.kind === one.kind && open.last.holiday === one.holiday && dayLater(open.last.day, 1) === one.day) open.last = one;
    else spans.push({ first: one, last: one });
  }
  return spans;
}
