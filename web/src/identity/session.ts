import { useSyncExternalStore } from "react";

// Whether the server said, since the page was opened, that nobody is signed in any more.
let ended = false;
const watching = new Set<() => void>();
const KNOWN = "loantrail.signed_in";
export const SIGN_IN = "/sign-in";
export const ME = "/api/v1/me";

function tell(now: boolean): void {
  if (ended === now) return;
  ended = now;
  for (const told of watching) told();
}

/** An answer said that nobody is signed in. */
export function sessionEnded(): void {
  tell(true);
}

/** Signed in: this browser knows from now on that somebody was. */
export function sessionBegan(): void {
  window.localStorage.setItem(KNOWN, "true");
  tell(false);
}

/** Signed out on purpose: nothing ended by surprise. */
export function sessionLeft(): void {
  window.localStorage.removeItem(KNOWN);
}

/** Whether somebody was signed in here and did not sign out. */
export function wasSignedIn(): boolean {
  return window.localStorage.getItem(KNOWN) !== null;
}

export function useSessionEnded(): boolean {
  return useSyncExternalStore(
    (told) => {
      watching.add(told);
      return () => watching.delete(told);
    },
    () => ended,
  );
}

/** Where to go after signing in: an address of this page, else the first one. */
export function returnTo(wanted: string | null): string {
  return wanted && /^\/(?![/\\])/.test(wanted) && !wanted.startsWith(SIGN_IN) ? wanted : "/";
}
