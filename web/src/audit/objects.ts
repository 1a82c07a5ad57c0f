import type { Me } from "../identity/me";
import { may } from "../identity/me";
import { placeOf } from "../ui/places";
import type { Entry } from "./entries";

/** Where the thing that an entry names has its page. */
const PAGES: Readonly<Record<string, string>> = {
  loan: "/loans",
  account: "/accounts",
  party: "/customers",
  customer: "/customers",
  warning: "/warnings",
  thread: "/warnings",
  check: "/checks",
  transfer: "/transactions",
  sheet: "/disputes",
  dispute_sheet: "/disputes",
  rule: "/rules",
  person: "/administration/persons",
};

/** Where what a route without a thing of its own answers is shown; the parts of a page stand under the page. */
const LISTS: Readonly<Record<string, string>> = {
  "/accounts": "/accounts",
  "/ambiguous": "/imports/ambiguous",
  "/approvals": "/inbox",
  "/approvals/history": "/inbox/history",
  "/approvals/mine": "/inbox/mine",
  "/audit": "/audit",
  "/checks": "/checks",
  "/customer-choices": "/customers",
  "/customers": "/customers",
  "/data-sources": "/imports/sources",
  "/import-runs": "/imports/history",
  "/imports": "/imports",
  "/keys": "/administration/keys",
  "/ledgers/checks": "/ledgers/checks",
  "/ledgers/collateral": "/ledgers/collateral",
  "/ledgers/groups": "/ledgers/groups",
  "/ledgers/loans": "/ledgers/loans",
  "/ledgers/warnings": "/ledgers/warnings",
  "/ledgers": "/ledgers",
  "/list-entries": "/lists",
  "/loan-choices": "/loans",
  "/loans": "/loans",
  "/nightly": "/nightly",
  "/organisation": "/administration/units",
  "/parameters": "/administration/parameters",
  "/persons": "/administration/persons",
  "/portfolio/concentration": "/portfolio?view=concentration",
  "/portfolio/migration": "/portfolio?view=migration",
  "/portfolio/uses": "/portfolio?view=uses",
  "/portfolio": "/portfolio",
  "/reconciliations": "/imports/balances",
  "/refusals": "/imports/refusals",
  "/rules": "/rules",
  "/signals": "/signals",
  "/system": "/administration/system",
  "/unpaired": "/imports/unpaired",
  "/warnings": "/warnings",
};
const PREFIX = "/api/v1";
const SHEET = ".xlsx";

/** The page that the thing of an entry has; null where it has none, or this person may not open it. */
export function pageOf(entry: Entry, me: Me): string | null {
  const route = routeOf(entry);
  const page = route === null ? PAGES[entry.object_kind] : listPage(route);
  if (!page) return null;
  const address = route === null ? `${page}/${encodeURIComponent(entry.object_id)}` : page;
  const place = placeOf(address.split("?")[0] ?? address);
  return place && may(me, place.abilities) && (route !== null || entry.object_id) ? address : null;
}

/** The route that was asked where an entry names no single thing, or the file that left, without what makes it a file. */
export function routeOf(entry: Entry): string | null {
  if (entry.object_kind === "file" && entry.object_id.startsWith(PREFIX)) {
    return entry.object_id.slice(PREFIX.length).replace(SHEET, "");
  }
  if (entry.object_kind) return null;
  const after = entry.after as { readonly route?: unknown } | null | undefined;
  return typeof after?.route === "string" ? after.route.replace(SHEET, "") : null;
}

function listPage(route: string): string | undefined {
  for (let path = route; path; path = path.slice(0, path.lastIndexOf("/"))) {
    const found = LISTS[path];
    if (found) return found;
  }
  return undefined;
}
