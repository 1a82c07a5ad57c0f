import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { useEffect } from "react";
import { useNavigate } from "react-router";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { LanguageSwitch } from "../ui/Frame";
import { DemoCards } from "./DemoCards";
import type { Me } from "./me";
import { SignInForm } from "./SignInForm";
import { ME, returnTo, sessionBegan, wasSignedIn } from "./session";
import { useSearchParams } from "../ui/address";

/** Where everybody begins. */
export default function SignInPage() {
  const { t, language } = useSpeech();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [address] = useSearchParams();
  const { data: choices } = api.useQuery("get", "/api/v1/sign-in/choices");
  const to = returnTo(address.get("to"));
  useEffect(() => {
    document.title = `${t("sign_in.title")} · ${t("app.name")}`;
  }, [t, language]);
  const done = (me: Me) => {
    sessionBegan();
    queries.clear();
    queries.setQueryData(["get", ME, {}], me);
    void navigate(to, { replace: true });
  };
  const demo = choices?.demo ?? [];
  return (
    <div className={demo.length > 0 ? "sign-in sign-in-demo" : "sign-in"}>
      <header className="sign-in-top">
        <LanguageSwitch />
      </header>
      <main id="content" className="sign-in-body">
        <section className="sign-in-box card">
          <div className="sign-in-brand">
            <img src="/favicon.svg" alt="" width="44" height="44" />
            <div>
              <h1>{t("app.name")}</h1>
              <p className="quiet">{t("app.tagline")}</p>
            </div>
          </div>
          {choices?.bank_name && <p className="sign-in-bank">{choices.bank_name}</p>}
          {wasSignedIn() && (
            <Alert type="info" showIcon role="status" title={t("sign_in.ended")} description={t("sign_in.ended_hint")} />
          )}
          <SignInForm done={done} />
          {choices?.openid && (
            <Button
              size="large"
              block
              href={`/api/v1/sign-in/openid?return_to=${encodeURIComponent(to)}`}
            >
              {t("sign_in.openid")}
            </Button>
          )}
          <p className="quiet small">{t("sign_in.help")}</p>
        </section>
        {demo.length > 0 && <DemoCards persons={demo} done={done} />}
      </main>
    </div>
  );
}
