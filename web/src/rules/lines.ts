export interface Line {
  readonly kind: "same" | "old" | "new";
  readonly text: string;
}

/** The lines of both texts in order: those that stayed once, of a change the old ones before the new. */
export function linesChanged(before: readonly string[], after: readonly string[]): Line[] {
  // common[i][j]: how many lines the rests of both from i and j on have in common.
  const common = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      common[i]![j] = before[i] === after[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  }
  const found: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      found.push({ kind: "same", text: before[i]! });
      i += 1;
      j += 1;
    } else if (i < before.length && (j === after.length || common[i + 1]![j]! >= common[i]![j + 1]!)) {
      found.push({ kind: "old", text: before[i]! });
      i += 1;
    } else {
      found.push({ kind: "new", text: after[j]! });
      j += 1;
    }
  }
  return found;
}
