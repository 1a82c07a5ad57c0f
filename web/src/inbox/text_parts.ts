/** A piece of a text; `changed`: the other text lacks it. */
export interface TextPart {
  readonly text: string;
  readonly changed: boolean;
}

const WORDS = /[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu;
const IDEOGRAPHS = /\p{Script=Han}/u;
/** Longer differences are shown as one: to compare them word by word takes the square of their length. */
const MOST = 1_000;

function wordsOf(text: string): readonly string[] {
  return (text.match(WORDS) ?? []).flatMap((word) => (IDEOGRAPHS.test(word) ? [...word] : [word]));
}

function joined(words: readonly string[], changed: readonly boolean[]): readonly TextPart[] {
  const parts: { text: string; changed: boolean }[] = [];
  words.forEach((word, place) => {
    const last = parts.at(-1);
    const is = changed[place] ?? false;
    if (last && last.changed === is) last.text += word;
    else parts.push({ text: word, changed: is });
  });
  return parts;
}

/** Two texts word by word (Chinese: sign by sign), with what each has and the other lacks: the longest common part stays. */
export function textParts(before: string, after: string): readonly [readonly TextPart[], readonly TextPart[]] {
  const [old, fresh] = [wordsOf(before), wordsOf(after)];
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1;
  let end = 0;
  while (end < old.length - start && end < fresh.length - start && old.at(-1 - end) === fresh.at(-1 - end)) end += 1;
  const [rows, columns] = [old.length - start - end, fresh.length - start - end];
  const gone = old.map((_, place) => place >= start && place < old.length - end);
  const come = fresh.map((_, place) => place >= start && place < fresh.length - end);
  if (rows > 0 && columns > 0 && rows <= MOST && columns <= MOST) {
    // longest[row][column]: common words of what stands from there on.
    const longest = Array.from({ length: rows + 1 }, () => new Uint16Array(columns + 1));
    for (let row = rows - 1; row >= 0; row -= 1) {
      for (let column = columns - 1; column >= 0; column -= 1) {
        const here = longest[row] as Uint16Array;
        const below = longest[row + 1] as Uint16Array;
        here[column] =
          old[start + row] === fresh[start + column]
            ? (below[column + 1] ?? 0) + 1
            : Math.max(below[column] ?? 0, here[column + 1] ?? 0);
      }
    }
    let [row, column] = [0, 0];
    while (row < rows && column < columns) {
      if (old[start + row] === fresh[start + column]) {
        gone[start + row] = false;
        come[start + column] = false;
        row += 1;
        column += 1;
      } else if ((longest[row + 1]?.[column] ?? 0) >= (longest[row]?.[column + 1] ?? 0)) row += 1;
      else column += 1;
    }
  }
  return [joined(old, gone), joined(fresh, come)];
}
