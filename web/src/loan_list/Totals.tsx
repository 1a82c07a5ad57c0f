import { Button } from "antd";
import { useState } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount, useMoney } from "../ui/Amount";
import { Figure } from "../ui/Figure";
import { shareBasisPoints, shareText } from "../ui/money";
import type { Change } from "./address";

const SHOWN = 6;

interface Props {
  readonly totals: Schemas["Totals"];
  readonly chosen: readonly string[];
  readonly change: Change;
}

/** The figures of what the filter found. */
export function Totals({ totals, chosen, change }: Props) {
  const { t } = useSpeech();
  const money = useMoney(totals);
  const disbursed = BigInt(totals.disbursed_fen);
  const share = (fen: string) => shareText(BigInt(fen), disbursed);
  const traced = disbursed > 0n;
  return (
    <section className="card list-totals" aria-label={t("loans.totals")}>
      <dl className="figures-row">
        <Figure label={t("loans.total.count")}>{totals.loan_count.toLocaleString("en")}</Figure>
        <Figure label={t("loans.total.balance")} note={t("loans.total.amount", { amount: money.short(totals.amount_fen) })}>
          <Amount fen={totals.balance_fen} form="short" {...totals} />
        </Figure>
        <Figure label={t("loans.total.disbursed")} hint={t("loans.total.disbursed_hint")}>
          <Amount fen={totals.disbursed_fen} form="short" {...totals} />
        </Figure>
        <div className="figure" title={t("loans.total.seen_hint")}>
          <dt>{t("loans.total.seen")}</dt>
          <dd>{traced ? share(totals.seen_fen) : "–"}</dd>
          <dd className="figure-note">
            <Amount fen={totals.seen_fen} form="short" {...totals} />
          </dd>
        </div>
        <Figure
          label={t("loans.total.suspected")}
          note={t("loans.total.suspected_count", { count: totals.suspected_count.toLocaleString("en") })}
          hint={t("loans.total.suspected_hint")}
          danger={totals.suspected_count > 0}
        >
          <Amount fen={totals.suspected_fen} form="short" {...totals} />
        </Figure>
      </dl>
      {totals.suspected_by_pattern.length > 0 && <Suspected totals={totals} chosen={chosen} change={change} />}
    </section>
  );
}

/** What is suspected, by pattern; pressing one narrows the list to it. */
function Suspected({ totals, chosen, change }: Props) {
  const { t, name } = useSpeech();
  const [all, setAll] = useState(false);
  const parts = totals.suspected_by_pattern;
  const largest = BigInt(parts[0]?.amount_fen ?? "0");
  const shown = all ? parts : parts.slice(0, SHOWN);
  return (
    <div className="suspected">
      <h2 title={t("loans.total.suspected_hint")}>
        {t("loans.suspected_by")} <span className="quiet small">{t("loans.suspected_once")}</span>
      </h2>
      {parts.length > SHOWN && (
        <Button type="link" size="small" onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? t("loans.suspected_fewer") : t("loans.suspected_more", { count: parts.length - SHOWN })}
        </Button>
      )}
      <ul>
        {shown.map((part) => {
          const on = chosen.includes(part.pattern);
          const fill = Math.max(2, shareBasisPoints(BigInt(part.amount_fen), largest) / 100);
          return (
            <li key={part.pattern}>
              <button
                type="button"
                className="suspected-part"
                aria-pressed={on}
                onClick={() =>
                  change({ main_pattern: on ? chosen.filter((one) => one !== part.pattern) : [...chosen, part.pattern] })
                }
              >
                <span className="suspected-name" title={name("meaning", part.pattern)}>
                  {name("pattern", part.pattern)}
                </span>
                <span className="suspected-figures">
                  <Amount fen={part.amount_fen} form="short" {...totals} />
                  <span className="quiet">{t("loans.suspected_loans", { count: part.loan_count.toLocaleString("en") })}</span>
                </span>
                <span className="share-bar" aria-hidden="true">
                  <span className="fill tone-suspected" style={{ width: `${fill}%` }} />
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
