import { useEffect } from "react";
import { fetcher } from "../api/client";
import { sessionEnded } from "./session";

const ACTIVE = "loantrail.active_at";
const WRITTEN_EVERY_MS = 10_000;
const LOOKED_EVERY_MS = 15_000;
const MINUTE_MS = 60_000;
const SIGNS = ["keydown", "pointerdown", "wheel", "touchstart"] as const;

/**
 * Ends the session of a screen that nobody uses: what the page reads by itself would keep it alive on the server. All tabs of
 * the browser count together.
 */
export function useIdle(minutes: number): void {
  useEffect(() => {
    let written = 0;
    const active = () => {
      const now = Date.now();
      if (now - written < WRITTEN_EVERY_MS) return;
      written = now;
      window.localStorage.setItem(ACTIVE, String(now));
    };
    const look = () => {
      const last = Number(window.localStorage.getItem(ACTIVE) ?? 0);
      if (Date.now() - last < minutes * MINUTE_MS) return;
      void fetcher.DELETE("/api/v1/session", {}).finally(sessionEnded);
    };
    active();
    for (const sign of SIGNS) document.addEventListener(sign, active, { passive: true });
    const looking = window.setInterval(look, LOOKED_EVERY_MS);
    return () => {
      for (const sign of SIGNS) document.removeEventListener(sign, active);
      window.clearInterval(looking);
    };
  }, [minutes]);
}
