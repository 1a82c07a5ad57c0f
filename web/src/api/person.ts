import { useSyncExternalStore } from "react";

// Who acts, while there is no sign-in: kept in this browser, sent with every write.
const STORED = "loantrail.person";
export const PERSON_HEADER = "X-Loantrail-Person";

export interface Person {
  readonly staff_id: string;
  readonly name: string;
}

const watching = new Set<() => void>();
let known = read();

function read(): Person | null {
  try {
    const kept = JSON.parse(window.localStorage.getItem(STORED) ?? "null") as Person | null;
    return kept && typeof kept.staff_id === "string" && typeof kept.name === "string" ? kept : null;
  } catch {
    return null;
  }
}

/** Who was chosen; null is the operator of the server. */
export function person(): Person | null {
  return known;
}

export function choosePerson(chosen: Person | null): void {
  known = chosen;
  if (chosen) window.localStorage.setItem(STORED, JSON.stringify(chosen));
  else window.localStorage.removeItem(STORED);
  for (const told of watching) told();
}

function watch(told: () => void): () => void {
  watching.add(told);
  // Another tab of the same browser chose somebody else.
  const elsewhere = (event: StorageEvent) => {
    if (event.key !== STORED) return;
    known = read();
    told();
  };
  window.addEventListener("storage", elsewhere);
  return () => {
    watching.delete(told);
    window.removeEventListener("storage", elsewhere);
  };
}

export function usePerson(): Person | null {
  return useSyncExternalStore(watch, person);
}
