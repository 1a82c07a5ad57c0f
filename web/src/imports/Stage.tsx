import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";

const TONES: Readonly<Record<string, string>> = {
  finished: "good",
  complete: "good",
  done: "good",
  taken: "good",
  resolved: "good",
  reconciled: "good",
  replayed: "good",
  checked: "ready",
  corrected: "ready",
  acknowledged: "ready",
  checking: "busy",
  importing: "busy",
  running: "busy",
  interrupted: "bad",
  failed: "bad",
  bad: "bad",
  differs: "bad",
  held_back: "bad",
  open: "open",
};

/** A state as a word with a mark beside it. */
export function State({ value, text }: { readonly value: string; readonly text: string }) {
  return <span className={`state state-${TONES[value] ?? "quiet"}`}>{text}</span>;
}

export function Stage({ of }: { readonly of: Schemas["Import"] }) {
  const { name } = useSpeech();
  return of.waiting ? (
    <State value="waiting" text={name("import_state", "waiting")} />
  ) : (
    <State value={of.stage} text={name("import_stage", of.stage)} />
  );
}
