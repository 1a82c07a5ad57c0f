import { Checkbox } from "antd";
import { useQuery } from "@tanstack/react-query";
import { type Schemas, fetcher } from "../api/client";
import { useSpeech } from "../i18n";
import { AmountInput, DayInput, ManySelect, NumberInput, Range, UnitSelect } from "../table/fields";
import { type Change, type Column, ENDS, filtersOf, type Ledger, type LedgerState } from "./address";
import { useNaming, useTold } from "./words";

const CHOICES_STALE_MS = 300_000;
const PERCENT_PPM = 10_000;
const RATE_MOST_PERCENT = 100;

/** The values that occur in a ledger; a filter without them still stands in the address and holds. */
function useChoices(ledger: Ledger) {
  return useQuery({
    queryKey: ["ledger choices", ledger.name],
    staleTime: CHOICES_STALE_MS,
    queryFn: async ({ signal }): Promise<Schemas["LedgerChoices"]> => {
      const { data, error } = await fetcher.GET(`/api/v1/ledgers/${ledger.name}/choices`, { signal });
      if (!data) throw error;
      return data;
    },
  });
}

interface Props {
  readonly id: string;
  readonly ledger: Ledger;
  readonly state: LedgerState;
  readonly change: Change;
}

export function FilterPanel({ id, ledger, state, change }: Props) {
  const { t } = useSpeech();
  const told = useTold();
  const { data: choices, isLoading } = useChoices(ledger);
  const named = useNaming(undefined);
  const options = (column: Column) =>
    (choices?.fields[column.field] ?? []).map((one) => ({
      value: one.value,
      name: one.label ? (column.words === "unit" ? named(column, one.value) : told(one.label)) : named(column, one.value),
      count: one.row_count,
      parent: one.parent,
    }));
  const filters = filtersOf(ledger).filter((column) => ledger.columns.includes(column));
  const flags = filters.filter((column) => column.filter === "flag");
  return (
    <section id={id} className="card filter-panel" aria-label={t("table.filters")}>
      {filters.map((column) => {
        const value = state.many[column.field] ?? [];
        const choose = (values: string[]) => change({ [column.field]: values });
        if (column.filter === "choice") {
          const Select = column.kind === "unit" ? UnitSelect : ManySelect;
          return (
            <Select
              key={column.field}
              label={column.kind === "unit" ? t("ledger.unit_below", { title: told(column) }) : told(column)}
              options={withChosen(column, unitNames(column, choices, options(column)), value, named)}
              value={value}
              change={choose}
              busy={isLoading}
            />
          );
        }
        return column.filter === "range" ? (
          <Bounds key={column.field} column={column} title={told(column)} state={state} change={change} />
        ) : null;
      })}
      {flags.length > 0 && (
        <div className="filter-flags" role="group" aria-label={t("ledger.only")}>
          {flags.map((column) => (
            <Checkbox
              key={column.field}
              checked={state.flags.includes(column.field)}
              onChange={(event) => change({ [column.field]: event.target.checked ? "true" : "" })}
            >
              {told(column)}
            </Checkbox>
          ))}
        </div>
      )}
    </section>
  );
}

type Offered = { readonly value: string; readonly name: string; readonly count: number; readonly parent: string | null };

/** Units are called as the bank calls them. */
function unitNames(column: Column, choices: Schemas["LedgerChoices"] | undefined, offered: readonly Offered[]): readonly Offered[] {
  if (column.kind !== "unit") return offered;
  const names = new Map((choices?.fields[column.field] ?? []).map((one) => [one.value, one.label?.chinese]));
  return offered.map((one) => ({ ...one, name: names.get(one.value) ?? one.name }));
}

/** What is chosen has its name before the values are read, and when no row has it. */
function withChosen(
  column: Column,
  offered: readonly Offered[],
  chosen: readonly string[],
  named: (column: Column, value: string) => string,
): readonly Offered[] {
  const missing = chosen.filter((value) => !offered.some((one) => one.value === value));
  return [...offered, ...missing.map((value) => ({ value, name: named(column, value), count: 0, parent: null }))];
}

interface BoundsProps {
  readonly column: Column;
  readonly title: string;
  readonly state: LedgerState;
  readonly change: Change;
}

/** From and to of a column. */
function Bounds({ column, title, state, change }: BoundsProps) {
  const { t } = useSpeech();
  const [low, high] = ENDS.map((end) => ({
    value: state.bounds[`${column.field}${end}`] ?? "",
    change: (value: string) => change({ [`${column.field}${end}`]: value }),
  })) as [{ value: string; change: (value: string) => void }, { value: string; change: (value: string) => void }];
  switch (column.kind) {
    case "amount":
      return (
        <Range label={t("ledger.in_unit", { title, unit: t("unit.list") })}>
          <AmountInput label={t("ledger.least")} {...low} />
          <AmountInput label={t("ledger.most")} {...high} />
        </Range>
      );
    case "day":
    case "instant":
      return (
        <Range label={title} wide>
          <DayInput label={t("ledger.from", { title })} {...low} />
          <DayInput label={t("ledger.to", { title })} {...high} />
        </Range>
      );
    default: {
      const percent = column.kind === "share" || column.kind === "rate";
      const more = percent ? { suffix: "%", times: PERCENT_PPM, ...(column.kind === "rate" ? { most: RATE_MOST_PERCENT } : {}) } : {};
      return (
        <Range label={title}>
          <NumberInput label={t("ledger.least")} {...more} {...low} />
          <NumberInput label={t("ledger.most")} {...more} {...high} />
        </Range>
      );
    }
  }
}
