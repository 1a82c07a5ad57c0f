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
      <>
        <span className="quiet">{t("rules.cost_day", { count: countText(found.loans_hit) })}</span>
        <div className="quiet small why-no-cost">{t("rules.cost_day_hint")}</div>
      </>
    );
  }
  const hint = t("rules.cost_hint", { count: countText(found.loans_hit), loans: countText(found.loans) });
  return <Bar milli={found.threads_milli} budget={budget} hint={hint} />;
}

/** Threads per 1,000 loans a month, in thousandths, beside what staff can work. */
export function Bar({ milli, budget, hint }: { readonly milli: number; readonly budget: number; readonly hint?: string }) {
  const share = budget > 0 ? Math.min(100, (milli * 100) / budget) : 0;
  const over = milli > budget;
  return (
    <span className="bar-and-figure" title={hint}>
      <span className={`share-bar tone-${over ? "suspected" : "documented"}`} aria-hidden>
        {share > 0 && <span className="fill" style={{ width: `${share}%` }} />}
      </span>
      <span className="figures">{milliText(milli)}</span>
    </span>
  );
}
