import { useSpeech } from "../i18n";
import { exactText } from "../ui/money";

/** A value as it is told anywhere: a whole number of the unit as text, or names. */
export interface ParameterValue {
  readonly number: string | null;
  readonly names: readonly string[];
  readonly inclusive: boolean;
}

/** Digits behind the point in the unit that people read: yuan for fen, percent for millionths. */
export const DIGITS: Readonly<Record<string, number>> = { fen: 2, usd_cent: 2, ppm: 4, permille: 1 };
const ZEROS = /\.?0+$/;
const SHOWN = 4;
const TYPED = /^\d{1,13}(?:\.\d+)?$/;

/** The lists that names in a parameter belong to; the first that knows a name says it. */
const LISTS = ["use", "pattern", "role", "warning_measure", "false_alarm", "basis", "relation"] as const;

/** Values of parameters in words. */
export function useParameterText() {
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
      case "permille":
        return `${exactText(BigInt(value), DIGITS[unit] ?? 0).replace(ZEROS, "")}%`;
      default:
        return t("admin.with_unit", { value: exactText(BigInt(value), 0), unit: name("parameter_unit", unit) });
    }
  };
  const told = (unit: string, value: ParameterValue, most: number): string => {
    if (value.number === null) {
      const words = value.names.map(word);
      return words.length > most
        ? t("admin.names_more", { names: words.slice(0, most).join(t("app.comma")), count: words.length })
        : words.join(t("app.comma"));
    }
    const text = number(unit, value.number);
    return value.inclusive ? text : t("admin.beyond", { value: text });
  };
  return {
    word,
    /** With its unit, and whether the threshold itself counts; of a long list the first. */
    short: (unit: string, value: ParameterValue): string => told(unit, value, SHOWN),
    /** All of it. */
    whole: (unit: string, value: ParameterValue): string => told(unit, value, Number.POSITIVE_INFINITY),
    /** What a number is typed in. */
    typedUnit: (unit: string): string => {
      if (unit === "fen") return t("admin.unit_yuan");
      if (unit === "usd_cent") return "USD";
      if (unit === "ppm" || unit === "permille") return "%";
      return unit === "count" ? "" : name("parameter_unit", unit);
    },
  };
}

/** A number as it is typed (yuan, percent, days) as a whole number of the parameter's unit; null where it is none. */
export function numberOf(typed: string, unit: string): string | null {
  const text = typed.replaceAll(",", "").trim();
  const digits = DIGITS[unit] ?? 0;
  if (!TYPED.test(text)) return null;
  const [whole = "", part = ""] = text.split(".");
  if (part.replace(/0+$/, "").length > digits) return null;
  return BigInt(whole + part.slice(0, digits).padEnd(digits, "0")).toString();
}

/** A whole number of the unit as it is typed. */
export function typedOf(number: string, unit: string): string {
  const digits = DIGITS[unit] ?? 0;
  const text = exactText(BigInt(number), digits).replaceAll(",", "");
  return digits > 0 ? text.replace(ZEROS, "") : text;
}
