import { type Key, useSpeech } from "../i18n";
import { amountText } from "../table/amounts";
import { type Chip, Chips as ChipRow } from "../table/Chips";
import { CHOSEN, type Change, type Chosen, type ListState, SINGLE, type Single } from "./address";
import { useChoices, WORDS } from "./FilterPanel";

interface Props {
  readonly state: ListState;
  readonly change: Change;
  readonly clear: () => void;
}

/** The conditions that hold, in words; each can be lifted. */
export function Chips({ state, change, clear }: Props) {
  const { t, name, language } = useSpeech();
  const { data: choices } = useChoices();
  const word = (field: Chosen, value: string) => {
    if (field === "unit") return choices?.units.find((one) => one.value === value)?.name ?? value;
    if (field === "manager") return choices?.managers.find((one) => one.value === value)?.name ?? value;
    return name(WORDS[field], value);
  };
  const single = (field: Single, value: string) => {
    if (field === "seen_below") return `< ${value}%`;
    const bound = field.endsWith("_from") ? "≥" : "≤";
    return field.startsWith("amount") ? `${bound} ${amountText(BigInt(value), language)} ${t("unit.list")}` : `${bound} ${value}`;
  };
  const chip = (field: string, text: string): Chip => ({ field, label: t(`loans.chip.${field}` as Key), text });
  const chips = [
    ...(state.suspected ? [chip("suspected", t("loans.chip.yes"))] : []),
    ...CHOSEN.filter((field) => state.many[field].length > 0).map((field) =>
      chip(field, state.many[field].map((value) => word(field, value)).join(t("table.chip.or"))),
    ),
    ...SINGLE.filter((field) => state.one[field] !== "").map((field) => chip(field, single(field, state.one[field]))),
  ];
  return <ChipRow chips={chips} lift={(field) => change({ [field]: "" })} clear={clear} />;
}
