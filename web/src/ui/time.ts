// Business times are Asia/Shanghai, wherever the reader sits.
const ZONE = "Asia/Shanghai";
const INSTANT = new Intl.DateTimeFormat("sv-SE", {
  timeZone: ZONE,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** 2025-03-04 15:06:07 in Asia/Shanghai; a dash where nothing is told. */
export function instantText(instant: string): string {
  const moment = new Date(instant);
  return Number.isNaN(moment.getTime()) ? "–" : INSTANT.format(moment);
}
