import { useEffect } from "react";
import { Link } from "react-router";
import { useSpeech } from "../i18n";
import { useMe } from "../identity/me";
import { useRoleNames } from "../identity/roles";
import type { Place } from "./places";
import { Notice } from "./states";

/** A page that this person's roles do not open. */
export function NotForYou({ place }: { readonly place: Place }) {
  const { t } = useSpeech();
  const me = useMe();
  const roles = useRoleNames(me.roles);
  useEffect(() => {
    document.title = `${t(place.key)} · ${t("app.name")}`;
  }, [t, place]);
  return (
    <div className="page">
      <Notice tone="empty" title={t("app.not_for_you", { page: t(place.key) })} action={<Link to="/">{t("app.back_home")}</Link>}>
        <p>{t("app.not_for_you_hint", { roles: roles || t("app.no_role") })}</p>
      </Notice>
    </div>
  );
}
