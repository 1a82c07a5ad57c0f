import type { TermName } from "../glossary/terms";
import type { Schemas } from "../api/client";

export type UseGroup = Schemas["UseGroup"];

/** The groups of the statement, as the answers give them. */
export const USE_GROUPS: readonly UseGroup[] = ["suspected", "restricted", "documented", "held", "debt", "left_bank", "pooled", "other"];

/** What explains each group. */
export const USE_TERMS: Readonly<Record<UseGroup, TermName>> = {
  suspected: "suspected",
  restricted: "restricted",
  documented: "documented",
  held: "held",
  debt: "debt_repaid",
  left_bank: "left_bank",
  pooled: "pooled_account",
  other: "other_use",
};

/** Colours of the charts: those of the styles, which a canvas cannot read. */
export const USE_COLOURS: Readonly<Record<UseGroup, string>> = {
  suspected: "#c5492f",
  restricted: "#a8896c",
  documented: "#2c8272",
  held: "#dca63f",
  debt: "#7b6fae",
  left_bank: "#6e93bd",
  pooled: "#93a2ab",
  other: "#c3cac7",
};
