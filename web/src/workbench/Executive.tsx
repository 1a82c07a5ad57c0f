import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { type Key, useSpeech } from "../i18n";
import { useFigures } from "../portfolio/GroupTable";
import { WideTable } from "../portfolio/WideTable";
import { useCover } from "../portfolio/cover";
import { useGroupName } from "../portfolio/words";
import { Amount } from "../ui/Amount";
import { percentText, shareText } from "../ui/money";
import { ShareBar } from "../ui/ShareBar";
import { Failure, Loading } from "../ui/states";
import { Term } from "../ui/Term";
import { BY_INDUSTRY, BY_UNIT, CONCENTRATION, MIGRATION, USES } from "./asked";
import { Card, Nothing } from "./Card";

type Portfolio = Schemas["Portfolio"];
type Group = Schemas["PortfolioGroup"];

const USES_SHOWN = 6;
const GROUPS_SHOWN = 8;

/** Where the loans' money went: the largest uses, and whatever is suspected. */
export function FlowsCard() {
  const { t, name } = useSpeech();
  const { data, error, refetch } = useQuery(USES);
  const covered = useCover(data?.fewest_loans ?? null);
  const whole = data?.total.disbursed_fen ? BigInt(data.total.disbursed_fen) : null;
  const shown = [...(data?.uses ?? [])].filter((line) => line.amount_fen !== null).sort((one, other) => (BigInt(other.amount_fen ?? "0") > BigInt(one.amount_fen ?? "0") ? 1 : -1));
  const suspected = data?.total.cells.find((cell) => cell.line_group === "suspected");
  const to = "/portfolio?view=uses&by=industry";
  return (
    <Card title={t("workbench.flows_title")} note={t("workbench.flows_note")} more={[to, t("workbench.flows_more")]}>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading rows={6} />}
      {data && shown.length === 0 && <Nothing>{t("portfolio.uses.empty_title")}</Nothing>}
      {data && whole !== null && shown.length > 0 && (
        <ul className="bench-list">
          {suspected && (suspected.cover !== null || suspected.amount_fen !== "0") && (
            <li>
              <Link to={to} className="bench-row bench-use">
                <span className="danger">
                  <span className="dot tone-suspected" aria-hidden="true" /> {t("group.suspected")}
                </span>
                {suspected.amount_fen !== null ? <ShareBar part={BigInt(suspected.amount_fen)} whole={whole} tone="suspected" /> : <span />}
                <span className="figures danger">{suspected.amount_fen === null ? covered(suspected.cover) : shareText(BigInt(suspected.amount_fen), whole)}</span>
                <span className="bench-amount">{suspected.amount_fen !== null && <Amount fen={suspected.amount_fen} form="short" {...data} />}</span>
              </Link>
            </li>
          )}
          {shown.slice(0, USES_SHOWN).map((line) => (
            <li key={`${line.line_group} ${line.use}`}>
              <Link to={to} className="bench-row bench-use">
                <span className="bench-name">
                  {name("use", line.use)}
                  <span className={line.line_group === "suspected" ? "danger small" : "quiet small"}>{t(`group.${line.line_group}` as Key)}</span>
                </span>
                <ShareBar part={BigInt(line.amount_fen ?? "0")} whole={whole} tone={line.line_group} />
                <span className="figures">{shareText(BigInt(line.amount_fen ?? "0"), whole)}</span>
                <span className="bench-amount">
                  <Amount fen={line.amount_fen ?? "0"} form="short" {...data} />
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

interface GroupsProps {
  readonly by: "industry" | "unit";
  readonly title: string;
  readonly more: string;
  readonly head: string;
}

/** Risk by industry, or by unit; each leads into its group. */
export function GroupsCard({ by, title, more, head }: GroupsProps) {
  const { t } = useSpeech();
  const { data, error, refetch } = useQuery(by === "industry" ? BY_INDUSTRY : BY_UNIT);
  return (
    <Card title={title} more={[`/portfolio?by=${by}`, more]}>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading rows={6} />}
      {data && data.groups.length === 0 && <Nothing>{t("portfolio.empty_title")}</Nothing>}
      {data && data.groups.length > 0 && <Groups by={by} read={data} title={title} head={head} />}
    </Card>
  );
}

function Groups({ by, read, title, head }: { readonly by: GroupsProps["by"]; readonly read: Portfolio; readonly title: string; readonly head: string }) {
  const { t } = useSpeech();
  const named = useGroupName();
  const { figure } = useFigures({ ...read, fewest: read.fewest_loans });
  const severe = (group: Group) =>
    group.red_count === null || group.orange_count === null
      ? figure(group, group.red_count === null ? "red_count" : "orange_count")
      : (group.red_count + group.orange_count).toLocaleString("en");
  const down = (group: Group) => `/portfolio?by=${group.deeper ? by : by === "unit" ? "industry" : "unit"}&within=${encodeURIComponent(`${by}:${group.value}`)}`;
  return (
    <WideTable<Group>
      plain
      size="small"
      rowKey={(group) => group.value}
      aria-label={title}
      dataSource={read.groups.filter((group) => group.loan_count !== 0).slice(0, GROUPS_SHOWN)}
      columns={[
        { key: "name", title: head, render: (_, group) => <Link to={down(group)}>{named(by, group)}</Link> },
        { key: "balance", title: t("portfolio.figure.balance_fen"), align: "right", className: "nowrap", render: (_, group) => figure(group, "balance_fen") },
        {
          key: "overdue",
          title: <Term name="days_past_due">{t("workbench.overdue_amount")}</Term>,
          align: "right",
          className: "nowrap",
          render: (_, group) => figure(group, "overdue_fen"),
        },
        {
          key: "suspected",
          title: <Term name="suspected">{t("workbench.suspected_amount")}</Term>,
          align: "right",
          className: "nowrap",
          render: (_, group) => figure(group, "suspected_fen"),
        },
        {
          key: "severe",
          title: <Term name="warning_level">{t("workbench.severe_loans")}</Term>,
          align: "right",
          className: "figures nowrap",
          render: (_, group) => severe(group),
        },
      ]}
    />
  );
}

/** What the largest owe, and the limits beside it. */
export function ConcentrationCard() {
  const { t, language } = useSpeech();
  const { data, error, refetch } = useQuery(CONCENTRATION);
  const covered = useCover(data?.fewest_loans ?? null);
  const to = "/portfolio?view=concentration";
  return (
    <Card title={t("workbench.concentration_title")} more={[to, t("workbench.concentration_more")]}>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading rows={5} />}
      {data && data.figures.length === 0 && <Nothing>{t("portfolio.empty_title")}</Nothing>}
      {data && data.figures.length > 0 && (
        <dl className="facts bench-facts">
          {data.figures.map((one) => (
            <div key={one.of}>
              <dt>{t(`portfolio.concentration.${one.of}`)}</dt>
              <dd>
                {one.label && <span>{language === "zh" ? one.label.chinese : one.label.english} </span>}
                {covered(one.cover) ?? <span className="figures">{one.share_ppm === null ? "–" : percentText(one.share_ppm)}</span>}
                {one.limit && one.limit.exceeded !== null && (
                  <span className={one.limit.exceeded ? "danger small" : "quiet small"}>
                    {" "}
                    {t(one.limit.exceeded ? "portfolio.concentration.exceeded" : "portfolio.concentration.kept")}
                  </span>
                )}
              </dd>
            </div>
          ))}
          <div>
            <dt>
              <Term name="hhi" />
            </dt>
            <dd>
              {(["customers_index", "industries_index"] as const).map((index) => (
                <span key={index} className="nowrap">
                  {t(`portfolio.concentration.${index}`)}{" "}
                  {covered(data[index].cover) ?? (
                    <span className="figures">
                      {data[index].hhi_ppm === null
                        ? "–"
                        : t("workbench.hhi_points", { points: Math.round(data[index].hhi_ppm / 100).toLocaleString("en") })}
                    </span>
                  )}{" "}
                </span>
              ))}
            </dd>
          </div>
        </dl>
      )}
      {data && data.capital === null && <p className="quiet small bench-rest">{t("portfolio.concentration.net_capital")}: {t("portfolio.concentration.no_capital")}</p>}
    </Card>
  );
}

/** What changed since the last day of the month before. */
export function SinceCard() {
  const { t } = useSpeech();
  const read = useQuery(BY_INDUSTRY);
  const moved = useQuery(MIGRATION);
  const data = read.data;
  const to = "/portfolio";
  return (
    <Card
      title={t("workbench.since_title")}
      {...(data?.previous_date && data.basis !== "none" ? { note: t("workbench.since_note", { day: data.previous_date }) } : {})}
      more={[to, t("workbench.since_more")]}
    >
      {read.error && <Failure error={read.error} retry={() => void read.refetch()} />}
      {!data && !read.error && <Loading rows={4} />}
      {data && data.basis === "none" && <Nothing>{t("workbench.since_none")}</Nothing>}
      {data && data.basis !== "none" && <Since read={data} moved={moved.data} />}
    </Card>
  );
}

function Since({ read, moved }: { readonly read: Portfolio; readonly moved: Schemas["PortfolioMigration"] | undefined }) {
  const { t } = useSpeech();
  const { figure, change } = useFigures({ ...read, fewest: read.fewest_loans });
  const covered = useCover(read.fewest_loans);
  const rate = moved?.rates.find((one) => one.class_then === "performing");
  const line = (key: string, label: string, to: string, value: ReactNode, note?: ReactNode) => (
    <li key={key}>
      <Link to={to} className="bench-row bench-since">
        <span>{label}</span>
        <span className="figures">{value}</span>
        <span className="quiet small">{note}</span>
      </Link>
    </li>
  );
  return (
    <ul className="bench-list">
      {line("count", t("portfolio.figure.loan_count"), "/portfolio", change(read.total, "change_count"), figure(read.total, "loan_count"))}
      {line("balance", t("portfolio.figure.balance_fen"), "/portfolio", change(read.total, "change_balance"), figure(read.total, "balance_fen"))}
      {line("overdue", t("workbench.overdue_amount"), "/portfolio?measure=overdue", change(read.total, "change_overdue"), figure(read.total, "overdue_fen"))}
      {line("warned", t("workbench.since_warned"), "/portfolio?measure=warnings", figure(read.total, "new_warning_count"))}
      {line(
        "migrated",
        t("workbench.since_migrated"),
        "/portfolio?view=migration",
        rate ? (covered(rate.cover) ?? (rate.rate_ppm === null ? "–" : percentText(rate.rate_ppm))) : "–",
        rate ? undefined : t("workbench.since_migration_unknown"),
      )}
    </ul>
  );
}
