import type { ReactNode } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";

/** In words that a figure is not shown, and why; undefined where it is. */
export function useCover(fewest: number | null): (cover: Schemas["Cover"] | null) => ReactNode | undefined {
  const { t } = useSpeech();
  return (cover) => {
    if (cover === "few") return <span className="quiet small">{t("portfolio.few", { least: fewest ?? 0 })}</span>;
    if (cover === "withheld")
      return (
        <span className="quiet small" title={t("portfolio.withheld_hint")}>
          {t("portfolio.withheld")}
        </span>
      );
    return undefined;
  };
}
