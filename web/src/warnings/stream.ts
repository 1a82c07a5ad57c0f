import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

interface Told {
  readonly kind: "new" | "raised" | "changed";
  readonly thread_id: string;
  readonly level: string;
  readonly loan_id: string;
}

const TOGETHER_MS = 250;

interface Heard {
  readonly opened?: () => void;
  readonly warning: (event: Told) => void;
  /** Too many came to be told one by one. */
  readonly missed: () => void;
}

/**
 * Hears of new and changed warnings while it is wanted. `after`: from which event on, else from now on. True while the
 * connection stands. A tab that nobody looks at lets go of it: a browser opens only a few to one server.
 */
export function useWarningEvents(wanted: boolean, after: number | undefined, heard: Heard): boolean {
  const [live, setLive] = useState(false);
  const last = useRef<number | undefined>(undefined);
  const tell = useRef(heard);
  tell.current = heard;
  if (last.current === undefined) last.current = after;
  useEffect(() => {
    if (!wanted) return undefined;
    let source: EventSource | null = null;
    const connect = () => {
      source = new EventSource(`/api/v1/warnings/stream${last.current === undefined ? "" : `?after=${last.current}`}`);
      source.onopen = () => {
        setLive(true);
        tell.current.opened?.();
      };
      source.onerror = () => setLive(false);
      source.addEventListener("warning", (event) => {
        last.current = Number(event.lastEventId) || last.current;
        tell.current.warning(JSON.parse(event.data as string) as Told);
      });
      source.addEventListener("reload", (event) => {
        last.current = Number(event.lastEventId) || last.current;
        tell.current.missed();
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
      letGo();
    };
  }, [wanted]);
  return live;
}

/** Reads lists and warnings again when the server tells of new or changed ones. `after`: what the list that is shown goes up to. */
export function useWarningStream(after: number | undefined, told: (event: Told) => void): boolean {
  const queries = useQueryClient();
  const later = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(later.current), []);
  const again = () => {
    window.clearTimeout(later.current);
    later.current = window.setTimeout(() => {
      for (const path of ["/api/v1/warnings", "/api/v1/warnings/{thread_id}"]) {
        void queries.invalidateQueries({ queryKey: ["get", path] });
      }
    }, TOGETHER_MS);
  };
  return useWarningEvents(after !== undefined, after, {
    warning: (event) => {
      told(event);
      again();
    },
    missed: again,
  });
}
