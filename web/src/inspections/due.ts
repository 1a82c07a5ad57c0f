import { useSpeech } from "../i18n";
import type { Row } from "./address";

const DAY_MS = 86_400_000;

/** The business date of now. */
export function today(): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(new Date());
}

/** How long until the day that binds, or since it, in words. */
export function useDue() {
  const { t } = useSpeech();
  return (row: Pick<Row, "due_on">): string => {
    if (row.due_on === null) return "";
    const days = Math.round((Date.parse(row.due_on) - Date.parse(today())) / DAY_MS);
    if (days === 0) return t("checks.due_today");
    if (days > 0) return days === 1 ? t("checks.days_left_one") : t("checks.days_left", { days });
    return days === -1 ? t("checks.days_late_one") : t("checks.days_late", { days: -days });
  };
}
