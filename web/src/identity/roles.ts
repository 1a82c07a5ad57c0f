import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";

type RoleWord = Schemas["RoleWord"];

/** The name of a role in the reader's language. */
export function useRoleName(): (role: RoleWord) => string {
  const { language } = useSpeech();
  return (role) => role[language === "zh" ? "chinese" : "english"];
}

/** The names of roles, put together. */
export function useRoleNames(roles: readonly RoleWord[]): string {
  const { language } = useSpeech();
  const called = useRoleName();
  return roles.map(called).join(language === "zh" ? "、" : ", ");
}
