import { Segmented } from "antd";
import { api, type Schemas } from "../api/client";
import { type Key, useSpeech } from "../i18n";
import { BarsPart } from "../parts";
import { Amount, useMoney } from "../ui/Amount";
import { shareText } from "../ui/money";
import { ShareBar } from "../ui/ShareBar";
import { Failure, Loading, Notice } from "../ui/states";
import { Term } from "../ui/Term";
import { asQuery, type By, BYS, nextBy, type PortfolioState } from "./address";
import { useCover } from "./cover";
import { Notes } from "./Notes";
import { USE_COLOURS, USE_GROUPS, USE_TERMS } from "./uses";
import { UsesMatrix } from "./UsesMatrix";
import { WideTable } from "./WideTable";

type Uses = Schemas["PortfolioUses"];
type UseLine = Schemas["UseLine"];

interface Props {
  readonly state: PortfolioState;
  readonly change: (values: Partial<PortfolioState>) => void;
}

/** Flows by use (资金去向): where the money of the loans rests or went, and crossed with the groups. */
export function UsesView({ state, change }: Props) {
  const { data, error, refetch, isFetching } = api.useQuery(
    "get",
    "/api/v1/portfolio/uses",
    { params: { query: asQuery(state) } },
    { placeholderData: (before) => before },
  );
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={12} />;
  return <Shown read={data} state={state} change={change} busy={isFetching} />;
}

function Shown({ read, state, change, busy }: Props & { readonly read: Uses; readonly busy: boolean }) {
  const { t, language } = useSpeech();
  const money = useMoney(read);
  const cells = read.total.cells;
  const called = (group: string) => t(`group.${group}` as Key);
  const whole = read.total.disbursed_fen === null ? null : BigInt(read.total.disbursed_fen);
  const down = (value: string, deeper: boolean) => {
    const within = [...state.within, { by: read.by, value }];
    change({ within, by: deeper ? read.by : nextBy(within) });
  };
  if (read.groups.length === 0 || whole === 0n)
    return (
      <>
        <Notice tone="empty" title={t("portfolio.uses.empty_title")}>
          <p>{t("portfolio.uses.empty_hint")}</p>
        </Notice>
        <Notes notes={read.notes} />
      </>
    );
  return (
    <>
      <div className="portfolio-sides" aria-busy={busy}>
        <section className="card portfolio-chart" aria-label={t("portfolio.uses.chart")}>
          <h2>
            <Term name="flow_by_use">{t("portfolio.uses.chart")}</Term>
            <span className="quiet small"> {t(read.currency === "CNY" ? "unit.list" : "unit.list_other")}</span>
          </h2>
          <BarsPart
            cut="end"
            names={cells.map((cell) => called(cell.line_group))}
            series={USE_GROUPS.map((group, place) => ({
              name: called(group),
              colour: USE_COLOURS[group],
              values: cells.map((cell, at) => (at === place && cell.amount_fen !== null ? BigInt(cell.amount_fen) : null)),
            }))}
            digits={read.minor_digits}
            percent={false}
            language={language}
            label={t("portfolio.uses.chart_of")}
            told={(at) => {
              const cell = cells[at];
              if (!cell?.amount_fen || whole === null) return [];
              return [
                [t("portfolio.uses.amount"), money.full(cell.amount_fen)],
                [t("portfolio.figure.share"), shareText(BigInt(cell.amount_fen), whole)],
              ];
            }}
            choose={() => document.getElementById("portfolio-matrix")?.scrollIntoView({ block: "start" })}
          />
          {read.untraced_count !== null && read.untraced_count > 0 && (
            <p className="quiet small portfolio-rest">{t("portfolio.uses.untraced", { count: read.untraced_count.toLocaleString("en") })}</p>
          )}
        </section>
        <Lines read={read} whole={whole} />
      </div>
      <div className="portfolio-tools" id="portfolio-matrix">
        <h2>{t("portfolio.uses.matrix")}</h2>
        <Segmented<By>
          aria-label={t("portfolio.by")}
          value={read.by}
          onChange={(by) => change({ by })}
          options={BYS.map((by) => ({ value: by, label: t(`portfolio.by.${by}` as Key) }))}
        />
        <span className="quiet small">{t("portfolio.uses.matrix_hint")}</span>
      </div>
      <UsesMatrix read={read} down={down} />
      <Notes notes={read.notes} />
    </>
  );
}

/** Each use over all groups, with its part of the whole. */
function Lines({ read, whole }: { readonly read: Uses; readonly whole: bigint | null }) {
  const { t, name } = useSpeech();
  const covered = useCover(read.fewest_loans);
  return (
    <WideTable<UseLine>
      high
      className="portfolio-table"
      size="small"
      rowKey={(line) => `${line.line_group} ${line.use}`}
      aria-label={t("portfolio.uses.table")}
      dataSource={[...read.uses]}
      columns={[
        {
          key: "use",
          title: <Term name="use">{t("portfolio.uses.use")}</Term>,
          render: (_, line) => name("use", line.use),
        },
        {
          key: "group",
          title: t("portfolio.uses.group"),
          className: "nowrap",
          render: (_, line) => (
            <span className={line.line_group === "suspected" ? "danger" : undefined}>
              <span className={`dot tone-${line.line_group}`} aria-hidden="true" />{" "}
              <Term name={USE_TERMS[line.line_group]}>{t(`group.${line.line_group}` as Key)}</Term>
            </span>
          ),
        },
        {
          key: "loans",
          title: t("portfolio.figure.loan_count"),
          align: "right",
          className: "figures",
          render: (_, line) => covered(line.cover) ?? line.loan_count?.toLocaleString("en"),
        },
        {
          key: "amount",
          title: t("portfolio.uses.amount"),
          align: "right",
          className: "figures nowrap",
          render: (_, line) => covered(line.cover) ?? (line.amount_fen && <Amount fen={line.amount_fen} form="short" {...read} />),
        },
        {
          key: "share",
          title: t("portfolio.figure.share"),
          align: "right",
          className: "figures nowrap",
          render: (_, line) =>
            line.amount_fen === null || whole === null ? (
              covered(line.cover)
            ) : (
              <span className="bar-and-figure">
                <ShareBar part={BigInt(line.amount_fen)} whole={whole} tone={line.line_group} />
                <span className="figures">{shareText(BigInt(line.amount_fen), whole)}</span>
              </span>
            ),
        },
      ]}
    />
  );
}
