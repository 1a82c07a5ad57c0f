interface Standing {
  readonly state: string;
  readonly loaded_at: string | null;
}

/** What a date is called: an attempt that failed or was held back takes nothing away from one that is in the books. */
export function standingOf({ state, loaded_at }: Standing): string {
  return loaded_at !== null && (state === "held" || state === "failed") ? `${state}_loaded` : state;
}

/** The tone of a standing: see `State`. */
export function toneOf(standing: string): string {
  if (standing === "held") return "held_back";
  return standing.endsWith("_loaded") ? "acknowledged" : standing;
}
