import type { Language } from "../i18n";

interface FieldProblem {
  readonly field: string;
  readonly problem: string;
  readonly problem_chinese?: string | null;
}

export interface ProblemLike {
  readonly code?: string;
  readonly detail?: string;
  readonly detail_chinese?: string | null;
  readonly remedy?: string;
  readonly remedy_chinese?: string | null;
  readonly fields?: readonly FieldProblem[];
}

/** The server's words in the reader's language, as sentences begin. A text that is none of its own has no Chinese: it stays as it came. */
export function said(language: Language, english?: string | null, chinese?: string | null): string {
  const text = (language === "zh" ? chinese : null) ?? english ?? "";
  // A name, such as that of a file, a setting or a field, stays as it is written.
  return language === "en" && /^(?!loantrail\b)[a-z]+[ ,]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** A failure of the interface answers a problem; one of the network is an Error without its fields. */
export function asProblem(error: unknown): ProblemLike {
  return typeof error === "object" && error !== null && "detail" in error ? (error as ProblemLike) : {};
}

/** What a failure says and advises, as one text; empty for one of the network. */
export function problemText(language: Language, error: unknown): string {
  const problem = asProblem(error);
  const parts = [
    said(language, problem.detail, problem.detail_chinese),
    said(language, problem.remedy, problem.remedy_chinese),
  ];
  return sentences(language, parts);
}

/** Sentences that the server leaves without their last stop, put together. */
export function sentences(language: Language, parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(language === "zh" ? "。" : ". ");
}
