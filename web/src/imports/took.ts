import { useSpeech } from "../i18n";

/** How long something took, in words; a dash while it has no end. */
export function useTook() {
  const { t } = useSpeech();
  return (from: string, to: string | null | undefined): string => {
    if (!to) return "–";
    const seconds = (new Date(to).getTime() - new Date(from).getTime()) / 1000;
    if (seconds < 60) return t("imports.seconds", { count: seconds < 10 ? seconds.toFixed(1) : Math.round(seconds) });
    return t("imports.minutes", { count: Math.floor(seconds / 60), rest: Math.floor(seconds % 60) });
  };
}
