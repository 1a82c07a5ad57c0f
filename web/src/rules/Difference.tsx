import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { linesChanged } from "./lines";

type Content = Schemas["ContentAnswer"];

function written(content: Content): string[] {
  return [...content.condition.split("\n"), ...content.levels.map((one) => `${one.level}: ${one.condition}`)];
}

/** Line by line, what a version's condition and levels say other than those of the version before. */
export function Difference({ before, after }: { readonly before: Content; readonly after: Content }) {
  const { t } = useSpeech();
  const lines = linesChanged(written(before), written(after));
  if (lines.every((one) => one.kind === "same")) return null;
  return (
    <pre className="condition-text rule-difference" aria-label={t("rules.difference_lines")}>
      {lines.map((one, place) => (
        <span key={place} className={`line-${one.kind}`}>
          <span className="line-mark">{one.kind === "new" ? "+" : one.kind === "old" ? "−" : " "}</span>
          {one.text}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}
