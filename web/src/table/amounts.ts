import type { Language } from "../i18n";

// A filter's amounts are typed in the unit of the list: 万元 in Chinese, thousands in English.
const ZEROS: Readonly<Record<Language, number>> = { zh: 4, en: 3 };
const FEN_DIGITS = 2;
const FEN_MAX_DIGITS = 18;

/** Fen of a plain decimal number of the list's unit; null when it is none, or finer than a fen. */
export function amountFen(text: string, language: Language): string | null {
  const found = /^(\d+)(?:\.(\d+))?$/.exec(text.trim().replaceAll(",", "").replaceAll("，", ""));
  if (!found) return null;
  const places = ZEROS[language] + FEN_DIGITS;
  const part = (found[2] ?? "").replace(/0+$/, "");
  if (part.length > places) return null;
  const fen = BigInt((found[1] ?? "") + part.padEnd(places, "0")).toString();
  return fen.length <= FEN_MAX_DIGITS ? fen : null;
}

/** The same amount as it is typed, with no more digits than it needs. */
export function amountText(fen: bigint, language: Language): string {
  const places = ZEROS[language] + FEN_DIGITS;
  const digits = fen.toString().padStart(places + 1, "0");
  const part = digits.slice(-places).replace(/0+$/, "");
  return digits.slice(0, -places) + (part ? `.${part}` : "");
}
