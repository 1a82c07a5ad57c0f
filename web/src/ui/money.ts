import type { Language } from "../i18n";

// Amounts come as fen in decimal text and are counted as BigInt: no float touches one.

const THOUSANDS = /\B(?=(\d{3})+(?!\d))/g;

function power(digits: number): bigint {
  return 10n ** BigInt(digits);
}

/** `units` of 10^-digits, in plain decimal text with thousands separators. */
function decimalText(units: bigint, digits: number): string {
  const sign = units < 0n ? "-" : "";
  const size = units < 0n ? -units : units;
  const whole = (size / power(digits)).toString().replace(THOUSANDS, ",");
  const part = (size % power(digits)).toString().padStart(digits, "0");
  return digits > 0 ? `${sign}${whole}.${part}` : `${sign}${whole}`;
}

/** Divides, rounding halves away from zero. */
function divide(value: bigint, by: bigint): bigint {
  const half = by / 2n;
  return value < 0n ? -((-value + half) / by) : (value + half) / by;
}

/** Major units, exact: 123456789 fen is 1,234,567.89. */
export function exactText(fen: bigint, minorDigits: number): string {
  return decimalText(fen, minorDigits);
}

/** Whole fen with thousands separators. */
export function fenText(fen: bigint): string {
  return decimalText(fen, 0);
}

/** The unit of amounts in lists: 10,000 in Chinese, 1,000 in English, with `digits` behind the point. */
export function listText(fen: bigint, minorDigits: number, language: Language): string {
  const [zeros, digits] = language === "zh" ? [4, 2] : [3, 1];
  return decimalText(divide(fen, power(minorDigits + zeros - digits)), digits);
}

export interface Short {
  readonly unit: "large" | "middle" | "yuan";
  readonly text: string;
}

/** An amount at a glance: 亿元 or 万元 in Chinese, billion or million in English, small ones exact. */
export function shortText(fen: bigint, minorDigits: number, language: Language): Short {
  const size = fen < 0n ? -fen : fen;
  const [large, middle] = language === "zh" ? [8, 4] : [9, 6];
  const scaled = (zeros: number) => decimalText(divide(fen, power(minorDigits + zeros - 2)), 2);
  if (size >= power(minorDigits + large)) return { unit: "large", text: scaled(large) };
  if (size >= power(minorDigits + middle)) return { unit: "middle", text: scaled(middle) };
  return { unit: "yuan", text: exactText(fen, minorDigits) };
}

/** Share of `part` in `whole`, in ten-thousandths; 0 when there is no whole. */
export function shareBasisPoints(part: bigint, whole: bigint): number {
  return whole > 0n ? Number(divide(part * 10_000n, whole)) : 0;
}

/** 1234 ten-thousandths are 12.3%; what is not nothing is never shown as 0%, what is not all never as 100%. */
export function shareText(part: bigint, whole: bigint): string {
  const points = shareBasisPoints(part, whole);
  if (part > 0n && points < 10) return "<0.1%";
  if (part < whole && points > 9_990) return ">99.9%";
  return `${decimalText(divide(BigInt(points), 10n), 1).replace(/\.0$/, "")}%`;
}

const PPM_DIGITS = 4;

/** 123456 millionths are 12.3%; what is not nothing is never shown as 0%. */
export function percentText(ppm: number): string {
  if (ppm > 0 && ppm < 1_000) return "<0.1%";
  return `${(ppm / 10 ** PPM_DIGITS).toFixed(1)}%`;
}

/** 43500 millionths a year are 4.35%. */
export function rateText(ppm: number): string {
  const text = (ppm / 10 ** PPM_DIGITS).toFixed(PPM_DIGITS).replace(/0{1,2}$/, "");
  return `${text}%`;
}
