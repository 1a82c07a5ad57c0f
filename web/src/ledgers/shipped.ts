import { type Key, useSpeech } from "../i18n";

const TROUBLE = "five_class=special_mention&five_class=substandard&five_class=doubtful&five_class=loss";

/** What many ask of each ledger; the texts are those of the address. */
const SHIPPED: Readonly<Record<string, readonly (readonly [Key, string])[]>> = {
  loans: [
    ["ledger.shipped.overdue", "overdue_fen_from=1&sort=days_past_due&direction=descending"],
    ["ledger.shipped.trouble", `${TROUBLE}&live=true&sort=balance_fen`],
    ["ledger.shipped.hidden_arrears", "five_class=normal&days_past_due_from=8&sort=days_past_due&direction=descending"],
    ["ledger.shipped.unsecured", "guarantees=none&live=true&sort=balance_fen"],
  ],
  warnings: [
    ["ledger.shipped.late", "overdue=true&sort=due_at"],
    ["ledger.shipped.severe", "level=red&level=orange&state=open"],
    ["ledger.shipped.unassigned", "state=open&sort=due_at"],
  ],
  checks: [
    ["ledger.shipped.checks_overdue", "timely=overdue&sort=due_on"],
    ["ledger.shipped.checks_not_agreed", "conclusion=not_as_agreed&conclusion=partly_as_agreed&sort=closed_on&direction=descending"],
  ],
  collateral: [
    ["ledger.shipped.expiring", "registration=expired&registration=soon&sort=registration_expires_on"],
    ["ledger.shipped.uninsured", "insurance=expired&insurance=soon&sort=insurance_expires_on"],
    ["ledger.shipped.thin", "present_ppm_from=700000&sort=present_ppm&direction=descending"],
    ["ledger.shipped.valued_long_ago", "valued_long_ago=true&sort=valued_on"],
  ],
  groups: [
    ["ledger.shipped.groups", "kind=group"],
    ["ledger.shipped.large", "large=true"],
    ["ledger.shipped.near_limit", "limit_used_ppm_from=800000&sort=limit_used_ppm&direction=descending"],
  ],
};

/** Ready-made filters of a ledger: name and conditions. */
export function useShipped(ledger: string): readonly (readonly [string, string])[] {
  const { t } = useSpeech();
  return (SHIPPED[ledger] ?? []).map(([key, text]) => [t(key), text] as const);
}
