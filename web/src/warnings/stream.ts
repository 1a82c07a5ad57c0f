import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

interface Told {
  readonly kind: "new" | "raised" | "changed";
  readonly thread_id: string;
  readonly level: string;
  readonly loan_id: string;
}

const TOGETHER_MS = 250;

/**
 * Reads lists and warnings again when the server tells of new or changed ones. `after`: what the list that is shown goes
 * up to. A tab that nobody looks at lets go of its connection: a browser opens only a few to one server.
 */
export function useWarningStream(after: number | undefined, told: (event: Told) => void): boolean {
  const queries = useQueryClient();
  const [live, setLive] = useState(false);
  const last = useRef<number | undefined>(undefined);
  const tell = useRef(told);
  tell.current = told;
  const ready = after !== undefined;
  if (last.current === undefined && after !== undefined) last.current = after;
  useEffect(() => {
    if (!ready) return undefined;
    let source: EventSource | null = null;
    let later: number | undefined;
    const again = () => {
      window.clearTimeout(later);
      later = window.setTimeout(() => {
        for (const path of ["/api/v1/warnings", "/api/v1/warnings/{thread_id}"]) {
          void queries.invalidateQueries({ queryKey: ["get", path] });
        }
      }, TOGETHER_MS);
    };
    const connect = () => {
      source = new EventSource(`/api/v1/warnings/stream?after=${last.current ?? 0}`);
      source.onopen = () => setLive(true);
      source.onerror = () => setLive(false);
      source.addEventListener("warning", (event) => {
        last.current = Number(event.lastEventId) || last.current;
        tell.current(JSON.parse(event.data as string) as Told);
        again();
      });
      source.addEventListener("reload", (event) => {
        last.current = Number(event.lastEventId) || last.current;
        again();
      });
    };
    const letGo = () => {
      source?.close();
      source = null;
      setLive(false);
    };
    const seen = () => {
      if (document.hidden) letGo();
      else if (!source) connect();
    };
    seen();
    document.addEventListener("visibilitychange", seen);
    return () => {
      document.removeEventListener("visibilitychange", seen);
      window.clearTimeout(later);
      letGo();
    };
  }, [ready, queries]);
  return live;
}
