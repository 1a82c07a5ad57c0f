import { useCallback, useState } from "react";

export type Density = "small" | "middle" | "large";

/** A value kept in this browser; what cannot be read is as if it were not there. */
export function useKept<Value>(key: string, usual: () => Value, accept: (kept: unknown) => Value | undefined) {
  const [value, setValue] = useState<Value>(() => {
    try {
      return accept(JSON.parse(window.localStorage.getItem(key) ?? "null")) ?? usual();
    } catch {
      return usual();
    }
  });
  const keep = useCallback(
    (chosen: Value | null) => {
      if (chosen === null) window.localStorage.removeItem(key);
      else window.localStorage.setItem(key, JSON.stringify(chosen));
      setValue(chosen ?? usual());
    },
    [key, usual],
  );
  return [value, keep] as const;
}

/** Columns in the reader's order, of those that there are; none where the one that names the row is not among them. */
export function acceptColumns<Column extends string>(all: readonly Column[], kept: unknown): readonly Column[] | undefined {
  if (!Array.isArray(kept)) return undefined;
  const known = all.filter((column) => kept.includes(column)).sort((a, b) => kept.indexOf(a) - kept.indexOf(b));
  return all[0] !== undefined && known.includes(all[0]) ? known : undefined;
}

const usualDensity = (): Density => "middle";

export function useDensity(list: string) {
  return useKept(`loantrail.${list}.density`, usualDensity, (kept) =>
    kept === "small" || kept === "middle" || kept === "large" ? kept : undefined,
  );
}
