import { useState } from "react";

/** Where two edits of one object meet: its fields as they stand then, and what came of each. */
export interface Merging<Content> {
  readonly content: Content;
  /** Fields that the other one changed alone; they hold the other's value. */
  readonly taken: readonly (keyof Content)[];
  /** Fields that both changed, each in another way; they hold the own value until one chooses. */
  readonly clashes: readonly (keyof Content)[];
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Three-way merge by field: what one of the two left as it was is as the other one wants it. */
export function merged<Content extends object>(base: Content, mine: Content, theirs: Content): Merging<Content> {
  const content = { ...mine };
  const taken: (keyof Content)[] = [];
  const clashes: (keyof Content)[] = [];
  for (const field of Object.keys(theirs) as (keyof Content)[]) {
    if (same(theirs[field], base[field]) || same(theirs[field], mine[field])) continue;
    if (same(mine[field], base[field])) {
      content[field] = theirs[field];
      taken.push(field);
    } else clashes.push(field);
  }
  return { content, taken, clashes };
}

/**
 * What a form holds of an object that somebody else may save meanwhile. When `stored` becomes another under the form, what
 * was typed is merged with it, so that saving again takes nothing back; the form tells of it by `taken` and `clashes`.
 */
export function useMerging<Content extends object>(stored: Content) {
  const [state, setState] = useState({ base: stored, content: stored, taken: [], clashes: [], turn: 0 } as Merging<Content> & {
    readonly base: Content;
    readonly turn: number;
  });
  let now = state;
  if (!same(state.base, stored)) {
    const met = merged(state.base, state.content, stored);
    // A choice that is still to be made stays so, unless the other one changed the field back.
    const left = state.clashes.filter((field) => !met.clashes.includes(field) && !same(met.content[field], stored[field]));
    now = {
      base: stored,
      content: met.content,
      taken: [...state.taken.filter((field) => !met.taken.includes(field)), ...met.taken],
      clashes: [...left, ...met.clashes],
      turn: state.turn + 1,
    };
    setState(now);
  }
  const put = <Name extends keyof Content>(field: Name, value: Content[Name]) =>
    setState((before) => ({ ...before, content: { ...before.content, [field]: value } }));
  /** Chooses for a field that both changed. */
  const settle = (field: keyof Content, whose: "mine" | "theirs") =>
    setState((before) => ({
      ...before,
      content: whose === "mine" ? before.content : { ...before.content, [field]: before.base[field] },
      clashes: before.clashes.filter((one) => one !== field),
      turn: before.turn + 1,
    }));
  // `turn` counts what was put in from outside: the key of an input that keeps its own text.
  return { content: now.content, stored: now.base, taken: now.taken, clashes: now.clashes, turn: now.turn, put, settle };
}
