import { useSpeech } from "../i18n";
import type { Rule } from "./milli";

/** A state as a word in a tone. */
export function RuleState({ state }: { readonly state: Rule["state"] }) {
  const { name } = useSpeech();
  return <span className={`rule-state rule-state-${state}`}>{name("rule_state", state)}</span>;
}
