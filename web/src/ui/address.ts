import { useCallback } from "react";
import { type NavigateOptions, useLocation, useSearchParams as useShownSearchParams } from "react-router";

type Next = URLSearchParams | string | Record<string, string> | ((before: URLSearchParams) => URLSearchParams | string);

/**
 * What stands in the address behind the question mark, and how to change it. A change begins with the address as it is, which may be
 * ahead of the page: the router draws in its own time, and of two quick clicks the second would take back what the first one did.
 */
export function useSearchParams(): [URLSearchParams, (next: Next, options?: NavigateOptions) => void] {
  const [shown, setShown] = useShownSearchParams();
  const { pathname } = useLocation();
  const change = useCallback(
    (next: Next, options?: NavigateOptions) => {
      if (typeof next !== "function") return setShown(next, options);
      const known = window.location.pathname === pathname ? new URLSearchParams(window.location.search) : undefined;
      return setShown((before) => next(known ?? before), options);
    },
    [setShown, pathname],
  );
  return [shown, change];
}
