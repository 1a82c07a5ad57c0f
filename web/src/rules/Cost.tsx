import { Tooltip } from "antd";
import { useSpeech } from "../i18n";
import { countText, type Found, milliText } from "./milli";

interface Props {
  readonly found: Found | null | undefined;
  readonly budget: number;
}

/** What a version costs: its threads per 1,000 loans a month beside what staff can work. */
export function Cost({ found, budget }: Props) {
  const { t } = useSpeech();
  if (!found) return <span className="quiet">{t("rules.not_judged")}</span>;
  if (found.stopped) return <span className="danger">{t(`rules_stopped.${found.stopped}`)}</span>;
  if (found.threads_milli === null) {
    return (
      <Tooltip title={t("rules.cost_day_hint")}>
        <span className="quiet">{t("rules.cost_day", { count: countText(found.loans_hit) })}</span>
      </Tooltip>
    );
  }
  const share = budget > 0 ? Math.min(100, (found.threads_milli * 100) / budget) : 0;
  const over = found.threads_milli > budget;
  return (
    <span className="bar-and-figure" title={t("rules.cost_hint", { count: countText(found.loans_hit), loans: countText(found.loans) })}>
      <span className={`share-bar tone-${over ? "suspected" : "documented"}`} aria-hidden>
        {share > 0 && <span className="fill" style={{ width: `${share}%` }} />}
      </span>
      <span className="figures">{milliText(found.threads_milli)}</span>
    </span>
  );
}
