import { useMemo } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { inLanguage, keptText } from "../table/list_address";
import { useSearchParams } from "../ui/address";

export type Entry = Schemas["AuditEntry"];
export type Choices = Schemas["AuditChoices"];
export type Head = Schemas["AuditHead"];
export type Verification = Schemas["AuditVerification"];

export const OUTCOMES = ["done", "refused", "failed"] as const;
export const PAGE = 50;

/** What the address says of the conditions, by the names of the interface. */
export const CONDITIONS = [
  "person",
  "action",
  "object_kind",
  "object_id",
  "outcome",
  "request_id",
  "from_date",
  "to_date",
  "text",
] as const;
export type Condition = (typeof CONDITIONS)[number];
export type Conditions = Readonly<Record<Condition, string>>;

/** Which entries the page shows, and which one beside them: all of it stands in the address. */
export function useFilters() {
  const [address, setAddress] = useSearchParams();
  const text = address.toString();
  const shown = useMemo(() => {
    const read = new URLSearchParams(text);
    const conditions = Object.fromEntries(CONDITIONS.map((one) => [one, read.get(one) ?? ""])) as Conditions;
    const entry = Number(read.get("entry"));
    return {
      conditions,
      narrowed: CONDITIONS.some((one) => conditions[one] !== ""),
      before: read.get("before") ?? "",
      entry: Number.isSafeInteger(entry) && entry > 0 ? entry : null,
    };
  }, [text]);
  const put = (values: Readonly<Record<string, string>>, replace: boolean) =>
    setAddress(
      (known) => {
        const next = new URLSearchParams(known);
        for (const [name, value] of Object.entries(values)) {
          if (value) next.set(name, value);
          else next.delete(name);
        }
        return next;
      },
      { replace, preventScrollReset: true },
    );
  return {
    ...shown,
    text: keptText(address, "before", "entry"),
    replace: (wanted: string) => setAddress((known) => inLanguage(wanted, known), { replace: true }),
    // Other conditions begin with the newest entries.
    change: (values: Partial<Conditions>) => put({ before: "", entry: "", ...values }, true),
    // So that one comes back to the page before by the browser's own button.
    turn: (before: string) => put({ before, entry: "" }, false),
    open: (entry: number | null) => put({ entry: entry === null ? "" : String(entry) }, true),
  };
}

/** What is asked of the interface: the conditions that say something. */
export function queryOf(conditions: Conditions): Partial<Conditions> {
  return Object.fromEntries(Object.entries(conditions).filter(([, value]) => value !== ""));
}

/** What an action is called: its whole name, else noun and verb by themselves. */
export function useActionName(): (action: string) => string {
  const { name } = useSpeech();
  return (action) => {
    const whole = name("audit_action", action);
    if (whole !== action) return whole;
    const [noun = "", ...verbs] = action.split(".");
    return [name("audit_object", noun), ...verbs.map((verb) => name("audit_verb", verb))].join(" · ");
  };
}
