import { drawnShare, type Flow } from "./tones";

export const THICKEST = 13;
const THINNEST = 1.25;

/** How thick an edge is drawn, in pixels: in proportion to its amount, never too thin to see. */
export function lineWidth(amountFen: string, wholeFen: string): number {
  return Math.max(THINNEST, THICKEST * drawnShare(amountFen, wholeFen));
}

/** The amount that the thickest line stands for: the loan, or more where money went round. */
export function widestFen(flow: Flow): string {
  const fen = flow.edges.map((edge) => BigInt(edge.amount_fen));
  return [...fen, BigInt(flow.disbursed_fen)].reduce((most, one) => (one > most ? one : most), 0n).toString();
}

/** Amounts that explain the thickness of lines, with it in pixels; none where nothing moved. */
export function scaleOf(flow: Flow): { readonly fen: string; readonly thickness: number }[] {
  const widest = widestFen(flow);
  const whole = BigInt(widest);
  if (whole === 0n) return [];
  return [whole, whole / 4n, whole / 20n].map((part) => {
    const fen = part.toString();
    return { fen, thickness: lineWidth(fen, widest) };
  });
}
