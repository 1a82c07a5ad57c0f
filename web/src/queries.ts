import { QueryClient } from "@tanstack/react-query";

export const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, staleTime: 30_000 } },
});

const JUST_NOW_MS = 2000;

/** Whoever comes back to a page sees it as it is now; what was asked for while the page came is not asked for twice. */
export function unlessJustAsked({ state }: { readonly state: { readonly dataUpdatedAt: number } }): "always" | false {
  return Date.now() - state.dataUpdatedAt > JUST_NOW_MS ? "always" : false;
}
