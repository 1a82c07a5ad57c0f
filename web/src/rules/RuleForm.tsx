import { Alert, Button, Input, Select } from "antd";
import { type FormEvent, type ReactNode, useDeferredValue, useId } from "react";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { ConditionEditor } from "../parts";
import { MergeNote } from "../ui/MergeNote";
import { useMerging } from "../ui/merging";
import { asProblem, problemText } from "../ui/wording";
import { LEVELS } from "../warnings/asked";
import type { Content, Problem } from "./milli";
import { Reading } from "./Reading";

type Level = Content["levels"][number];

interface Props {
  readonly start: Content;
  readonly fresh?: boolean;
  readonly busy: boolean;
  readonly error: unknown;
  readonly save: (content: Content) => void;
  readonly cancel: () => void;
}

/** Writes what a rule says. A draft may be saved with problems; it only cannot run then. */
export function RuleForm({ start, fresh = false, busy, error, save, cancel }: Props) {
  const { t, name, language } = useSpeech();
  const merging = useMerging(start);
  const { content, put, clashes } = merging;
  const words = api.useQuery("get", "/api/v1/rule-language", {}, { staleTime: Infinity });
  const changed = JSON.stringify(content) !== JSON.stringify(start);
  const amounts = (words.data?.fields ?? []).filter(
    (one) => one.kind === "fen" && (one.grain === "both" || one.grain === content.occasion),
  );
  // That somebody saved meanwhile is told by the note, with what came of it.
  const met = clashes.length + merging.taken.length > 0;
  const refused = asProblem(error);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (changed && clashes.length === 0 && !busy) save(content);
  };
  const choices = (values: readonly string[] | undefined, list: string) =>
    (values ?? []).map((one) => ({ value: one, label: name(list, one) }));
  return (
    <form className="card rule-form" onSubmit={send}>
      <div className="rule-form-columns">
        {fresh && (
          <Field label={t("rules.field_code")} hint={t("rules.field_code_hint")}>
            {(id) => (
              <Input id={id} required maxLength={40} value={content.code} onChange={(event) => put("code", event.target.value.toUpperCase())} />
            )}
          </Field>
        )}
        {(["chinese", "english", "legal_basis", "doubt_chinese", "doubt_english"] as const).map((field) => (
          <Field key={field} label={name("rule_field", field)}>
            {(id) => (
              <Input id={id} required maxLength={300} value={content[field]} onChange={(event) => put(field, event.target.value)} />
            )}
          </Field>
        ))}
        <Field label={name("rule_field", "occasion")}>
          {(id) => (
            <Select<Content["occasion"]>
              id={id}
              value={content.occasion}
              onChange={(value) => put("occasion", value)}
              options={(["movement", "day"] as const).map((one) => ({ value: one, label: name("occasion", one) }))}
            />
          )}
        </Field>
        <Field label={name("rule_field", "products")} hint={t("rules.empty_is_all")}>
          {(id) => (
            <Select
              id={id}
              mode="multiple"
              value={content.products}
              onChange={(value) => put("products", value)}
              options={choices(words.data?.products, "product")}
            />
          )}
        </Field>
        <Field label={name("rule_field", "customer_kinds")} hint={t("rules.empty_is_all")}>
          {(id) => (
            <Select
              id={id}
              mode="multiple"
              value={content.customer_kinds}
              onChange={(value) => put("customer_kinds", value)}
              options={choices(words.data?.customer_kinds, "party_kind")}
            />
          )}
        </Field>
        <Field label={name("rule_field", "amount_field")}>
          {(id) => (
            <Select
              id={id}
              allowClear
              showSearch={{ optionFilterProp: "label" }}
              value={content.amount_field || null}
              onChange={(value) => put("amount_field", value ?? "")}
              options={amounts.map((one) => ({
                value: one.name,
                label: `${language === "zh" ? one.chinese : one.english} · ${one.name}`,
              }))}
            />
          )}
        </Field>
        <Field label={name("rule_field", "owner_role")}>
          {(id) => (
            <Select
              id={id}
              value={content.owner_role}
              onChange={(value) => put("owner_role", value)}
              options={choices(words.data?.owner_roles, "role")}
            />
          )}
        </Field>
        <Field label={name("rule_field", "actions")}>
          {(id) => (
            <Select
              id={id}
              mode="multiple"
              value={content.actions}
              onChange={(value) => put("actions", value)}
              options={choices(words.data?.actions, "warning_measure")}
            />
          )}
        </Field>
      </div>
      <h3>{name("rule_field", "condition")}</h3>
      <p className="quiet small">{t("rules.condition_hint")}</p>
      <Condition
        key={`condition-${merging.turn}`}
        label={name("rule_field", "condition")}
        text={content.condition}
        occasion={content.occasion}
        change={(text) => put("condition", text)}
        reads
      />
      <h3>{name("rule_field", "levels")}</h3>
      <p className="quiet small">{t("rules.levels_hint")}</p>
      <Levels key={`levels-${merging.turn}`} levels={content.levels} occasion={content.occasion} change={(levels) => put("levels", levels)} />
      <MergeNote merging={merging} label={(field) => name("rule_field", field)} shown={(_, value) => fieldText(value, name)} />
      {error !== null && error !== undefined && !(met && refused.code === "changed_meanwhile") && (
        <Alert
          type="error"
          showIcon
          title={t("rules.not_saved")}
          description={problemText(language, error) || refused.detail || t("error.unreachable")}
        />
      )}
      <p className="rule-form-acts">
        <Button type="primary" htmlType="submit" disabled={!changed || clashes.length > 0} loading={busy}>
          {t("rules.save")}
        </Button>
        {clashes.length > 0 && <span className="quiet small">{t("merge.choose", { count: clashes.length })}</span>}
        <Button onClick={cancel}>{t("rules.cancel")}</Button>
      </p>
    </form>
  );
}

