/** A part of a whole in percent, one digit behind the point; what is not nothing is never shown as 0%. */
export function ppmText(part: number, whole: number): string {
  if (whole <= 0 || part <= 0) return "0%";
  const tenths = Math.round((part * 1_000) / whole);
  return tenths === 0 ? "<0.1%" : `${(tenths / 10).toFixed(1)}%`;
}
