import { Button, Segmented, Select } from "antd";
import { useEffect } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { type Key, useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { BarsPart } from "../parts";
import { ExportButton } from "../table/ExportButton";
import { Figure } from "../ui/Figure";
import { shareBasisPoints, shareText } from "../ui/money";
import { useMoney } from "../ui/Amount";
import { Failure, Loading, Notice } from "../ui/states";
import { asQuery, type By, BYS, MEASURES, type Measure, nextBy, type PortfolioState, usePortfolioState, type View, VIEWS, withinText } from "./address";
import type { Series } from "./Bars";
import { GroupTable, useFigures } from "./GroupTable";
import { figureOf, type Group, isAmount, PARTS } from "./measures";
import { ConcentrationView } from "./ConcentrationView";
import { MigrationView } from "./MigrationView";
import { Notes } from "./Notes";
import { UsesView } from "./UsesView";
import { Way } from "./Way";
import { NONE, useGroupName } from "./words";

/** The portfolio (贷后总览): sums alone, group by group, down to the smallest that may be shown. */
export default function PortfolioPage() {
  const { t } = useSpeech();
  const { state, change } = usePortfolioState();
  const { data, error, refetch, isFetching } = api.useQuery(
    "get",
    "/api/v1/portfolio",
    { params: { query: asQuery(state) } },
    { placeholderData: (before) => before },
  );
  useEffect(() => {
    document.title = `${t("portfolio.title")} · ${t("app.name")}`;
  }, [t]);
  return (
    <div className="page portfolio-page">
      <div className="page-head list-head">
        <h1>{t("portfolio.title")}</h1>
        {data && data.currencies.length > 1 && (
          <Select
            aria-label={t("portfolio.currency")}
            value={state.currency}
            onChange={(currency) => change({ currency })}
            options={data.currencies.map((one) => ({ value: one.currency, label: one.currency }))}
          />
        )}
        <ExportButton
          address={state.view === "groups" ? "/api/v1/portfolio.xlsx" : `/api/v1/portfolio/${state.view}.xlsx`}
          query={() => {
            const query = new URLSearchParams({ currency: state.currency });
            if (state.view === "groups" || state.view === "uses") query.set("by", state.by);
            if (state.view === "migration" && state.since) query.set("since", state.since);
            for (const one of state.within) query.append("within", withinText(one));
            return query;
          }}
          count={null}
          readers
        />
      </div>
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Loading rows={12} />
      ) : (
        <>
          <Segmented<View>
            className="portfolio-views"
            aria-label={t("portfolio.view")}
            value={state.view}
            onChange={(view) => change({ view })}
            options={VIEWS.map((view) => ({ value: view, label: t(`portfolio.view.${view}` as Key) }))}
          />
          <Way within={data.within} state={state} change={change} />
          {state.view === "groups" && <Shown read={data} state={state} change={change} busy={isFetching} />}
          {state.view === "uses" && <UsesView state={state} change={change} />}
          {state.view === "concentration" && <ConcentrationView state={state} change={change} />}
          {state.view === "migration" && <MigrationView state={state} change={change} />}
        </>
      )}
    </div>
  );
}

interface ShownProps {
  readonly read: Schemas["Portfolio"];
  readonly state: PortfolioState;
  readonly change: (values: Partial<PortfolioState>) => void;
  readonly busy: boolean;
}

