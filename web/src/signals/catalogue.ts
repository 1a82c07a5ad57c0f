import { api, type Schemas } from "../api/client";

export type Family = Schemas["SignalFamily"];
export type Field = Schemas["SignalField"];

export const GROUPS = ["context", "movement", "loan", "pair", "payee", "payer", "customer", "day"] as const;
export type Group = (typeof GROUPS)[number];

/** The catalogue changes with the software only. */
export function useCatalogue() {
  return api.useQuery("get", "/api/v1/signals/catalogue", {}, { staleTime: Number.POSITIVE_INFINITY });
}

/** What a person may type to find a signal: case and blanks do not matter. */
export function plain(text: string): string {
  return text.toLowerCase().replace(/\s+/g, "");
}

export function fits(family: Family, fragment: string): boolean {
  const said = [
    family.chinese,
    family.english,
    family.meaning_chinese,
    family.meaning_english,
    ...family.fields.map((field) => field.name),
  ];
  return plain(said.join(" ")).includes(fragment);
}
