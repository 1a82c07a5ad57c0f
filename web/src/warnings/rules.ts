import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";

type Words = Readonly<Record<string, Schemas["RuleWords"]>>;

/** What a rule is called: a pattern of misuse by its own words, another by what its author wrote. */
export function useRuleName(words: Words | undefined): (code: string) => string {
  const { name, language } = useSpeech();
  return (code) => {
    const known = words?.[code];
    return known ? known[language === "zh" ? "chinese" : "english"] : name("pattern", code);
  };
}

/** Why the hits of a rule may be false; empty where nobody says. */
export function useRuleDoubt(words: Words | undefined): (code: string) => string {
  const { name, language } = useSpeech();
  return (code) => {
    const known = words?.[code];
    if (known) return known[language === "zh" ? "doubt_chinese" : "doubt_english"];
    const text = name("doubt", code);
    return text === code ? "" : text;
  };
}
