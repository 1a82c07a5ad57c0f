import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useUnitName } from "../ui/unit";
import type { Column } from "./address";

type Labels = Schemas["LedgerPage"]["labels"];

/** What a value of a column is called: by the books or a standard, else by the lists of words of the page. */
export function useNaming(labels: Labels | undefined): (column: Column, value: string) => string {
  const { name, language } = useSpeech();
  const unitName = useUnitName();
  return (column, value) => {
    const label = labels?.[column.words]?.[value];
    const told = label && (language === "zh" ? label.chinese : label.english);
    if (column.words === "unit") return unitName(value, told ?? value);
    if (told !== undefined) return told;
    if (value === "none" && column.filter === "within") return name("ledger", "none");
    return column.words ? name(column.words === "rule" ? "pattern" : column.words, value) : value;
  };
}

/** A text of a description in the reader's language. */
export function useTold(): <T extends { readonly chinese: string; readonly english: string }>(one: T) => string {
  const { language } = useSpeech();
  return (one) => (language === "zh" ? one.chinese : one.english);
}
