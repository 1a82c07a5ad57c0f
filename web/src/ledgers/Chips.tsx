import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { amountText } from "../table/amounts";
import { type Chip, Chips as ChipRow } from "../table/Chips";
import { percentText } from "../ui/money";
import { type Change, type Column, ENDS, filtersOf, type Ledger, type LedgerState } from "./address";
import { useNaming, useTold } from "./words";

interface Props {
  readonly ledger: Ledger;
  readonly state: LedgerState;
  readonly labels: Schemas["LedgerPage"]["labels"] | undefined;
  readonly change: Change;
  readonly clear: () => void;
}

/** The conditions that hold, in words; each can be lifted. */
export function Chips({ ledger, state, labels, change, clear }: Props) {
  const { t, language } = useSpeech();
  const told = useTold();
  const named = useNaming(labels);
  const bound = (column: Column, value: string) => {
    if (column.kind === "amount") return `${amountText(BigInt(value), language)} ${t("unit.list")}`;
    return column.kind === "share" || column.kind === "rate" ? percentText(Number(value)) : value;
  };
  const chips = filtersOf(ledger).flatMap((column): Chip[] => {
    const label = told(column);
    switch (column.filter) {
      case "choice":
      case "within": {
        const values = state.many[column.field] ?? [];
        if (values.length === 0) return [];
        return [{ field: column.field, label, text: values.map((value) => named(column, value)).join(t("table.chip.or")) }];
      }
      case "range":
        return ENDS.flatMap((end): Chip[] => {
          const field = `${column.field}${end}`;
          const value = state.bounds[field];
          return value ? [{ field, label, text: `${end === "_from" ? "≥" : "≤"} ${bound(column, value)}` }] : [];
        });
      default:
        return state.flags.includes(column.field) ? [{ field: column.field, label, text: t("ledger.yes") }] : [];
    }
  });
  return <ChipRow chips={chips} lift={(field) => change({ [field]: "" })} clear={clear} />;
}
