import { matchPath } from "react-router";
import type { Key } from "../i18n";
import type { Ability } from "../identity/me";

/** A page of the menu. */
export interface Place {
  readonly to: string;
  readonly key: Key;
  /** Any of these opens it; none: everybody. */
  readonly abilities: readonly Ability[];
  /** The letter that leads there behind `g`. */
  readonly letter?: string;
  /** Addresses that belong to it without standing under its own. */
  readonly also?: readonly string[];
  /** Without customers' data: no watermark. */
  readonly plain?: boolean;
}

/** What stands in the bar on top: one page, or several under one word. */
export interface Group {
  readonly key: Key;
  readonly places: readonly Place[];
}

export const GROUPS: readonly Group[] = [
  { key: "app.workbench", places: [{ to: "/", key: "app.workbench", abilities: [], letter: "h" }] },
  {
    key: "app.inbox",
    places: [
      { to: "/inbox", key: "app.inbox", abilities: ["approve", "edit_people", "edit_parameters", "request_unmasking"], letter: "q" },
    ],
  },
  {
    key: "app.group_loans",
    places: [
      { to: "/loans", key: "app.loans", abilities: ["read_loans"], letter: "l", also: ["/disputes"] },
      { to: "/customers", key: "customers.title", abilities: ["read_loans"], letter: "k" },
      { to: "/accounts", key: "app.accounts", abilities: ["read_loans"], letter: "a", also: ["/transactions"] },
      { to: "/ledgers", key: "app.ledgers", abilities: ["read_loans", "read_warnings"], letter: "d" },
      { to: "/portfolio", key: "app.portfolio", abilities: ["read_portfolio"], letter: "o", plain: true },
    ],
  },
  { key: "app.checks", places: [{ to: "/checks", key: "app.checks", abilities: ["read_loans"], letter: "c" }] },
  { key: "app.warnings", places: [{ to: "/warnings", key: "app.warnings", abilities: ["read_warnings"], letter: "w" }] },
  {
    key: "app.group_rules",
    places: [
      { to: "/rules", key: "app.rules", abilities: ["read_rules"], letter: "r", plain: true },
      { to: "/lists", key: "app.lists", abilities: ["read_rules"], letter: "b" },
      { to: "/signals", key: "app.signals", abilities: ["read_rules"], letter: "s", plain: true },
    ],
  },
  {
    key: "app.group_data",
    places: [
      { to: "/imports", key: "app.imports", abilities: ["read_data"], letter: "i" },
      { to: "/nightly", key: "app.nightly", abilities: ["read_data"], letter: "n", plain: true },
    ],
  },
  {
    key: "app.group_administration",
    places: [
      {
        to: "/administration",
        key: "app.administration",
        abilities: ["read_people", "edit_parameters", "approve_parameters", "run_system"],
        letter: "m",
        plain: true,
      },
      { to: "/audit", key: "audit.title", abilities: ["read_audit"], letter: "u" },
    ],
  },
];

/** Pages that stand in the person's own menu, not in the bar. */
export const OWN: readonly Place[] = [
  { to: "/me", key: "app.my_account", abilities: [], plain: true },
  { to: "/glossary", key: "app.glossary", abilities: [], letter: "t", plain: true },
];

export const PLACES: readonly Place[] = [...GROUPS.flatMap((group) => group.places), ...OWN];

function under(address: string, place: string): boolean {
  return place === "/" ? address === "/" : matchPath({ path: place, end: false }, address) !== null;
}

/** The page of the menu that an address belongs to. */
export function placeOf(address: string): Place | undefined {
  return PLACES.find((place) => [place.to, ...(place.also ?? [])].some((one) => under(address, one)));
}
