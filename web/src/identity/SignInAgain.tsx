import { Alert } from "antd";
import { useEffect } from "react";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { DemoCards } from "./DemoCards";
import type { Me } from "./me";
import { SignInForm } from "./SignInForm";
import { SIGN_IN, sessionBegan, sessionLeft } from "./session";

interface Props {
  readonly me: Me;
  readonly back: (me: Me) => void;
}

/** The session ended while the page was open: signing in again leads back to it as it was left. */
export default function SignInAgain({ me, back }: Props) {
  const { t } = useSpeech();
  const { data: choices } = api.useQuery("get", "/api/v1/sign-in/choices");
  useEffect(() => {
    const before = document.title;
    document.title = `${t("sign_in.title")} · ${t("app.name")}`;
    return () => {
      document.title = before;
    };
  }, [t]);
  const done = (who: Me) => {
    sessionBegan();
    back(who);
  };
  const own = choices?.demo.filter((one) => one.person_id === me.person_id) ?? [];
  return (
    <div className="sign-in">
      <main className="sign-in-body">
        <section className="sign-in-box card">
          <div className="sign-in-brand">
            <img src="/favicon.svg" alt="" width="44" height="44" />
            <h1>{t("sign_in.title")}</h1>
          </div>
          <Alert type="info" showIcon role="status" title={t("sign_in.ended")} description={t("sign_in.kept")} />
          {me.way === "password" && <SignInForm person={me.person_id} done={done} />}
          {me.way === "openid" && <p>{t("sign_in.openid_again")}</p>}
          {me.way === "demo" && <DemoCards persons={own} done={done} />}
          <p className="small">
            <a
              href={me.way === "openid" ? `${SIGN_IN}?to=${encodeURIComponent(window.location.pathname + window.location.search)}` : SIGN_IN}
              onClick={sessionLeft}
            >
              {t(me.way === "openid" ? "sign_in.openid" : "sign_in.other_person")}
            </a>
          </p>
        </section>
      </main>
    </div>
  );
}
