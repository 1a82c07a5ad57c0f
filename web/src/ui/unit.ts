import { useSpeech } from "../i18n";

/** The unit of rows that name none, as intake makes it (ledger/taking.py). */
const UNASSIGNED = "unassigned";
const UNASSIGNED_NAME = "未归属机构";

/** A unit's name as the bank gave it; the one name that intake made up is said in the reader's language. */
export function useUnitName(): <T extends string | null>(id: string | null, name: T) => T | string {
  const { t } = useSpeech();
  return (id, name) => (id === UNASSIGNED && name === UNASSIGNED_NAME ? t("app.unit_unassigned") : name);
}
