import { useState } from "react";

const STORED = "loantrail.searches.";
const MOST = 8;

function read(key: string): string[] {
  try {
    const kept: unknown = JSON.parse(window.localStorage.getItem(key) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one): one is string => typeof one === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** What this person searched for lately, kept in this browser: texts, the latest first. */
export function useRecent(personId: string) {
  const key = STORED + personId;
  const [texts, setTexts] = useState<readonly string[]>(() => read(key));
  const keep = (changed: readonly string[]) => {
    setTexts(changed);
    if (changed.length > 0) window.localStorage.setItem(key, JSON.stringify(changed));
    else window.localStorage.removeItem(key);
  };
  return {
    texts,
    add: (text: string) => keep([text, ...read(key).filter((one) => one !== text)].slice(0, MOST)),
    forget: () => keep([]),
  };
}
