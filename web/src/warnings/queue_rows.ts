import { keepPreviousData, useQueries, useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Schemas } from "../api/client";
import { anewOnMount } from "../queries";
import { type Filters, PAGE, queueAsked, type Row } from "./asked";

/** As many as one request answers. */
const MOST = 200;
const NONE: readonly Row[] = [];

interface Further {
  readonly items: readonly Row[];
  readonly waiting: boolean;
  readonly failed: boolean;
}

function together(pages: readonly UseQueryResult<Schemas["WarningList"], unknown>[]): Further {
  return {
    items: pages.flatMap((page) => page.data?.items ?? NONE),
    waiting: pages.some((page) => page.isFetching && !page.data),
    failed: pages.some((page) => page.isError && !page.data),
  };
}

/** The rows of the queue from its beginning on, and more of them as long as there are any. `text`: the filters as the address has them. */
export function useQueueRows(filters: Filters, text: string) {
  const queries = useQueryClient();
  const [asked, ask] = useState({ text, rows: PAGE });
  // Another queue begins with its first page.
  const rows = asked.text === text ? asked.rows : PAGE;
  const listed = useQuery({
    ...queueAsked(filters, Math.min(MOST, rows)),
    placeholderData: keepPreviousData, // the rows before stay until those of other filters are there
    ...anewOnMount,
  });
  const further = useQueries({
    queries: Array.from({ length: Math.ceil(rows / MOST) - 1 }, (_, page) => ({
      ...queueAsked(filters, MOST, (page + 1) * MOST),
      ...anewOnMount,
    })),
    combine: together,
  });
  const first = listed.data?.items ?? NONE;
  const items = useMemo(() => {
    // Pages are read one by one: a row that moved meanwhile may stand in two of them.
    const known = new Map([...first, ...further.items].map((row) => [row.thread_id, row]));
    return [...known.values()];
  }, [first, further.items]);
  const step = rows < MOST ? PAGE : MOST;
  const left = Math.max(0, (listed.data?.total_count ?? 0) - items.length);
  const more = () => {
    if (further.failed) void queries.invalidateQueries({ queryKey: ["get", "/api/v1/warnings"] });
    else ask({ text, rows: rows + step });
  };
  return { listed, items, left, step: Math.min(step, left), more, waiting: listed.isPlaceholderData || further.waiting };
}