function Shown({ read, state, change, busy }: ShownProps) {
  const { t, language } = useSpeech();
  const me = useMe();
  const named = useGroupName();
  const money = useMoney(read);
  const loans = may(me, ["read_loans"]) ? loansAddress(read) : undefined;
  const down = (group: Group) => {
    const within = [...state.within, { by: read.by, value: group.value }];
    change({ within, by: group.deeper ? read.by : nextBy(within) });
  };
  const chart = useChart(read, state.measure);
  const measures = MEASURES.filter((one) => one !== "checks" || read.total.check_due_count !== null || read.total.few.includes("check_due_count"));
  return (
    <>
      <Headline read={read} />
      <div className="portfolio-tools">
        <Segmented<By>
          aria-label={t("portfolio.by")}
          value={read.by}
          onChange={(by) => change({ by })}
          options={BYS.map((by) => ({ value: by, label: t(`portfolio.by.${by}` as Key) }))}
        />
        <Segmented<Measure>
          aria-label={t("portfolio.measure")}
          value={state.measure}
          onChange={(measure) => change({ measure })}
          options={measures.map((measure) => ({ value: measure, label: t(`portfolio.measure.${measure}` as Key) }))}
        />
        {loans && (
          <Link className="portfolio-loans" to={loans}>
            {t("portfolio.loans")}
          </Link>
        )}
      </div>
      {read.groups.length === 0 ? (
        <Notice
          tone="empty"
          title={t("portfolio.empty_title")}
          action={state.within.length > 0 ? <Button onClick={() => change({ within: [] })}>{t("portfolio.to_whole")}</Button> : undefined}
        >
          <p>{t("portfolio.empty_hint")}</p>
        </Notice>
      ) : (
        <div className="portfolio-sides" aria-busy={busy}>
          <section className="card portfolio-chart" aria-label={t(`portfolio.measure.${state.measure}` as Key)}>
            <h2>
              {t(`portfolio.measure.${state.measure}` as Key)}
              <span className="quiet small"> {t(state.measure === "seen" ? "portfolio.unit.share" : chart.amounts ? (read.currency === "CNY" ? "unit.list" : "unit.list_other") : "portfolio.unit.loans")}</span>
            </h2>
            <BarsPart
              cut={read.by === "unit" ? "start" : "end"}
              names={read.groups.map((group) => named(read.by, group))}
              series={chart.series}
              digits={chart.amounts ? read.minor_digits : null}
              percent={state.measure === "seen"}
              language={language}
              label={t("portfolio.chart_of", { what: t(`portfolio.measure.${state.measure}` as Key), by: t(`portfolio.by.${read.by}` as Key) })}
              told={(at) => chart.told(at, money.full)}
              choose={(at) => {
                const group = read.groups[at];
                if (group) down(group);
              }}
            />
            {chart.series.length > 1 && (
              <ul className="portfolio-legend">
                {chart.series.map((one) => (
                  <li key={one.name}>
                    <span className="dot" style={{ background: one.colour }} /> {one.name}
                  </li>
                ))}
              </ul>
            )}
          </section>
          <GroupTable
            by={read.by}
            measure={state.measure}
            groups={read.groups}
            total={read.total}
            fewest={read.fewest_loans}
            known={read.basis !== "none"}
            choose={down}
            currency={read.currency}
            minor_digits={read.minor_digits}
          />
        </div>
      )}
      <Notes notes={read.notes} />
    </>
  );
}

/** The whole of what is looked at, with what it was the month before. */
function Headline({ read }: { readonly read: Schemas["Portfolio"] }) {
  const { t } = useSpeech();
  const { figure, change } = useFigures({ ...read, fewest: read.fewest_loans });
  const total = read.total;
  const known = read.basis !== "none";
  const note = (name: string) =>
    known ? (
      <>
        {t("portfolio.since", { day: read.previous_date ?? "" })} {change(total, name)}
      </>
    ) : undefined;
  const seen =
    total.seen_fen === null || total.disbursed_fen === null
      ? figure(total, "seen_fen")
      : total.disbursed_fen === "0"
        ? "–"
        : shareText(BigInt(total.seen_fen), BigInt(total.disbursed_fen));
  return (
    <section className="card" aria-label={t("portfolio.headline")}>
      <dl className="figures-row portfolio-headline">
        <Figure label={t("portfolio.figure.loan_count")} note={note("change_count")}>
          {figure(total, "loan_count")}
        </Figure>
        <Figure label={t("portfolio.figure.balance_fen")} note={note("change_balance")}>
          {figure(total, "balance_fen")}
        </Figure>
        <Figure label={t("portfolio.figure.overdue_fen")} note={note("change_overdue")} hint={t("portfolio.hint.overdue_fen")}>
          {figure(total, "overdue_fen")}
        </Figure>
        <Figure label={t("portfolio.warned")} note={<Severe total={total} fewest={read.fewest_loans} />} hint={t("portfolio.warned_hint")}>
          {warned(total) ?? "–"}
        </Figure>
        <Figure
          label={t("portfolio.figure.suspected_fen")}
          note={
            <>
              {t("portfolio.figure.proven_fen")} {figure(total, "proven_fen")}
            </>
          }
          hint={t("portfolio.hint.suspected_fen")}
        >
          {figure(total, "suspected_fen")}
        </Figure>
        <Figure label={t("portfolio.figure.seen")} hint={t("portfolio.hint.seen")}>
          {seen}
        </Figure>
      </dl>
    </section>
  );
}

