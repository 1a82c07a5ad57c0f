import { UserOutlined } from "@ant-design/icons";
import { Link, useLocation } from "react-router";
import { useSpeech } from "../i18n";
import { useMe } from "../identity/me";
import { useRoleNames } from "../identity/roles";
import { useSignOut } from "../identity/signing";
import { Disclosure } from "./Menu";
import { OWN } from "./places";
import { showShortcuts } from "./shortcut_keys";
import { useUnitName } from "./unit";

/** Who is signed in, what they are, and how to leave. */
export function PersonMenu() {
  const { t } = useSpeech();
  const me = useMe();
  const { pathname } = useLocation();
  const roles = useRoleNames(me.roles);
  const unitName = useUnitName();
  const { signOut, busy } = useSignOut();
  const away = me.standing_in_for.map((one) => one.name).join(t("app.comma"));
  return (
    <Disclosure
      className="person-menu"
      pathname={pathname}
      name={t("app.person_menu", { name: me.name })}
      label={
        <>
          <UserOutlined aria-hidden />
          <span className="person-name">{me.name}</span>
        </>
      }
    >
      <dl className="person-facts">
        <dt className="person-title">{me.name}</dt>
        <dd className="quiet figures">{me.staff_id ?? me.person_id}</dd>
        {roles && <dd>{roles}</dd>}
        {me.unit_id && <dd className="quiet">{unitName(me.unit_id, me.unit_name ?? me.unit_id)}</dd>}
        {away && <dd className="person-away">{t("app.standing_in_for", { names: away })}</dd>}
      </dl>
      {OWN.map((place) => (
        <Link key={place.to} to={place.to}>
          {t(place.key)}
        </Link>
      ))}
      <button type="button" onClick={showShortcuts}>
        {t("app.shortcuts")} <kbd>?</kbd>
      </button>
      <button type="button" onClick={signOut} disabled={busy}>
        {t("app.sign_out")}
      </button>
    </Disclosure>
  );
}
