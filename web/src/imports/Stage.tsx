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
  unreadable: "bad",
  differs: "bad",
  held_back: "bad",
  open: "open",
};

/** A state as a word with a mark beside it. */
export function State({ value, text }: { readonly value: string; readonly text: string }) {
  return <span className={`state state-${TONES[value] ?? "quiet"}`}>{text}</span>;
}

/** Whether any file has a format in which it can be taken. */
export function isReadable(one: Schemas["Import"]): boolean {
  return one.files.some((file) => file.check?.format);
}

export function Stage({ of }: { readonly of: Schemas["Import"] }) {
  const { name } = useSpeech();
  if (of.waiting) return <State value="waiting" text={name("import_state", "waiting")} />;
  const stage = of.stage === "checked" && !isReadable(of) ? "unreadable" : of.stage;
  return <State value={stage} text={name("import_stage", stage)} />;
}
