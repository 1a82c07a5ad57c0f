import { Input, InputNumber, Select, TreeSelect } from "antd";
import { type ReactNode, useEffect, useId, useState } from "react";
import { api, type Schemas } from "../api/client";
import { type Key, useSpeech } from "../i18n";
import { DayPicker } from "../ui/DayPicker";
import { useUnitName } from "../ui/unit";
import type { Change, Chosen, ListState, Single } from "./address";
import { amountFen, amountText } from "./amounts";

export type Choices = Schemas["LoanChoices"];

const CHOICES_STALE_MS = 300_000;

/** What occurs in the books; a filter without it still stands in the address and holds. */
export function useChoices() {
  return api.useQuery("get", "/api/v1/loan-choices", {}, { staleTime: CHOICES_STALE_MS });
}

/** The words of the values of each condition. */
export const WORDS: Readonly<Record<Exclude<Chosen, "unit" | "manager">, string>> = {
  product: "product",
  borrower_kind: "party_kind",
  state: "state",
  five_class: "five_class",
  grant_kind: "grant_kind",
  pattern: "pattern",
  main_pattern: "pattern",
  suspected_class: "use",
};

const LISTS: readonly (readonly [keyof typeof WORDS, (choices: Choices) => readonly Schemas["Choice"][]])[] = [
  ["product", (choices) => choices.products],
  ["borrower_kind", (choices) => choices.borrower_kinds],
  ["state", (choices) => choices.states],
  ["five_class", (choices) => choices.five_classes],
  ["grant_kind", (choices) => choices.grant_kinds],
  ["pattern", (choices) => choices.patterns],
  ["suspected_class", (choices) => choices.suspected_classes],
];

interface Props {
  readonly id: string;
  readonly state: ListState;
  readonly change: Change;
}

export function FilterPanel({ id, state, change }: Props) {
  const { t } = useSpeech();
  const unitName = useUnitName();
  const { data: choices, isLoading } = useChoices();
  const count = (many: number) => many.toLocaleString("en");
  return (
    <section id={id} className="card filter-panel" aria-label={t("loans.filters")}>
      {LISTS.slice(0, 2).map(([field, of]) => (
        <Many key={field} field={field} options={of} state={state} change={change} choices={choices} busy={isLoading} />
      ))}
      <Field label={t("loans.filter.unit")}>
        {(label) => (
          <TreeSelect
            aria-label={label}
            multiple
            allowClear
            showSearch={{ treeNodeFilterProp: "name" }}
            treeDefaultExpandAll
            loading={isLoading}
            maxTagCount="responsive"
            placeholder={t("loans.filter.any")}
            value={[...state.many.unit]}
            onChange={(values: string[]) => change({ unit: values })}
            treeNodeLabelProp="name"
            treeData={unitTree((choices?.units ?? []).map((unit) => ({ ...unit, name: unitName(unit.value, unit.name) })), (unit) => `${unit.name}（${count(unit.loan_count)}）`)}
            popupMatchSelectWidth={360}
          />
        )}
      </Field>
      <Field label={t("loans.filter.manager")}>
        {(label) => (
          <Select
            aria-label={label}
            mode="multiple"
            allowClear
            loading={isLoading}
            maxTagCount="responsive"
            placeholder={t("loans.filter.any")}
            showSearch={{ optionFilterProp: "name" }}
            optionLabelProp="name"
            value={[...state.many.manager]}
            onChange={(values: string[]) => change({ manager: values })}
            options={(choices?.managers ?? []).map((one) => ({
              value: one.value,
              name: one.name,
              label: `${one.name}（${count(one.loan_count)}）`,
            }))}
          />
        )}
      </Field>
      {LISTS.slice(2).map(([field, of]) => (
        <Many key={field} field={field} options={of} state={state} change={change} choices={choices} busy={isLoading} />
      ))}
      <Field label={t("loans.filter.seen_below")}>
        {(label) => (
          <InputNumber
            aria-label={label}
            min={1}
            max={100}
            precision={0}
            suffix="%"
            placeholder={t("loans.filter.any")}
            value={state.one.seen_below === "" ? null : Number(state.one.seen_below)}
            onChange={(value) => change({ seen_below: value === null ? "" : String(value) })}
            changeOnWheel={false}
          />
        )}
      </Field>
      <Range label={t("loans.filter.amount", { unit: t("unit.list") })}>
        <AmountInput field="amount_from" label={t("loans.filter.amount_from")} state={state} change={change} />
        <AmountInput field="amount_to" label={t("loans.filter.amount_to")} state={state} change={change} />
      </Range>
      <Range label={t("loans.filter.issued")} wide>
        <DayInput field="issued_from" label={t("loans.filter.issued_from")} state={state} change={change} />
        <DayInput field="issued_to" label={t("loans.filter.issued_to")} state={state} change={change} />
      </Range>
      {isLoading ? null : !choices && <p className="quiet small">{t("loans.filter.no_choices")}</p>}
    </section>
  );
}

