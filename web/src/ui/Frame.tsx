import { message, Segmented } from "antd";
import { type ReactNode, useMemo } from "react";
import { Link, useLocation } from "react-router";
import { api } from "../api/client";
import { type Language, useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { GlobalSearch } from "../search/GlobalSearch";
import { Menu } from "./Menu";
import { NotForYou } from "./NotForYou";
import { PersonMenu } from "./PersonMenu";
import { GROUPS, type Group, placeOf } from "./places";
import { Shortcuts } from "./Shortcuts";
import { Watermark } from "./Watermark";

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

export function LanguageSwitch() {
  const { t, language, setLanguage } = useSpeech();
  const [messages, toldHere] = message.useMessage();
  return (
    <>
      {toldHere}
      <Segmented<Language>
        aria-label={t("app.language")}
        options={[...LANGUAGES]}
        value={language}
        onChange={(chosen) => void setLanguage(chosen).catch(() => messages.error(t("error.unreachable")))}
      />
    </>
  );
}

/** What stands around every page of who is signed in. */
export function Frame({ children }: { readonly children: ReactNode }) {
  const { t } = useSpeech();
  const me = useMe();
  const { pathname } = useLocation();
  const here = placeOf(pathname);
  // What a role cannot use is not shown.
  const groups = useMemo<readonly Group[]>(
    () =>
      GROUPS.map((group) => ({ ...group, places: group.places.filter((place) => may(me, place.abilities)) })).filter(
        (group) => group.places.length > 0,
      ),
    [me],
  );
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
        <Menu groups={groups} here={here} pathname={pathname} />
        <GlobalSearch />
        <DataDate />
        <LanguageSwitch />
        <PersonMenu />
      </header>
      <main id="content" tabIndex={-1}>
        {here && !may(me, here.abilities) ? <NotForYou place={here} /> : children}
      </main>
      {!here?.plain && <Watermark />}
      <Shortcuts />
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