/** Share of the loans in warning; null where a level is not shown. */
function warned(total: Group): string | null {
  const levels = [total.red_count, total.orange_count, total.yellow_count, total.blue_count];
  if (total.loan_count === null || levels.some((count) => count === null)) return null;
  const all = levels.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return shareText(BigInt(all), BigInt(total.loan_count));
}

function Severe({ total, fewest }: { readonly total: Group; readonly fewest: number | null }) {
  const { t, name } = useSpeech();
  const { figure } = useFigures({ currency: "CNY", minor_digits: 2, fewest });
  return (
    <>
      {name("warning_level", "red")} {figure(total, "red_count")}
      {t("portfolio.comma")}
      {name("warning_level", "orange")} {figure(total, "orange_count")}
    </>
  );
}

interface Chart {
  readonly series: readonly Series[];
  readonly amounts: boolean;
  readonly told: (at: number, full: (fen: string) => string) => readonly (readonly [string, string])[];
}

/** What the bars draw, and what is told of one. */
function useChart(read: Schemas["Portfolio"], measure: Measure): Chart {
  const { t } = useSpeech();
  if (measure === "seen") {
    const share = (group: Group) =>
      group.seen_fen === null || group.disbursed_fen === null ? null : BigInt(shareBasisPoints(BigInt(group.seen_fen), BigInt(group.disbursed_fen)));
    return {
      series: [{ name: t("portfolio.figure.seen"), colour: "#2c8272", values: read.groups.map(share) }],
      amounts: false,
      told: (at) => {
        const group = read.groups[at];
        if (!group || group.seen_fen === null || group.disbursed_fen === null) return [];
        return [[t("portfolio.figure.seen"), shareText(BigInt(group.seen_fen), BigInt(group.disbursed_fen))]];
      },
    };
  }
  const parts = PARTS[measure];
  const called = (figure: string) => t(`portfolio.figure.${figure}` as Key);
  // What is proven is part of what is suspected: the bar shows it, then the rest.
  const drawn = (group: Group, figure: string) => {
    const value = figureOf(group, figure);
    const proven = figureOf(group, "proven_fen");
    return figure === "suspected_fen" && value !== null && proven !== null && value > proven ? value - proven : value;
  };
  return {
    series: parts.map((part) => ({ name: called(part.figure), colour: part.colour, values: read.groups.map((group) => drawn(group, part.figure)) })),
    amounts: parts.every((part) => isAmount(part.figure)),
    told: (at, full) => {
      const group = read.groups[at];
      if (!group) return [];
      return parts.map((part) => {
        const value = figureOf(group, part.figure);
        const few = group.few.includes(part.figure);
        const text = value === null ? (few ? t("portfolio.few", { least: read.fewest_loans ?? 0 }) : "–") : isAmount(part.figure) ? full(String(value)) : value.toLocaleString("en");
        return [called(part.figure), text] as const;
      });
    },
  };
}

const FILTERS: Readonly<Record<By, string>> = { unit: "unit", industry: "section", product: "product", region: "region", class: "five_class", level: "level" };

/** The same loans in the loan ledger; undefined where it cannot be narrowed so. */
function loansAddress(read: Schemas["Portfolio"]): string | undefined {
  const query = new URLSearchParams({ live: "true" });
  for (const { by, value } of read.within) {
    if (value.endsWith(".") || (by === "level" && value === NONE)) return undefined;
    query.set(FILTERS[by], value);
  }
  return `/ledgers/loans?${query}`;
}
