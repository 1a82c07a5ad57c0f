import { drawnShare } from "./tones";

export const THICKEST = 16;
const THINNEST = 1.25;

/** How thick an edge is drawn, in pixels: in proportion to its amount, never too thin to see. */
export function lineWidth(amountFen: string, wholeFen: string): number {
  return Math.max(THINNEST, THICKEST * drawnShare(amountFen, wholeFen));
}
