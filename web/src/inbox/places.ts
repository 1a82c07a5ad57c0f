import type { Schemas } from "../api/client";

type Row = Pick<Schemas["WaitingApproval"], "place" | "kind" | "key" | "subject">;

/** What the inbox calls a proposal in its address: its id, or kind and id of what is decided elsewhere. */
export function itemOf(row: Pick<Row, "place" | "kind" | "key">): string {
  return row.place === "here" ? row.key : `${row.kind}.${row.key}`;
}

/** Where the inbox shows a proposal with its difference. */
export function placeOf(row: Pick<Row, "place" | "kind" | "key">): string {
  return `/inbox/waiting/${itemOf(row)}`;
}

/** The page on which a proposal is decided that the inbox itself does not decide. */
export function pageOf(row: Row): string {
  switch (row.place) {
    case "here":
      return placeOf(row);
    case "warning":
      return `/warnings/${row.key}?state=all`;
    case "list":
      return `/lists?state=waiting&search=${encodeURIComponent(row.subject)}`;
    case "rule": {
      const [code = "", version = ""] = row.subject.split(" v");
      return `/rules/${encodeURIComponent(code)}?version=${version}`;
    }
  }
}
