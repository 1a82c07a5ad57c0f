import { LinkOutlined, SearchOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useEffect, useMemo } from "react";
import { Link, useLocation } from "react-router";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading, Notice } from "../ui/states";
import { type Family, fits, GROUPS, plain, useCatalogue } from "./catalogue";
import { useSearchParams } from "../ui/address";

/** Every signal that rules may ask for; the address can name one: /signals#securities_fen_7d. */
export default function SignalsPage() {
  const { t } = useSpeech();
  const { hash } = useLocation();
  const [address, setAddress] = useSearchParams();
  const { data, error, refetch } = useCatalogue();
  const search = address.get("search") ?? "";
  const wanted = decodeURIComponent(hash.slice(1));
  useEffect(() => {
    document.title = `${t("signals.title")} · ${t("app.name")}`;
  }, [t]);
  useEffect(() => {
    if (wanted && data) document.getElementById(wanted)?.scrollIntoView({ block: "center" });
  }, [wanted, data]);
  const groups = useMemo(() => {
    const fragment = plain(search);
    const found = (data?.families ?? []).filter((family) => fits(family, fragment));
    return GROUPS.map((group) => [group, found.filter((family) => family.group === group)] as const).filter(
      ([, families]) => families.length > 0,
    );
  }, [data, search]);
  const count = groups.reduce((sum, [, families]) => sum + countOf(families), 0);
  const find = (text: string) => setAddress(text ? { search: text } : {}, { replace: true });
  return (
    <div className="page signals">
      <div className="page-head">
        <div className="signals-title">
          <h1>{t("signals.title")}</h1>
          <p className="quiet">{t("signals.intro")}</p>
        </div>
        <div className="filters" role="search">
          <span className="quiet" role="status">
            {data && (search ? t("signals.found", { count }) : t("signals.count", { count }))}
          </span>
          <Input
            allowClear
            className="search"
            prefix={<SearchOutlined aria-hidden />}
            placeholder={t("signals.search")}
            aria-label={t("signals.search")}
            maxLength={60}
            value={search}
            onChange={(event) => find(event.target.value)}
          />
          <ExportButton
            address="/api/v1/signals/catalogue.xlsx"
            query={() => new URLSearchParams({ search })}
            count={data ? count : null}
          />
        </div>
      </div>
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Loading rows={14} />
      ) : count === 0 ? (
        <Notice
          tone="empty"
          title={t("signals.none_title")}
          action={<Button onClick={() => find("")}>{t("signals.clear")}</Button>}
        >
          <p>{t("signals.none_hint")}</p>
        </Notice>
      ) : (
        <div className="signals-columns">
          <nav className="card signals-groups" aria-label={t("signals.groups")}>
            <ul>
              {groups.map(([group, families]) => (
                <li key={group}>
                  <Link to={{ search: address.toString(), hash: `group-${group}` }} replace>
                    {t(`signal_group.${group}`)} <span className="quiet figures">{countOf(families)}</span>
                  </Link>
                </li>
              ))}
            </ul>
          </nav>
          <div className="signals-list">
            {groups.map(([group, families]) => (
              <section key={group} className="card" aria-labelledby={`group-${group}`}>
                <h2 id={`group-${group}`}>{t(`signal_group.${group}`)}</h2>
                <p className="signals-about quiet">{t(`signal_group_text.${group}`)}</p>
                <dl>
                  {families.map((family) => (
                    <Entry key={family.stem} family={family} wanted={wanted} search={address.toString()} />
                  ))}
                </dl>
              </section>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}

interface EntryProps {
  readonly family: Family;
  /** The signal that the address names. */
  readonly wanted: string;
  readonly search: string;
}

function Entry({ family, wanted, search }: EntryProps) {
  const { t, name, language } = useSpeech();
  const here = family.fields.some((field) => field.name === wanted);
  const [first, second, meaning] =
    language === "zh"
      ? [family.chinese, family.english, family.meaning_chinese]
      : [family.english, family.chinese, family.meaning_english];
  return (
    <div className={here ? "signal signal-wanted" : "signal"}>
      <dt>
        <span className="signal-name">{first}</span>
        <span className="quiet">{second}</span>
        <span className="quiet">
          {name("signal_unit", family.unit || family.kind)} · {t(`signal_grain.${family.grain as "both"}`)}
        </span>
      </dt>
      <dd>
        <p>{meaning}</p>
        <ul className="signal-fields" aria-label={t("signals.names")}>
          {family.fields.map((field) => (
            <li key={field.name} id={field.name} className={field.name === wanted ? "signal-field-wanted" : undefined}>
              {field.window && <span className="quiet">{t(`signal_window.${field.window as "7d"}`)}</span>}
              <code>{field.name}</code>
              <Link
                className="signal-link"
                to={{ search, hash: field.name }}
                replace
                aria-label={t("signals.link", { name: field.name })}
              >
                <LinkOutlined aria-hidden />
              </Link>
            </li>
          ))}
        </ul>
      </dd>
    </div>
  );
}

/** How many signals there are of these families: one for each window. */
function countOf(families: readonly Family[]): number {
  return families.reduce((all, one) => all + one.fields.length, 0);
}
