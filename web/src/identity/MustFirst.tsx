import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useEffect } from "react";
import { useSpeech } from "../i18n";
import { LanguageSwitch } from "../ui/Frame";
import { useMe } from "./me";
import { PasswordForm } from "./PasswordForm";
import { SecondFactor } from "./SecondFactor";
import { useSignOut } from "./signing";

/** What a person has to do before anything else: choose an own password, set the second factor up. */
export default function MustFirst() {
  const { t } = useSpeech();
  const me = useMe();
  const queries = useQueryClient();
  const { signOut, busy } = useSignOut();
  const password = me.must_change_password;
  const title = t(password ? "me.must_change_password" : "me.needs_second_factor");
  useEffect(() => {
    document.title = `${title} · ${t("app.name")}`;
  }, [t, title]);
  return (
    <div className="sign-in">
      <header className="sign-in-top">
        <LanguageSwitch />
      </header>
      <main id="content" className="sign-in-body">
        <section className="sign-in-box card">
          <div className="sign-in-brand">
            <img src="/favicon.svg" alt="" width="44" height="44" />
            <h1>{title}</h1>
          </div>
          <p className="quiet">{t(password ? "me.must_change_password_hint" : "me.needs_second_factor_hint", { name: me.name })}</p>
          {password ? <PasswordForm done={() => void queries.invalidateQueries()} /> : <SecondFactor />}
          <div>
            <Button type="link" className="as-text" onClick={signOut} loading={busy}>
              {t("app.sign_out")}
            </Button>
          </div>
        </section>
      </main>
    </div>
  );
}
