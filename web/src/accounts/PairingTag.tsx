import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";

type State = Schemas["PairingState"];

const SIGNS: Readonly<Record<State, string>> = {
  paired: "⇄",
  manual: "✓",
  apart: "│",
  ambiguous: "?",
  unpaired: "!",
  outside: "→",
};

/** How a line stands in the pairing: a sign, a word and a tint, so that no one of them has to be seen. */
export function PairingTag({ state, basis }: { readonly state: State; readonly basis?: string | null }) {
  const { name } = useSpeech();
  const meaning = name("pairing_meaning", state);
  const why = basis && basis !== "manual" ? ` ${name("pairing_basis", basis)}` : "";
  return (
    <span className={`pairing-tag pairing-${state}`} title={`${meaning}${why}`}>
      <span aria-hidden="true" className="pairing-sign">
        {SIGNS[state]}
      </span>
      {name("pairing_state", state)}
    </span>
  );
}
