import { Button, Tag } from "antd";
import { type Key, useSpeech } from "../i18n";
import { CHOSEN, type Change, type Chosen, conditionCount, type ListState, SINGLE, type Single } from "./address";
import { amountText } from "./amounts";
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
  if (conditionCount(state) === 0) return null;
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
  const label = (field: string) => t(`loans.chip.${field}` as Key);
  const chip = (field: string, text: string) => (
    <Tag
      key={field}
      closable={{ "aria-label": t("loans.chip.lift", { what: label(field) }) }}
      onClose={(event) => {
        event.preventDefault();
        change({ [field]: "" });
      }}
    >
      <span className="quiet">{label(field)}</span> {text}
    </Tag>
  );
  return (
    <div className="chips" aria-label={t("loans.chips")} role="group">
      {state.suspected && chip("suspected", t("loans.chip.yes"))}
      {CHOSEN.filter((field) => state.many[field].length > 0).map((field) =>
        chip(field, state.many[field].map((value) => word(field, value)).join(t("loans.chip.or"))),
      )}
      {SINGLE.filter((field) => state.one[field] !== "").map((field) => chip(field, single(field, state.one[field])))}
      <Button type="link" size="small" onClick={clear}>
        {t("loans.clear_all")}
      </Button>
    </div>
  );
}
