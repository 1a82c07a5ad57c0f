import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import accountsEn from "./en/accounts.json";
import appEn from "./en/app.json";
import auditEn from "./en/audit.json";
import checksEn from "./en/checks.json";
import customersEn from "./en/customers.json";
import disputesEn from "./en/disputes.json";
import flowEn from "./en/flow.json";
import glossaryEn from "./en/glossary.json";
import identityEn from "./en/identity.json";
import workbenchEn from "./en/workbench.json";
import inboxEn from "./en/inbox.json";
import administrationEn from "./en/administration.json";
import importsEn from "./en/imports.json";
import listsEn from "./en/lists.json";
import loanEn from "./en/loan.json";
import loanListEn from "./en/loan_list.json";
import tableEn from "./en/table.json";
import portfolioEn from "./en/portfolio.json";
import ledgersEn from "./en/ledgers.json";
import nightlyEn from "./en/nightly.json";
import paymentsEn from "./en/payments.json";
import unmaskingEn from "./en/unmasking.json";
import warningsEn from "./en/warnings.json";
import rulesEn from "./en/rules.json";
import searchTextsEn from "./en/search.json";
import signalsEn from "./en/signals.json";
import wordsEn from "./en/words.json";
import accountsZh from "./zh/accounts.json";
import appZh from "./zh/app.json";
import auditZh from "./zh/audit.json";
import checksZh from "./zh/checks.json";
import customersZh from "./zh/customers.json";
import disputesZh from "./zh/disputes.json";
import flowZh from "./zh/flow.json";
import glossaryZh from "./zh/glossary.json";
import identityZh from "./zh/identity.json";
import workbenchZh from "./zh/workbench.json";
import inboxZh from "./zh/inbox.json";
import administrationZh from "./zh/administration.json";
import importsZh from "./zh/imports.json";
import listsZh from "./zh/lists.json";
import loanZh from "./zh/loan.json";
import loanListZh from "./zh/loan_list.json";
import tableZh from "./zh/table.json";
import portfolioZh from "./zh/portfolio.json";
import ledgersZh from "./zh/ledgers.json";
import nightlyZh from "./zh/nightly.json";
import paymentsZh from "./zh/payments.json";
import unmaskingZh from "./zh/unmasking.json";
import warningsZh from "./zh/warnings.json";
import rulesZh from "./zh/rules.json";
import searchTextsZh from "./zh/search.json";
import signalsZh from "./zh/signals.json";
import wordsZh from "./zh/words.json";

// One file of texts per area of the page.
const chinese = {
  ...appZh,
  ...wordsZh,
  ...loanListZh,
  ...tableZh,
  ...portfolioZh,
  ...ledgersZh,
  ...loanZh,
  ...flowZh,
  ...disputesZh,
  ...accountsZh,
  ...paymentsZh,
  ...identityZh,
  ...workbenchZh,
  ...inboxZh,
  ...administrationZh,
  ...importsZh,
  ...nightlyZh,
  ...unmaskingZh, ...warningsZh,
  ...checksZh,
  ...glossaryZh,
  ...rulesZh,
  ...listsZh,
  ...signalsZh,
  ...customersZh,
  ...searchTextsZh,
  ...auditZh,
};
const english = {
  ...appEn,
  ...wordsEn,
  ...loanListEn,
  ...tableEn,
  ...portfolioEn,
  ...ledgersEn,
  ...loanEn,
  ...flowEn,
  ...disputesEn,
  ...accountsEn,
  ...paymentsEn,
  ...identityEn,
  ...workbenchEn,
  ...inboxEn,
  ...administrationEn,
  ...importsEn,
  ...nightlyEn,
  ...unmaskingEn, ...warningsEn,
  ...checksEn,
  ...glossaryEn,
  ...rulesEn,
  ...listsEn,
  ...signalsEn,
  ...customersEn,
  ...searchTextsEn,
  ...auditEn,
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
