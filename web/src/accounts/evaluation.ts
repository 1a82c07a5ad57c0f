import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api } from "../api/client";

const BUSY_MS = 1_500;
const QUIET_MS = 20_000;

/**
 * Whether the figures hold every correction and mending. Asks often while something is computed; reads everything
 * anew when another trace has become the current one. `done` is true after this reader saw that happen.
 */
export function useEvaluation() {
  const queries = useQueryClient();
  const { data, refetch } = api.useQuery(
    "get",
    "/api/v1/evaluation",
    {},
    {
      refetchInterval: (query) =>
        query.state.data?.state === "running" || query.state.data?.state === "queued" ? BUSY_MS : QUIET_MS,
      staleTime: 0,
    },
  );
  const run = useRef<string | null | undefined>(undefined);
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!data) return;
    if (run.current !== undefined && run.current !== data.run_id) {
      setDone(true);
      void queries.invalidateQueries();
    }
    run.current = data.run_id;
  }, [data, queries]);
  useEffect(() => {
    if (data && data.state !== "idle") setDone(false);
  }, [data]);
  return { evaluation: data, done, forget: () => setDone(false), refetch };
}

/** After an act that leads to another page: what this page shows is not asked for again, the next page reads all anew. */
export function useRereadElsewhere() {
  const queries = useQueryClient();
  return () => {
    void queries.invalidateQueries({ refetchType: "none" });
    void queries.invalidateQueries({ queryKey: ["get", "/api/v1/evaluation"] });
  };
}

/** After an act: read what it changed, and how far the re-evaluation is. */
export function useReread() {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries();
}
