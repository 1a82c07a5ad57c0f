import type { Speech } from "../i18n";

/** Where a line of a statement came from: a file and its row there, or live on a day. A line that came live has no row: its number is
 * that of its arrival. */
const LIVE = "live/";

export function lineSource(
  t: Speech["t"],
  sourceFile: string,
  position: number,
): string {
  const row = position.toLocaleString("en");
  if (sourceFile.startsWith(LIVE)) return t("accounts.source_live", { date: sourceFile.slice(LIVE.length), row });
  return t("accounts.source_row", { file: sourceFile.split(/[\\/]/).at(-1) ?? sourceFile, row });
}
