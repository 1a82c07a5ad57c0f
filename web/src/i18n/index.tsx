import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";

export type Language = "zh" | "en";
export type Key = keyof (typeof import("./zh/texts"))["default"];
type Texts = Readonly<Record<Key, string>>;
type Values = Readonly<Record<string, string | number>>;

// Only the texts of the language that is read are fetched. The compiler refuses a key that one language lacks.
const FETCHED: Readonly<Record<Language, () => Promise<{ readonly default: Texts }>>> = {
  zh: () => import("./zh/texts"),
  en: () => import("./en/texts"),
};

interface Spoken {
  readonly language: Language;
  readonly texts: Texts;
}

let first: Spoken | undefined;
const TAGS: Readonly<Record<Language, string>> = { zh: "zh-CN", en: "en-GB" };
const STORED = "loantrail.language";

export interface Speech {
  readonly language: Language;
  /** Rejects where the texts of that language cannot be fetched: then the language stays. */
  readonly setLanguage: (language: Language) => Promise<void>;
  /** The text of a key, with `{name}` replaced by the values, and `{count|loan|loans}` by the number and the form that goes with it. */
  readonly t: (key: Key, values?: Values) => string;
  /** The text of one value of a list, such as `product.mortgage_loan`; the value itself when it has none. */
  readonly name: (list: string, value: string) => string;
}

const SpeechContext = createContext<Speech | null>(null);

function fill(text: string, values?: Values): string {
  if (!values) return text;
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^|}]*))?\}/g, (whole, name: string, one?: string, many?: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return one === undefined ? String(value) : `${value} ${String(value) === "1" ? one : many}`;
  });
}

function isKey(key: string, texts: Texts): key is Key {
  return Object.hasOwn(texts, key);
}

async function bring(language: Language): Promise<Spoken> {
  return { language, texts: (await FETCHED[language]()).default };
}

/** `?lang=en` in the address wins, then what the reader chose before, then Chinese. */
function firstLanguage(): Language {
  const wanted = new URLSearchParams(window.location.search).get("lang") ?? window.localStorage.getItem(STORED);
  return wanted === "en" ? "en" : "zh";
}

/** Fetches the texts of the language that the page begins with; `Speaking` needs them. */
export async function bringTexts(): Promise<void> {
  first = await bring(firstLanguage());
}

function firstSpoken(): Spoken {
  if (!first) throw new Error("Speaking before its texts are there");
  return first;
}

export function Speaking({ children }: { readonly children: ReactNode }) {
  const [{ language, texts }, choose] = useState(firstSpoken);
  useEffect(() => {
    document.documentElement.lang = TAGS[language];
  }, [language]);
  const wanted = useRef(language);
  const setLanguage = useCallback(async (chosen: Language) => {
    wanted.current = chosen;
    const spoken = await bring(chosen);
    // Of two that were chosen quickly the last one counts, whichever comes first.
    if (wanted.current !== chosen) return;
    window.localStorage.setItem(STORED, chosen);
    choose(spoken);
  }, []);
  const speech = useMemo<Speech>(() => {
    return {
      language,
      setLanguage,
      t: (key, values) => fill(texts[key], values),
      name: (list, value) => {
        const key = `${list}.${value}`;
        return isKey(key, texts) ? texts[key] : value;
      },
    };
  }, [language, texts, setLanguage]);
  return <SpeechContext value={speech}>{children}</SpeechContext>;
}

export function useSpeech(): Speech {
  const speech = useContext(SpeechContext);
  if (!speech) throw new Error("useSpeech outside Speaking");
  return speech;
}
