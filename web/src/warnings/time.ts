import { useEffect, useState } from "react";
import { useSpeech } from "../i18n";

const MINUTE_MS = 60_000;
const HOUR = 60;
const DAY = 24 * HOUR;

/** The time now, told every minute. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const ticking = window.setInterval(() => setNow(Date.now()), MINUTE_MS);
    return () => window.clearInterval(ticking);
  }, []);
  return now;
}

/** How long until a deadline, or since it, in words. */
export function useLeft() {
  const { t } = useSpeech();
  return (due: string, now: number): string => {
    const minutes = Math.round((Date.parse(due) - now) / MINUTE_MS);
    const size = Math.abs(minutes);
    const [days, hours] = [Math.floor(size / DAY), Math.floor((size % DAY) / HOUR)];
    const length =
      days > 0
        ? t("warnings.days_hours", { days, hours })
        : hours > 0
          ? t("warnings.hours", { hours })
          : t("warnings.minutes", { minutes: size });
    return t(minutes < 0 ? "warnings.overdue_by" : "warnings.left", { length });
  };
}
