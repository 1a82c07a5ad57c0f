import { message } from "antd";
import { type ReactNode, useEffect, useId } from "react";
import { useSpeech } from "../i18n";
import { Term } from "../ui/Term";
import { useUnitName } from "../ui/unit";
import { Delegations } from "./Delegations";
import { useMe } from "./me";
import { PasswordForm } from "./PasswordForm";
import { useRoleName } from "./roles";
import { SecondFactor } from "./SecondFactor";
import { Sessions } from "./Sessions";

/** One's own account: what one may do, how one signs in, who stands in while one is away. */
export default function MyPage() {
  const { t, name } = useSpeech();
  const me = useMe();
  const called = useRoleName();
  const unitName = useUnitName();
  const [messages, holder] = message.useMessage();
  useEffect(() => {
    document.title = `${t("app.my_account")} · ${t("app.name")}`;
  }, [t]);
  return (
    <div className="page own-page">
      {holder}
      <div className="page-head">
        <h1>{t("app.my_account")}</h1>
      </div>
      <div className="own-columns">
        <Part title={t("me.who")}>
          <dl className="facts">
            <div>
              <dt>{t("me.name")}</dt>
              <dd>
                {me.name} <span className="quiet figures">{me.staff_id ?? me.person_id}</span>
              </dd>
            </div>
            {me.unit_id && (
              <div>
                <dt>{t("me.unit")}</dt>
                <dd>{unitName(me.unit_id, me.unit_name ?? me.unit_id)}</dd>
              </div>
            )}
            <div>
              <dt>{t("me.roles")}</dt>
              <dd>{me.roles.map(called).join(" · ") || t("app.no_role")}</dd>
            </div>
            {me.standing_in_for.length > 0 && (
              <div>
                <dt>{t("me.stands_in_for")}</dt>
                <dd>{me.standing_in_for.map((one) => one.name).join(" · ")}</dd>
              </div>
            )}
            <div>
              <dt>
                <Term name="reach">{t("me.reach")}</Term>
              </dt>
              <dd>{name("reach", me.reach)}</dd>
            </div>
            <div>
              <dt>{t("me.abilities")}</dt>
              <dd className="own-abilities">
                {me.abilities.map((one) => (
                  <span key={one}>{name("ability", one)}</span>
                ))}
              </dd>
            </div>
          </dl>
        </Part>
        {me.has_password ? (
          <>
            <Part title={t("me.password")}>
              <PasswordForm done={() => void messages.success(t("me.password_done"))} />
            </Part>
            <Part title={t("me.factor")}>
              <SecondFactor />
            </Part>
          </>
        ) : (
          <Part title={t("me.password")}>
            <p className="quiet">{t(me.demo ? "me.no_password_demo" : "me.no_password")}</p>
          </Part>
        )}
        <Part title={<Term name="stand_in">{t("me.delegation")}</Term>} wide>
          <Delegations />
        </Part>
        <Part title={t("me.sessions")} wide>
          <Sessions />
        </Part>
      </div>
    </div>
  );
}

function Part({ title, wide = false, children }: { readonly title: ReactNode; readonly wide?: boolean; readonly children: ReactNode }) {
  const heading = useId();
  return (
    <section className={wide ? "card own-part own-wide" : "card own-part"} aria-labelledby={heading}>
      <h2 id={heading}>{title}</h2>
      {children}
    </section>
  );
}
