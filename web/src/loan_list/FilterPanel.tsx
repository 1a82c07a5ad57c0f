import { InputNumber } from "antd";
import { api, type Schemas } from "../api/client";
import { type Key, useSpeech } from "../i18n";
import { AmountInput, DayInput, Field, ManySelect, Range, UnitSelect } from "../table/fields";
import { useUnitName } from "../ui/unit";
import type { Change, Chosen, ListState, Single } from "./address";

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
  const { t, name } = useSpeech();
  const unitName = useUnitName();
  const { data: choices, isLoading } = useChoices();
  const many = ([field, of]: (typeof LISTS)[number]) => (
    <ManySelect
      key={field}
      label={t(`loans.filter.${field}` as Key)}
      options={(choices ? of(choices) : []).map((one) => ({
        value: one.value,
        name: name(WORDS[field], one.value),
        count: one.loan_count,
      }))}
      value={state.many[field]}
      change={(values) => change({ [field]: values })}
      busy={isLoading}
    />
  );
  const bound = (field: Single, key: Key) => ({
    label: t(key),
    value: state.one[field],
    change: (value: string) => change({ [field]: value }),
  });
  return (
    <section id={id} className="card filter-panel" aria-label={t("table.filters")}>
      {LISTS.slice(0, 2).map(many)}
      <UnitSelect
        label={t("loans.filter.unit")}
        options={(choices?.units ?? []).map((one) => ({
          value: one.value,
          name: unitName(one.value, one.name),
          count: one.loan_count,
          parent: one.parent,
        }))}
        value={state.many.unit}
        change={(values) => change({ unit: values })}
        busy={isLoading}
      />
      <ManySelect
        label={t("loans.filter.manager")}
        options={(choices?.managers ?? []).map((one) => ({ value: one.value, name: one.name, count: one.loan_count }))}
        value={state.many.manager}
        change={(values) => change({ manager: values })}
        busy={isLoading}
      />
      {LISTS.slice(2).map(many)}
      <Field label={t("loans.filter.seen_below")}>
        {(label) => (
          <InputNumber
            aria-label={label}
            min={1}
            max={100}
            precision={0}
            suffix="%"
            placeholder={t("table.filter.any")}
            value={state.one.seen_below === "" ? null : Number(state.one.seen_below)}
            onChange={(value) => change({ seen_below: value === null ? "" : String(value) })}
            changeOnWheel={false}
          />
        )}
      </Field>
      <Range label={t("loans.filter.amount", { unit: t("unit.list") })}>
        <AmountInput {...bound("amount_from", "loans.filter.amount_from")} />
        <AmountInput {...bound("amount_to", "loans.filter.amount_to")} />
      </Range>
      <Range label={t("loans.filter.issued")} wide>
        <DayInput {...bound("issued_from", "loans.filter.issued_from")} />
        <DayInput {...bound("issued_to", "loans.filter.issued_to")} />
      </Range>
      {isLoading ? null : !choices && <p className="quiet small">{t("loans.filter.no_choices")}</p>}
    </section>
  );
}
