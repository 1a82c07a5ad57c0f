import { LinkOutlined, SearchOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useEffect, useMemo } from "react";
import { Link, useLocation } from "react-router";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Notice } from "../ui/states";
import { GROUPS, type TermName, meanings, wording } from "./terms";
import { useSearchParams } from "../ui/address";

/** What a person may type to find a term: case and blanks do not matter. */
function plain(text: string): string {
  return text.toLowerCase().replace(/\s+/g, "");
}

export default function GlossaryPage() {
  const { t, language } = useSpeech();
  const { hash } = useLocation();
  const [address, setAddress] = useSearchParams();
  const search = address.get("search") ?? "";
  const wanted = hash.slice(1);
  useEffect(() => {
    document.title = `${t("glossary.title")} · ${t("app.name")}`;
  }, [t]);
  useEffect(() => {
    if (wanted) document.getElementById(wanted)?.scrollIntoView({ block: "center" });
  }, [wanted]);
  const groups = useMemo(() => {
    const fragment = plain(search);
    const fits = (name: TermName) => {
      const { chinese, english } = wording(name);
      return plain(`${chinese} ${english} ${meanings(name)}`).includes(fragment);
    };
    return GROUPS.map(([group, names]) => [group, names.filter(fits)] as const).filter(([, names]) => names.length > 0);
  }, [search]);
  const count = groups.reduce((sum, [, names]) => sum + names.length, 0);
  const find = (text: string) => setAddress(text ? { search: text } : {}, { replace: true });
  return (
    <div className="page glossary">
      <div className="page-head">
        <div className="glossary-title">
          <h1>{t("glossary.title")}</h1>
          <p className="quiet">{t("glossary.intro")}</p>
        </div>
        <div className="filters" role="search">
          <span className="quiet" role="status">
            {search ? t("glossary.found", { count }) : t("glossary.count", { count })}
          </span>
          <Input
            allowClear
            className="search"
            prefix={<SearchOutlined aria-hidden />}
            placeholder={t("glossary.search")}
            aria-label={t("glossary.search")}
            maxLength={60}
            value={search}
            onChange={(event) => find(event.target.value)}
          />
          <ExportButton address="/api/v1/glossary.xlsx" query={() => new URLSearchParams({ search })} count={count} readers />
        </div>
      </div>
      {count === 0 ? (
        <Notice
          tone="empty"
          title={t("glossary.none_title")}
          action={<Button onClick={() => find("")}>{t("glossary.clear")}</Button>}
        >
          <p>{t("glossary.none_hint")}</p>
        </Notice>
      ) : (
        <div className="glossary-columns">
          <nav className="card glossary-groups" aria-label={t("glossary.groups")}>
            <ul>
              {groups.map(([group, names]) => (
                <li key={group}>
                  <Link to={{ search: address.toString(), hash: `group-${group}` }} replace>
                    {t(`term_group.${group}`)} <span className="quiet figures">{names.length}</span>
                  </Link>
                </li>
              ))}
            </ul>
          </nav>
          <div className="glossary-list">
            {groups.map(([group, names]) => (
              <section key={group} className="card" aria-labelledby={`group-${group}`}>
                <h2 id={`group-${group}`}>{t(`term_group.${group}`)}</h2>
                <dl>
                  {names.map((name) => {
                    const { chinese, english } = wording(name);
                    const [first, second] = language === "zh" ? [chinese, english] : [english, chinese];
                    return (
                      <div key={name} id={name} className={name === wanted ? "entry entry-wanted" : "entry"}>
                        <dt>
                          <span className="entry-name">{first}</span>
                          <span className="quiet">{second}</span>
                        </dt>
                        <dd>
                          {t(`term_text.${name}`)}
                          <Link
                            className="entry-link"
                            to={{ search: address.toString(), hash: name }}
                            replace
                            aria-label={t("glossary.link", { term: first })}
                          >
                            <LinkOutlined aria-hidden />
                          </Link>
                        </dd>
                      </div>
                    );
                  })}
                </dl>
              </section>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}
