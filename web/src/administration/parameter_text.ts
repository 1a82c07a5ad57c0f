import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { exactText } from "../ui/money";

type Row = Schemas["ParameterRow"];
type Period = Schemas["ParameterPeriod"];

const PPM_DIGITS = 4;
const PERMILLE_DIGITS = 1;
const ZEROS = /\.?0+$/;
const SHOWN = 4;

/** The lists that names in a parameter belong to; the first that knows a name says it. */
const LISTS = ["use", "pattern", "role", "warning_measure", "false_alarm", "basis", "relation"] as const;

/** The value of a parameter in words: with its unit, and whether the threshold itself counts. */
export function useParameterText(): (row: Row, period: Period) => string {
  const { t, name } = useSpeech();
  const word = (one: string) => {
    for (const list of LISTS) {
      const text = name(list, one);
      if (text !== one) return text;
    }
    return one;
  };
  const number = (unit: string, value: string): string => {
    switch (unit) {
      case "count":
        return exactText(BigInt(value), 0);
      case "fen":
        return t("unit.yuan", { amount: exactText(BigInt(value), 2).replace(/\.00$/, "") });
      case "usd_cent":
        return t("unit.exact_other", { amount: exactText(BigInt(value), 2).replace(/\.00$/, ""), currency: "USD" });
      case "ppm":
        return `${exactText(BigInt(value), PPM_DIGITS).replace(ZEROS, "")}%`;
      case "permille":
        return `${exactText(BigInt(value), PERMILLE_DIGITS).replace(ZEROS, "")}%`;
      default:
        return t("admin.with_unit", { value: exactText(BigInt(value), 0), unit: name("parameter_unit", unit) });
    }
  };
  return (row, period) => {
    if (period.number === null) {
      const words = period.names.map(word);
      return words.length > SHOWN
        ? t("admin.names_more", { names: words.slice(0, SHOWN).join(t("app.comma")), count: words.length })
        : words.join(t("app.comma"));
    }
    const text = number(row.unit, period.number);
    return period.inclusive ? text : t("admin.beyond", { value: text });
  };
}
