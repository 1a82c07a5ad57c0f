import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount, useMoney } from "../ui/Amount";
import { dayText } from "../identity/days";
import { LevelTag } from "../warnings/LevelTag";
import { useRuleName } from "../warnings/rules";
import { Card, Nothing } from "./Card";
import { Instalments } from "./PaymentsCard";
import type { Bench } from "./WorkbenchPage";

interface Props {
  readonly changes: Schemas["Changes"];
  readonly words: Bench["rule_words"];
}

const YUAN = { currency: "CNY", minor_digits: 2 } as const;
const SHOWN = 4;

/** What is new since the working day before. */
export function ChangesCard({ changes, words }: Props) {
  const { t, name } = useSpeech();
  const called = useRuleName(words);
  const money = useMoney(YUAN);
  const { warnings, new_loans, missed, books_since } = changes;
  const nothing = warnings.length + new_loans.length + missed.length === 0;
  return (
    <Card title={t("workbench.changes_title")} note={t("workbench.changes_since", { day: dayText(changes.warnings_since) })}>
      {nothing && <Nothing>{t("workbench.changes_none")}</Nothing>}
      {warnings.length > 0 && (
        <section className="bench-part">
          <h3>
            {t("workbench.changes_warnings", {
              opened: changes.warnings_opened_count,
              raised: changes.warnings_raised_count,
            })}
          </h3>
          <ul className="bench-list">
            {warnings.slice(0, SHOWN).map((one) => (
              <li key={one.thread_id}>
                <Link to={`/warnings/${one.thread_id}?state=all`} className="bench-row bench-change">
                  <LevelTag level={one.level} />
                  <span className="bench-name">
                    {one.borrower_name}
                    <span className="quiet small">{one.rule_codes.map(called).join(t("app.comma"))}</span>
                  </span>
                  <span className="quiet small">{name("warning_change", one.kind)}</span>
                </Link>
              </li>
            ))}
          </ul>
          {changes.warnings_opened_count + changes.warnings_raised_count > SHOWN && (
            <Link className="small" to={`/ledgers/warnings?opened_at_from=${dayText(changes.warnings_since)}`}>
              {t("workbench.all_warnings")}
            </Link>
          )}
        </section>
      )}
      {books_since && missed.length > 0 && (
        <section className="bench-part">
          <h3>{t("workbench.changes_missed", { count: changes.missed_count, amount: money.short(changes.missed_fen) })}</h3>
          <Instalments items={missed.slice(0, SHOWN)} />
        </section>
      )}
      {books_since && new_loans.length > 0 && (
        <section className="bench-part">
          <h3>{t("workbench.changes_loans", { count: changes.new_loan_count, amount: money.short(changes.new_loan_fen) })}</h3>
          <ul className="bench-list">
            {new_loans.slice(0, SHOWN).map((one) => (
              <li key={one.loan_id}>
                <Link to={`/loans/${encodeURIComponent(one.loan_id)}`} className="bench-row bench-payment">
                  <span className="figures quiet">{one.issued_on}</span>
                  <span className="bench-name">
                    {one.borrower_name}
                    <span className="quiet small">
                      {name("product", one.product)} · <span className="figures">{one.loan_id}</span>
                    </span>
                  </span>
                  <span className="bench-amount">
                    <Amount fen={one.amount_fen} form="short" {...one} />
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
      {books_since && <p className="quiet small bench-rest">{t("workbench.books_since", { day: books_since })}</p>}
    </Card>
  );
}