/** A field of a rule as one text. */
function fieldText(value: Content[keyof Content], name: (list: string, one: string) => string): string {
  if (typeof value === "string") return value;
  return (value ?? [])
    .map((one) => (typeof one === "string" ? one : `${name("warning_level", one.level)}: ${one.condition}`))
    .join("\n");
}

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly children: (id: string) => ReactNode;
}

function Field({ label, hint, children }: FieldProps) {
  const id = useId();
  return (
    <label className="field" htmlFor={id}>
      <span>
        {label} {hint && <span className="quiet small">{hint}</span>}
      </span>
      {children(id)}
    </label>
  );
}

interface ConditionProps {
  readonly label: string;
  readonly text: string;
  readonly occasion: Content["occasion"];
  readonly change: (text: string) => void;
  readonly reads?: boolean;
}

const NOTHING: readonly Problem[] = [];

/** The editor, what is wrong with its text, and what the text says in words. */
function Condition({ label, text, occasion, change, reads = false }: ConditionProps) {
  const { t, language } = useSpeech();
  const asked = useDeferredValue(text);
  const { data } = api.useQuery(
    "post",
    "/api/v1/rule-language/check",
    { body: { condition: asked, occasion } },
    { enabled: asked.trim() !== "", placeholderData: (before) => before },
  );
  const problems = asked.trim() === "" ? NOTHING : (data?.problems ?? NOTHING);
  return (
    <div className="condition">
      <ConditionEditor label={label} value={text} occasion={occasion} problems={problems} change={change} />
      {problems.length > 0 && (
        <ul className="condition-problems" aria-live="polite">
          {problems.map((one) => (
            <li key={`${one.start} ${one.code}`}>
              <span className="danger">
                {t("rules.at", { line: one.line, column: one.column })}
                {language === "zh" ? one.chinese : ` ${one.english}`}
              </span>
              {language === "zh" ? "。" : ". "}
              <span className="quiet">{language === "zh" ? one.remedy_chinese : one.remedy_english}</span>
            </li>
          ))}
        </ul>
      )}
      {reads && data?.reading && asked.trim() !== "" && (
        <div className="condition-reading">
          <span className="quiet small">{t("rules.in_words")}</span>
          <Reading part={data.reading} />
        </div>
      )}
    </div>
  );
}

interface LevelsProps {
  readonly levels: readonly Level[];
  readonly occasion: Content["occasion"];
  readonly change: (levels: Level[]) => void;
}

function Levels({ levels, occasion, change }: LevelsProps) {
  const { t, name } = useSpeech();
  const unused = LEVELS.filter((one) => !levels.some((other) => other.level === one));
  const sorted = (rows: Level[]) => rows.sort((one, other) => LEVELS.indexOf(one.level) - LEVELS.indexOf(other.level));
  return (
    <div className="levels">
      {levels.map((one) => (
        <div key={one.level} className="level-row">
          <span className={`level level-${one.level}`}>{name("warning_level", one.level)}</span>
          <Condition
            label={t("rules.level_condition", { level: name("warning_level", one.level) })}
            text={one.condition}
            occasion={occasion}
            change={(condition) => change(levels.map((other) => (other === one ? { ...one, condition } : other)))}
          />
          <Button
            size="small"
            disabled={levels.length === 1}
            aria-label={t("rules.level_remove", { level: name("warning_level", one.level) })}
            onClick={() => change(levels.filter((other) => other !== one))}
          >
            {t("rules.remove")}
          </Button>
        </div>
      ))}
      <span className="level-more">
        {unused.map((level) => (
          <Button key={level} size="small" onClick={() => change(sorted([...levels, { level, condition: "TRUE" }]))}>
            {t("rules.level_add", { level: name("warning_level", level) })}
          </Button>
        ))}
      </span>
    </div>
  );
}
