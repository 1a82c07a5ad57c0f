import { instantText } from "../ui/time";

// Days are days of Asia/Shanghai, which has no summer time.
const OFFSET = "+08:00";
const DAY_LENGTH = "2026-01-01".length;

/** The instant at which a day begins; today begins now, so that nothing is entered for the past. */
export function startOfDay(day: string): string {
  const start = `${day}T00:00:00${OFFSET}`;
  return Date.parse(start) < Date.now() ? new Date().toISOString() : start;
}

/** The last second of a day. */
export function endOfDay(day: string): string {
  return `${day}T23:59:59${OFFSET}`;
}

/** The day of an instant. */
export function dayText(instant: string): string {
  return instantText(instant).slice(0, DAY_LENGTH);
}
