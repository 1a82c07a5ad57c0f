import type { Schemas } from "../api/client";

/** Where a proposal is decided: in the inbox, or on the page of what it is about. */
export function placeOf(row: Pick<Schemas["WaitingApproval"], "place" | "key" | "subject">): string {
  switch (row.place) {
    case "here":
      return `/inbox/waiting/${row.key}`;
    case "warning":
      return `/warnings/${row.key}?state=all`;
    case "list":
      return `/lists?state=waiting&search=${encodeURIComponent(row.subject)}`;
    case "rule":
      return `/rules/${encodeURIComponent(row.key)}`;
  }
}
