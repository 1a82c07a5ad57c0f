import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import accountsEn from "./en/accounts.json";
import appEn from "./en/app.json";
import disputesEn from "./en/disputes.json";
import flowEn from "./en/flow.json";
import glossaryEn from "./en/glossary.json";
import importsEn from "./en/imports.json";
import listsEn from "./en/lists.json";
import loanEn from "./en/loan.json";
import loanListEn from "./en/loan_list.json";
import nightlyEn from "./en/nightly.json";
import paymentsEn from "./en/payments.json";
import warningsEn from "./en/warnings.json";
import rulesEn from "./en/rules.json";
import signalsEn from "./en/signals.json";
import wordsEn from "./en/words.json";
import accountsZh from "./zh/accounts.json";
import appZh from "./zh/app.json";
import disputesZh from "./zh/disputes.json";
import flowZh from "./zh/flow.json";
import glossaryZh from "./zh/glossary.json";
import importsZh from "./zh/imports.json";
import listsZh from "./zh/lists.json";
import loanZh from "./zh/loan.json";
import loanListZh from "./zh/loan_list.json";
import nightlyZh from "./zh/nightly.json";
import paymentsZh from "./zh/payments.json";
import warningsZh from "./zh/warnings.json";
import rulesZh from "./zh/rules.json";
import signalsZh from "./zh/signals.json";
import wordsZh from "./zh/words.json";

// One file of texts per area of the page.
const chinese = {
  ...appZh,
  ...wordsZh,
  ...loanListZh,
  ...loanZh,
  ...flowZh,
  ...disputesZh,
  ...accountsZh,
  ...paymentsZh,
  ...importsZh,
  ...nightlyZh,
  ...warningsZh,
  ...glossaryZh,
  ...rulesZh,
  ...listsZh,
  ...signalsZh,
};
const english = {
  ...appEn,
  ...wordsEn,
  ...loanListEn,
  ...loanEn,
  ...flowEn,
  ...disputesEn,
  ...accountsEn,
  ...paymentsEn,
  ...importsEn,
  ...nightlyEn,
  ...warningsEn,
  ...glossaryEn,
  ...rulesEn,
  ...listsEn,
  ...signalsEn,
};

export type Language = "zh" | "en";
export type Key = keyof typeof chinese;
type Values = Readonly<Record<string, string | number>>;

// The compiler refuses a key that one language lacks.
const TEXTS: Readonly<Record<Language, Readonly<Record<Key, string>>>> = { zh: chinese, en: english };
const TAGS: Readonly<Record<Language, string>> = { zh: "zh-CN", en: "en-GB" };
const STORED = "loantrail.language";

interface Speech {
  readonly language: Language;
  readonly setLanguage: (language: Language) => void;
  /** The text of a key, with `{name}` replaced by the values. */
  readonly t: (key: Key, values?: Values) => string;
  /** The text of one value of a list, such as `product.mortgage_loan`; the value itself when it has none. */
  readonly name: (list: string, value: string) => string;
}

const SpeechContext = createContext<Speech | null>(null);

function fill(text: string, values?: Values): string {
  return values ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole)) : text;
}

function isKey(key: string): key is Key {
  return Object.hasOwn(chinese, key);
}

/** `?lang=en` in the address wins, then what the reader chose before, then Chinese. */
function firstLanguage(): Language {
  const wanted = new URLSearchParams(window.location.search).get("lang") ?? window.localStorage.getItem(STORED);
  return wanted === "en" ? "en" : "zh";
}

export function Speaking({ children }: { readonly children: ReactNode }) {
  const [language, choose] = useState<Language>(firstLanguage);
  useEffect(() => {
    document.documentElement.lang = TAGS[language];
  }, [language]);
  const setLanguage = useCallback((chosen: Language) => {
    window.localStorage.setItem(STORED, chosen);
    choose(chosen);
  }, []);
  const speech = useMemo<Speech>(() => {
    const texts = TEXTS[language];
    return {
      language,
      setLanguage,
      t: (key, values) => fill(texts[key], values),
      name: (list, value) => {
        const key = `${list}.${value}`;
        return isKey(key) ? texts[key] : value;
      },
    };
  }, [language, setLanguage]);
  return <SpeechContext value={speech}>{children}</SpeechContext>;
}

export function useSpeech(): Speech {
  const speech = useContext(SpeechContext);
  if (!speech) throw new Error("useSpeech outside Speaking");
  return speech;
}
