import type { Fen } from "../api/client";
import { useSpeech } from "../i18n";
import { exactText, fenText, listText, shortText } from "./money";

export interface Currency {
  readonly currency: string;
  readonly minor_digits: number;
}

/** Texts of amounts in one currency, in the reader's language. */
export function useMoney({ currency, minor_digits }: Currency) {
  const { language, t } = useSpeech();
  const yuan = currency === "CNY";
  const exact = (fen: Fen) => exactText(BigInt(fen), minor_digits);
  return {
    exact,
    /** With its unit. */
    full: (fen: Fen) =>
      yuan ? t("unit.yuan", { amount: exact(fen) }) : t("unit.exact_other", { amount: exact(fen), currency }),
    /** For a hover: every fen. */
    hover: (fen: Fen) =>
      yuan
        ? t("unit.exact", { amount: exact(fen), fen: fenText(BigInt(fen)) })
        : t("unit.exact_other", { amount: exact(fen), currency }),
    list: (fen: Fen) => listText(BigInt(fen), minor_digits, language) + (yuan ? "" : ` ${currency}`),
    short: (fen: Fen) => {
      if (!yuan) return t("unit.exact_other", { amount: exact(fen), currency });
      const { unit, text } = shortText(BigInt(fen), minor_digits, language);
      return t(`unit.${unit}`, { amount: text });
    },
  };
}

interface Props extends Currency {
  readonly fen: Fen;
  readonly form: "exact" | "full" | "list" | "short";
}

/** An amount; the exact fen are one hover away. */
export function Amount({ fen, form, currency, minor_digits }: Props) {
  const money = useMoney({ currency, minor_digits });
  return (
    <span className="amount" title={money.hover(fen)}>
      {money[form](fen)}
    </span>
  );
}
