import { Segmented, Tooltip } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { type Language, useSpeech } from "../i18n";

const LANGUAGES: readonly { readonly label: string; readonly value: Language }[] = [
  { label: "中文", value: "zh" },
  { label: "English", value: "en" },
];

export function Frame({ children }: { readonly children: ReactNode }) {
  const { t, language, setLanguage } = useSpeech();
  return (
    <>
      <a className="skip" href="#content">
        {t("app.skip")}
      </a>
      <header className="top">
        <Link to="/" className="brand">
          <img src="/favicon.svg" alt="" width="28" height="28" />
          <span className="brand-name">{t("app.name")}</span>
          <span className="brand-line">{t("app.tagline")}</span>
        </Link>
        <Tooltip title={t("app.loopback_hint")}>
          <span className="loopback">{t("app.loopback")}</span>
        </Tooltip>
        <Segmented<Language>
          aria-label={t("app.language")}
          options={[...LANGUAGES]}
          value={language}
          onChange={setLanguage}
        />
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
