import { matchPath } from "react-router";
import type { Key } from "../i18n";
import { type Ability, type Me, may } from "../identity/me";

/** Opens the help of keys from anywhere. */
export const SHOW_SHORTCUTS = "loantrail:shortcuts";

export function showShortcuts(): void {
  window.dispatchEvent(new Event(SHOW_SHORTCUTS));
}

/** Keys, what they do, and the abilities of which one is needed for it (none: everybody). */
export type Told = readonly (readonly [readonly string[], Key, (readonly Ability[])?])[];

/** The keys of single pages, by their address. Each page minds its own; here stands what they do. */
const OF_PAGES: readonly (readonly [string, Told])[] = [
  [
    "/warnings/*",
    [
      [["j", "k"], "keys.next_previous"],
      [["n"], "keys.next_warning"],
      [["1", "2", "3"], "keys.dispose", ["act_on_warnings"]],
      [["/"], "keys.search"],
    ],
  ],
  [
    "/checks/*",
    [
      [["j", "k"], "keys.next_previous"],
      [["n"], "keys.next_check"],
      [["1", "2", "3"], "keys.judge", ["act_on_checks"]],
      [["a"], "keys.judge_plain", ["act_on_checks"]],
      [["s"], "keys.conclusion", ["act_on_checks", "review_checks"]],
      [["/"], "keys.search"],
    ],
  ],
  [
    "/lists",
    [
      [["j", "k"], "keys.next_previous"],
      [["a"], "keys.approve", ["approve_lists"]],
      [["e"], "keys.end", ["edit_lists", "approve_lists"]],
      [["n"], "keys.new", ["edit_lists"]],
      [["/"], "keys.search"],
    ],
  ],
  ["/loans", [[["/"], "keys.search"]]],
  [
    "/audit",
    [
      [["j", "k"], "keys.next_previous"],
      [["/"], "keys.search"],
    ],
  ],
  ["/inbox/*", [[["j", "k"], "keys.next_previous"]]],
];

/** The keys of the page at an address that do something for this person. */
export function keysOf(address: string, me: Me): Told {
  const told = OF_PAGES.find(([pattern]) => matchPath(pattern, address))?.[1] ?? [];
  return told.filter(([, , abilities]) => may(me, abilities ?? []));
}
