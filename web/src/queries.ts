import { QueryClient } from "@tanstack/react-query";

export const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, staleTime: 30_000 } },
});

const JUST_DRAWN_MS = 2000;
let drawnAt = Number.NEGATIVE_INFINITY;

/** The page is drawn now: what was asked for before was asked for ahead. */
export function drawingBegins(): void {
  drawnAt = Date.now();
}

interface Asked {
  readonly state: { readonly dataUpdatedAt: number; readonly errorUpdatedAt: number };
}

function wasAskedAhead({ state }: Asked): boolean {
  return Date.now() - drawnAt < JUST_DRAWN_MS && Math.max(state.dataUpdatedAt, state.errorUpdatedAt) <= drawnAt;
}

/** Whoever comes back to a page sees it as it is now; what was asked for while the page came is not asked for twice. */
export const anewOnMount = {
  refetchOnMount: (query: Asked) => (wasAskedAhead(query) ? true : "always"),
  retryOnMount: (query: Asked) => !wasAskedAhead(query),
} as const;
