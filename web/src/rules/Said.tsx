import { useSpeech } from "../i18n";
import { LevelTag } from "../warnings/LevelTag";
import type { Version } from "./milli";
import { Reading } from "./Reading";

/** Patterns that see more than a rule's fields can say, beside what all of them read by time and amount. */
const BEYOND = new Set(["STRUCTURING", "RETURN_TO_GUARANTOR", "CASH_OUT", "PRIVATE_LENDING", "PAYEE_MISMATCH"]);

/** What a version says: in words, as it is written, and whom it is for. */
export function Said({ version }: { readonly version: Version }) {
  const { t, name, language } = useSpeech();
  const { content } = version;
  const listed = (values: readonly string[], list: string) =>
    values.length === 0 ? t("rules.all") : values.map((one) => name(list, one)).join(language === "zh" ? "、" : ", ");
  return (
    <section className="card rule-said" aria-label={t("rules.says")}>
      <h2>{t("rules.in_words")}</h2>
      {version.reading ? <Reading part={version.reading} /> : <p className="quiet">{t("rules.unread")}</p>}
      <h2>{name("rule_field", "condition")}</h2>
      <pre className="condition-text">{content.condition}</pre>
      <h2>{name("rule_field", "levels")}</h2>
      <ul className="rule-levels">
        {content.levels.map((one) => (
          <li key={one.level}>
            <LevelTag level={one.level} /> <code>{one.condition}</code>
          </li>
        ))}
      </ul>
      <dl className="rule-facts">
        <dt>{name("rule_field", "legal_basis")}</dt>
        <dd>{content.legal_basis}</dd>
        <dt>{name("rule_field", "occasion")}</dt>
        <dd>{name("occasion", content.occasion)}</dd>
        <dt>{name("rule_field", "products")}</dt>
        <dd>{listed(content.products, "product")}</dd>
        <dt>{name("rule_field", "customer_kinds")}</dt>
        <dd>{listed(content.customer_kinds, "party_kind")}</dd>
        <dt>{name("rule_field", "amount_field")}</dt>
        <dd>{content.amount_field ? <code>{content.amount_field}</code> : "–"}</dd>
        <dt>{name("rule_field", "owner_role")}</dt>
        <dd>{name("role", content.owner_role)}</dd>
        <dt>{name("rule_field", "actions")}</dt>
        <dd>{content.actions.map((one) => name("warning_measure", one)).join(language === "zh" ? "、" : ", ") || "–"}</dd>
        <dt>{t("rules.doubt")}</dt>
        <dd>{language === "zh" ? content.doubt_chinese : content.doubt_english}</dd>
        {content.pattern && (
          <>
            <dt>{t("rules.pattern")}</dt>
            <dd>
              {t("rules.pattern_beside", { pattern: name("pattern", content.pattern) })}
              {BEYOND.has(content.pattern) && <div>{name("rule_beyond", content.pattern)}</div>}
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}
