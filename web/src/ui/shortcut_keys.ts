import { matchPath } from "react-router";
import type { Key } from "../i18n";

/** Opens the help of keys from anywhere. */
export const SHOW_SHORTCUTS = "loantrail:shortcuts";

export function showShortcuts(): void {
  window.dispatchEvent(new Event(SHOW_SHORTCUTS));
}

export type Told = readonly (readonly [readonly string[], Key])[];

/** The keys of single pages, by their address. Each page minds its own; here stands what they do. */
const OF_PAGES: readonly (readonly [string, Told])[] = [
  [
    "/warnings/*",
    [
      [["j", "k"], "keys.next_previous"],
      [["n"], "keys.next_warning"],
      [["1", "2", "3"], "keys.dispose"],
      [["/"], "keys.search"],
    ],
  ],
  [
    "/checks/*",
    [
      [["j", "k"], "keys.next_previous"],
      [["n"], "keys.next_check"],
      [["1", "2", "3"], "keys.judge"],
      [["a"], "keys.judge_plain"],
      [["s"], "keys.conclusion"],
      [["/"], "keys.search"],
    ],
  ],
  [
    "/lists",
    [
      [["j", "k"], "keys.next_previous"],
      [["a"], "keys.approve"],
      [["e"], "keys.end"],
      [["n"], "keys.new"],
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

/** The keys of the page at an address. */
export function keysOf(address: string): Told {
  return OF_PAGES.find(([pattern]) => matchPath(pattern, address))?.[1] ?? [];
}
