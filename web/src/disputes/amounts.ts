/** Fen of a plain decimal text such as `1,234.5`, as decimal text; null where it is no amount above zero. */
export function fenOf(text: string, digits: number): string | null {
  const found = /^(\d{1,16})(?:\.(\d+))?$/.exec(text.trim().replace(/[,，\s]/g, ""));
  if (!found) return null;
  const parts = found[2] ?? "";
  if (parts.length > digits) return null;
  const fen = BigInt((found[1] ?? "") + parts.padEnd(digits, "0"));
  return fen > 0n ? fen.toString() : null;
}
