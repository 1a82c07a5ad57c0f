import { Segmented, Tooltip } from "antd";
import type { ReactNode } from "react";
import { Link, useLocation } from "react-router";
import { api } from "../api/client";
import { type Key, type Language, useSpeech } from "../i18n";
import { WhoActs } from "./WhoActs";

const LANGUAGES: readonly { readonly label: ReactNode; readonly value: Language }[] = [
  { label: "中文", value: "zh" },
  {
    label: (
      <>
        <span className="language-long">English</span>
        <span className="language-short">EN</span>
      </>
    ),
    value: "en",
  },
];

const PLACES: readonly (readonly [string, Key])[] = [
  ["/loans", "app.loans"],
  ["/warnings", "app.warnings"],
  ["/rules", "app.rules"],
  ["/signals", "app.signals"],
  ["/accounts", "app.accounts"],
  ["/imports", "app.imports"],
  ["/nightly", "app.nightly"],
  ["/glossary", "app.glossary"],
];

/** Pages that belong to a place of the menu without standing under its address. */
const BELONGING: readonly (readonly [string, string])[] = [
  ["/disputes", "/loans"],
  ["/lists", "/rules"],
  ["/transactions", "/accounts"],
];

function under(address: string, place: string): boolean {
  return address === place || address.startsWith(`${place}/`);
}

/** The place of the menu that an address belongs to. */
function placeOf(address: string): string {
  const belonging = BELONGING.find(([page]) => under(address, page));
  if (belonging) return belonging[1];
  return address === "/" ? "/loans" : (PLACES.find(([place]) => under(address, place))?.[0] ?? "");
}

export function Frame({ children }: { readonly children: ReactNode }) {
  const { t, language, setLanguage } = useSpeech();
  const { pathname } = useLocation();
  const here = placeOf(pathname);
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
            <Link
              key={place}
              to={place}
              {...(place === here && { className: "active", "aria-current": pathname === place ? "page" : "true" })}
            >
              {t(key)}
            </Link>
          ))}
        </nav>
        <DataDate />
        <WhoActs />
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
      {data.data_date ? (
        <>
          <span className="data-date-label">{t("app.data_date_label")} </span>
          {data.data_date}
        </>
      ) : (
        t("app.data_date_none")
      )}
    </span>
  );
}