function Field({ label, children }: { readonly label: string; readonly children: (label: string) => ReactNode }) {
  return (
    <div className="filter-field">
      <span className="filter-label">{label}</span>
      {children(label)}
    </div>
  );
}

interface RangeProps {
  readonly label: string;
  readonly wide?: boolean;
  readonly children: ReactNode;
}

function Range({ label, wide = false, children }: RangeProps) {
  const id = useId();
  return (
    <div className={wide ? "filter-field filter-wide" : "filter-field"} role="group" aria-labelledby={id}>
      <span className="filter-label" id={id}>
        {label}
      </span>
      <span className="filter-range">{children}</span>
    </div>
  );
}

interface ManyProps {
  readonly field: keyof typeof WORDS;
  readonly options: (choices: Choices) => readonly Schemas["Choice"][];
  readonly choices: Choices | undefined;
  readonly state: ListState;
  readonly change: Change;
  readonly busy: boolean;
}

function Many({ field, options, choices, state, change, busy }: ManyProps) {
  const { t, name } = useSpeech();
  return (
    <Field label={t(`loans.filter.${field}` as Key)}>
      {(label) => (
        <Select
          aria-label={label}
          mode="multiple"
          allowClear
          loading={busy}
          maxTagCount="responsive"
          placeholder={t("loans.filter.any")}
          showSearch={{ optionFilterProp: "name" }}
          optionLabelProp="name"
          popupMatchSelectWidth={false}
          value={[...state.many[field]]}
          onChange={(values: string[]) => change({ [field]: values })}
          options={(choices ? options(choices) : []).map((one) => ({
            value: one.value,
            name: name(WORDS[field], one.value),
            label: `${name(WORDS[field], one.value)}（${one.loan_count.toLocaleString("en")}）`,
          }))}
        />
      )}
    </Field>
  );
}

interface SingleProps {
  readonly field: Single;
  readonly label: string;
  readonly state: ListState;
  readonly change: Change;
}

function AmountInput({ field, label, state, change }: SingleProps) {
  const { t, language } = useSpeech();
  const fen = state.one[field];
  const shown = fen === "" ? "" : amountText(BigInt(fen), language);
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const parsed = text.trim() === "" ? "" : amountFen(text, language);
  return (
    <Input
      aria-label={label}
      placeholder={label}
      inputMode="decimal"
      value={text}
      status={parsed === null ? "error" : ""}
      title={parsed === null ? t("loans.filter.amount_wrong") : ""}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => parsed !== null && parsed !== fen && change({ [field]: parsed })}
      onPressEnter={() => parsed !== null && change({ [field]: parsed })}
    />
  );
}

function DayInput({ field, label, state, change }: SingleProps) {
  return (
    <DayPicker label={label} placeholder={label} value={state.one[field]} change={(day) => change({ [field]: day })} />
  );
}

interface UnitNode {
  readonly value: string;
  readonly name: string;
  readonly title: string;
  readonly children: UnitNode[];
}

/** Units below the units that they belong to; one whose parent is not there stands at the top. */
function unitTree(units: readonly Schemas["UnitChoice"][], title: (unit: Schemas["UnitChoice"]) => string): UnitNode[] {
  const nodes = new Map<string, UnitNode>(
    units.map((unit) => [unit.value, { value: unit.value, name: unit.name, title: title(unit), children: [] }]),
  );
  const top: UnitNode[] = [];
  for (const unit of units) {
    const node = nodes.get(unit.value);
    if (node) (nodes.get(unit.parent ?? "")?.children ?? top).push(node);
  }
  return top;
}
