import type { ReactNode } from "react";
import { useSpeech } from "../i18n";
import { LevelTag } from "../warnings/LevelTag";
import type { Level } from "../warnings/asked";
import { type TextPart, textParts } from "./text_parts";
import { type Words, useFieldWords } from "./words";

type Side = Readonly<Record<string, unknown>> | null;

interface Line {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

interface Props {
  /** Of the proposal: the same field means different things in different ones. */
  readonly kind: string;
  readonly before: Side;
  readonly after: Side;
  /** What a rule is called. */
  readonly ruleName?: (code: string) => string;
}

/** Before and after, line by line; what stays the same is not shown where something was there before. */
export function Difference({ kind, before, after, ruleName }: Props) {
  const { t } = useSpeech();
  const words = useFieldWords(kind, ruleName);
  const lines = linesOf(before, after);
  const compared = before !== null;
  if (lines.length === 0) return <p className="quiet small">{t("inbox.no_difference")}</p>;
  return (
    <table className="difference">
      <thead>
        <tr>
          <th scope="col">{t("inbox.field")}</th>
          {compared && <th scope="col">{t("inbox.before")}</th>}
          <th scope="col">{t(compared ? "inbox.after" : "inbox.value")}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <Compared key={line.path} line={line} words={words} compared={compared} />
        ))}
      </tbody>
    </table>
  );
}

function Compared({ line, words, compared }: { readonly line: Line; readonly words: Words; readonly compared: boolean }) {
  const { path, before, after } = line;
  const long = words.isText(path);
  const [old, fresh] = long && isSaid(before) && isSaid(after) ? textParts(before, after) : [null, null];
  const cell = (value: unknown, parts: readonly TextPart[] | null, Changed: "del" | "ins"): ReactNode => {
    if (words.isLevel(path) && isSaid(value)) return <LevelTag level={value as Level} />;
    const text = parts ? <Parts parts={parts} Changed={Changed} /> : words.value(path, value);
    return long ? <span className={words.isCode(path) ? "difference-code" : "difference-text"}>{text}</span> : text;
  };
  const marked = old !== null || words.isLevel(path) || !isSaidAtAll(before);
  return (
    <tr>
      <th scope="row">{words.field(path)}</th>
      {compared && <td className={marked ? "difference-was" : "difference-before"}>{cell(before, old, "del")}</td>}
      <td className={fresh === null ? "difference-after" : "difference-is"}>{cell(after, fresh, "ins")}</td>
    </tr>
  );
}

/** A text with what the other side lacks marked. */
function Parts({ parts, Changed }: { readonly parts: readonly TextPart[]; readonly Changed: "del" | "ins" }) {
  return parts.map((part, place) =>
    // The place is what tells one piece of a text from another.
    part.changed ? <Changed key={`${place}`}>{part.text}</Changed> : <span key={`${place}`}>{part.text}</span>,
  );
}

function isSaid(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isSaidAtAll(value: unknown): boolean {
  return !(value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0));
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every field of both sides by its path; groups are opened, lists are not. */
function spread(side: unknown, path: string, into: Map<string, unknown>): void {
  if (isGroup(side)) {
    for (const [key, value] of Object.entries(side)) spread(value, path ? `${path}.${key}` : key, into);
  } else if (Array.isArray(side) && side.some(isGroup)) {
    side.forEach((value, place) => spread(value, `${path}.${place + 1}`, into));
  } else {
    into.set(path, side);
  }
}

function linesOf(before: Side, after: Side): readonly Line[] {
  const [old, fresh] = [new Map<string, unknown>(), new Map<string, unknown>()];
  if (before) spread(before, "", old);
  if (after) spread(after, "", fresh);
  const compared = before !== null;
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  const head = (path: string) => path.split(".")[0] ?? path;
  const [oldHeads, freshHeads] = [new Set([...old.keys()].map(head)), new Set([...fresh.keys()].map(head))];
  // What both sides say comes first; what belongs together stays together.
  const rank = (path: string) => (oldHeads.has(head(path)) && freshHeads.has(head(path)) ? 0 : 1);
  return [...new Set([...fresh.keys(), ...old.keys()])]
    .sort((one, other) => rank(one) - rank(other))
    .map((path) => ({ path, before: old.get(path), after: fresh.get(path) }))
    .filter((line) => {
      if (compared && same(line.before, line.after)) return false;
      return isSaidAtAll(line.before) || isSaidAtAll(line.after) || isEmptyList(line.after);
    });
}

/** An empty list of products means all of them, and is told so. */
function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
