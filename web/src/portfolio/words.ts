import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useUnitName } from "../ui/unit";
import type { By } from "./address";

export const NONE = "none";
const WORDS: Readonly<Partial<Record<By, string>>> = { product: "product", class: "five_class", level: "warning_level" };

interface Named {
  readonly value: string;
  readonly label?: Schemas["Label"] | null;
}

/** What a group is called. */
export function useGroupName(): (by: By, group: Named) => string {
  const { t, name, language } = useSpeech();
  const unitName = useUnitName();
  return (by, { value, label }) => {
    if (label) {
      const told = language === "zh" ? label.chinese : label.english;
      return by === "unit" ? unitName(value, told) : told;
    }
    if (value === NONE) return t(by === "level" ? "portfolio.no_warning" : by === "industry" ? "portfolio.no_industry" : "portfolio.not_recorded");
    const list = WORDS[by];
    return list ? name(list, value) : value;
  };
}
