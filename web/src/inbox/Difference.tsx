import { useSpeech } from "../i18n";
import { useFieldWords } from "./words";

type Side = Readonly<Record<string, unknown>> | null;

interface Line {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Before and after, line by line; what stays the same is not shown where something was there before. */
export function Difference({ before, after }: { readonly before: Side; readonly after: Side }) {
  const { t } = useSpeech();
  const words = useFieldWords();
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
          <tr key={line.path}>
            <th scope="row">{words.field(line.path)}</th>
            {compared && <td className="difference-before">{words.value(line.path, line.before)}</td>}
            <td className="difference-after">{words.value(line.path, line.after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
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
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  const empty = (value: unknown) => value === null || value === undefined || value === "";
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .map((path) => ({ path, before: old.get(path), after: fresh.get(path) }))
    .filter((line) => (before === null ? !empty(line.after) : !same(line.before, line.after)));
}
