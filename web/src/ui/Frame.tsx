import { Segmented, Tooltip } from "antd";
import type { ReactNode } from "react";
import { Link, NavLink } from "react-router";
import { api } from "../api/client";
import { type Key, type Language, useSpeech } from "../i18n";

const LANGUAGES: readonly { readonly label: string; readonly value: Language }[] = [
  { label: "中文", value: "zh" },
  { label: "English", value: "en" },
];

const PLACES: readonly (readonly [string, Key])[] = [
  ["/loans", "app.loans"],
  ["/accounts", "app.accounts"],
  ["/imports", "app.imports"],
  ["/nightly", "app.nightly"],
  ["/glossary", "app.glossary"],
];

export function Frame({ children }: { readonly children: ReactNode }) {
  const { t, language, setLanguage } = useSpeech();
  return (
    <>
      <a className="skip" href="#content">
        {t("app.skip")}
      </a>
      <header className="top">
        <Link to="/" className="brand" title={t("app.tagline")}>
          <img src="/favicon.svg" alt="" width="28" height="28" />
          <span className="brand-name">{t("app.name")}</span>
        </Link>
        <nav className="places" aria-label={t("app.menu")}>
          {PLACES.map(([place, key]) => (
            <NavLink key={place} to={place}>
              {t(key)}
            </NavLink>
          ))}
        </nav>
        <DataDate />
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

/** Up to which day the figures of every page know what happened. */
function DataDate() {
  const { t } = useSpeech();
  const { data } = api.useQuery("get", "/api/v1/health", {}, { refetchInterval: 60_000 });
  if (!data) return <span className="data-date" />;
  return (
    <span className="data-date figures" title={t("app.data_date_hint")}>
      {data.data_date ? t("app.data_date", { date: data.data_date }) : t("app.data_date_none")}
    </span>
  );
}
