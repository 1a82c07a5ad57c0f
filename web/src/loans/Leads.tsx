import { Button } from "antd";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount } from "../ui/Amount";
import { Term } from "../ui/Term";
import { Coded } from "../ui/Coded";
import { useLoanWarning } from "../warnings/LoanWarning";
import { useRuleName } from "../warnings/rules";

interface Props {
  readonly leads: readonly Schemas["Lead"][];
  readonly lines: readonly Schemas["StatementLine"][];
  readonly facts: Schemas["LoanFacts"];
  readonly reveal: (use: string) => void;
}

/** What the trace makes one suspect; each lead leads to the evidence of its line. */
export function Leads({ leads, lines, facts, reveal }: Props) {
  const { t, name, language } = useSpeech();
  const uses = new Set(lines.map((line) => line.use));
  const { data: warned } = useLoanWarning(facts.loan_id);
  const called = useRuleName(warned?.rule_words);
  // A warning is judged live and by published rules; the leads are those of the last run.
  const beyond = warned?.thread?.rule_codes.filter((code) => !leads.some((lead) => lead.pattern === code)) ?? [];
  return (
    <section className={leads.length > 0 ? "card box leads" : "card box"} aria-labelledby="leads-title">
      <h2 id="leads-title">
        <Term name="lead">{t("leads.title")}</Term>
      </h2>
      {leads.length === 0 ? (
        <p className="quiet">{t("leads.none")}</p>
      ) : (
        <>
          <ul>
            {leads.map((lead) => (
              <li key={`${lead.pattern}-${lead.transaction_ids.join()}`}>
                <div className="lead-line">
                  <span className="lead-tag">{t("leads.tag")}</span>
                  <strong>
                    <Coded list="pattern" code={lead.pattern} />
                  </strong>
                </div>
                <div className="lead-amount">
                  <Amount fen={lead.amount_fen} form="full" {...facts} />
                  <span className="quiet">
                    {lead.transaction_ids.length === 1
                      ? t("leads.transactions_one")
                      : t("leads.transactions", { count: lead.transaction_ids.length })}
                  </span>
                </div>
                <p className="quiet">{name("meaning", lead.pattern)}</p>
                {(language === "en" ? lead.explanation : lead.explanation_chinese) && (
                  <p>{language === "en" ? lead.explanation : lead.explanation_chinese}</p>
                )}
                {uses.has(lead.destination_class) && (
                  <Button type="link" size="small" onClick={() => reveal(lead.destination_class)}>
                    {t("leads.open_line")}
                  </Button>
                )}
              </li>
            ))}
          </ul>
          <p className="quiet small">{t("leads.explain")}</p>
        </>
      )}
      {warned?.thread && beyond.length > 0 && (
        <p>
          <Link to={`/warnings/${warned.thread.thread_id}?state=all`}>
            {t("leads.also_warned", { rules: beyond.map(called).join(" · ") })}
          </Link>
        </p>
      )}
    </section>
  );
}
