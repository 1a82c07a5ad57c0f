import { type Schemas, fetcher } from "../api/client";
import type { LineFilters } from "./Lines";

/** Fen of an amount that was typed in major units with at most two decimals. */
function fenOf(text: string): string {
  const [whole = "0", part = ""] = text.split(".");
  return BigInt(whole + part.padEnd(2, "0")).toString();
}

/** Conditions as the server is asked for them. */
export function conditionsOf(filters: LineFilters): Record<string, string> {
  return {
    ...(filters.text ? { text: filters.text } : {}),
    ...(filters.from ? { booked_from: filters.from } : {}),
    ...(filters.to ? { booked_to: filters.to } : {}),
    ...(filters.least ? { least_fen: fenOf(filters.least) } : {}),
    ...(filters.most ? { most_fen: fenOf(filters.most) } : {}),
    ...(filters.direction ? { direction: filters.direction } : {}),
  };
}

/** One page of an account's lines; rejects with the problem that the server answered. */
export async function fetchLines(account: string, filters: LineFilters, cursor: string): Promise<Schemas["LinePage"]> {
  const { data, error } = await fetcher.GET("/api/v1/accounts/{account}/lines", {
    params: {
      path: { account },
      // Amounts as text: one may be larger than a number of the browser keeps exact.
      query: { cursor, ...(conditionsOf(filters) as object) },
    },
  });
  if (!data) throw error;
  return data;
}
