import { Segmented, Select } from "antd";
import { useState } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount } from "../ui/Amount";
import { percentText } from "../ui/money";
import { Failure, Loading } from "../ui/states";
import { Term } from "../ui/Term";
import { asQuery, type PortfolioState } from "./address";
import { useCover } from "./cover";
import { Notes } from "./Notes";
import { WideTable } from "./WideTable";

const CLASSES = ["normal", "special_mention", "substandard", "doubtful", "loss"] as const;
const GONE = ["settled", "written_off", "transferred"] as const;
const PERFORMING = "performing";

type Read = Schemas["PortfolioMigration"];
type Move = Schemas["PortfolioMove"];
type Rate = Schemas["MigrationRate"];

interface Props {
  readonly state: PortfolioState;
  readonly change: (values: Partial<PortfolioState>) => void;
}

/** Migration of classes (五级分类迁徙): where the loans of each class of an earlier day are today. */
export function MigrationView({ state, change }: Props) {
  const { within, currency } = asQuery(state);
  const { data, error, refetch } = api.useQuery(
    "get",
    "/api/v1/portfolio/migration",
    { params: { query: { within, currency, ...(state.since && { since: state.since }) } } },
    { placeholderData: (before) => before },
  );
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={8} />;
  return (
    <>
      {data.moves && <Matrix read={data} moves={data.moves} state={state} change={change} />}
      {data.rates.length > 0 && <Rates read={data} />}
      <Notes notes={data.notes} />
    </>
  );
}

function Matrix({ read, moves, change }: Props & { readonly read: Read; readonly moves: readonly Move[] }) {
  const { t, name } = useSpeech();
  const covered = useCover(read.fewest_loans);
  const [shown, setShown] = useState<"count" | "balance">("count");
  const of = (then: string, now: string) => moves.find((one) => one.class_then === then && one.class_now === now);
  const columns = [...CLASSES, ...GONE.filter((state) => moves.some((one) => one.class_now === state))];
  const worse = (then: string, now: string) =>
    CLASSES.some((one) => one === now) && CLASSES.findIndex((one) => one === now) > CLASSES.findIndex((one) => one === then);
  const figure = (cell: Move) =>
    covered(cell.cover) ??
    (shown === "count"
      ? cell.loan_count?.toLocaleString("en")
      : cell.balance_fen && <Amount fen={cell.balance_fen} form="short" {...read} />);
  return (
    <section className="card migration" aria-label={t("portfolio.migration")}>
      <div className="card-head">
        <h2>
          <Term name="class_migration">{t("portfolio.migration")}</Term>
        </h2>
        <Segmented<"count" | "balance">
          aria-label={t("portfolio.measure")}
          value={shown}
          onChange={setShown}
          options={[
            { value: "count", label: t("portfolio.figure.loan_count") },
            { value: "balance", label: t("portfolio.migration.balance") },
          ]}
        />
        {read.days.length > 1 && read.since !== null && (
          <Select
            aria-label={t("portfolio.migration.since")}
            value={read.since}
            onChange={(since) => change({ since })}
            options={read.days.map((day) => ({ value: day, label: day }))}
          />
        )}
        <p className="quiet small">{t("portfolio.migration_hint", { day: read.since ?? "", now: read.data_date ?? "" })}</p>
      </div>
      <WideTable<string>
        plain
        size="small"
        rowKey={(then) => then}
        dataSource={CLASSES.filter((then) => moves.some((one) => one.class_then === then))}
        columns={[
          {
            key: "then",
            title: <Term name="five_class">{t("portfolio.class_then")}</Term>,
            render: (_, then) => name("five_class", then),
          },
          ...columns.map((now) => ({
            key: now,
            title: name(GONE.some((state) => state === now) ? "state" : "five_class", now),
            align: "right" as const,
            className: "figures nowrap",
            render: (_: unknown, then: string) => {
              const cell = of(then, now);
              if (!cell) return <span className="quiet">–</span>;
              return <span className={worse(then, now) ? "migrated" : undefined}>{figure(cell)}</span>;
            },
          })),
        ]}
      />
      {read.new_count !== null && read.new_count > 0 && (
        <p className="quiet small portfolio-rest">{t("portfolio.migration.new", { count: read.new_count.toLocaleString("en") })}</p>
      )}
    </section>
  );
}

function Rates({ read }: { readonly read: Read }) {
  const { t, name } = useSpeech();
  const covered = useCover(read.fewest_loans);
  const money = (rate: Rate, fen: string | null) => covered(rate.cover) ?? (fen === null ? "–" : <Amount fen={fen} form="short" {...read} />);
  return (
    <WideTable<Rate>
      className="portfolio-table migration-rates"
      size="small"
      rowKey={(rate) => rate.class_then}
      aria-label={t("portfolio.migration.rates")}
      dataSource={[...read.rates]}
      columns={[
        {
          key: "class",
          title: <Term name="migration_rate">{t("portfolio.migration.rates")}</Term>,
          render: (_, rate) =>
            rate.class_then === PERFORMING ? (
              <Term name="performing_migration">{t("portfolio.migration.performing")}</Term>
            ) : (
              t("portfolio.migration.of_class", { name: name("five_class", rate.class_then) })
            ),
        },
        { key: "opening", title: t("portfolio.migration.opening"), align: "right", className: "figures nowrap", render: (_, rate) => money(rate, rate.opening_fen) },
        { key: "reduced", title: t("portfolio.migration.reduced"), align: "right", className: "figures nowrap", render: (_, rate) => money(rate, rate.reduced_fen) },
        {
          key: "count",
          title: t("portfolio.migration.down_count"),
          align: "right",
          className: "figures nowrap",
          render: (_, rate) => covered(rate.cover) ?? rate.down_count?.toLocaleString("en"),
        },
        { key: "down", title: t("portfolio.migration.down"), align: "right", className: "figures nowrap", render: (_, rate) => money(rate, rate.down_fen) },
        {
          key: "rate",
          title: t("portfolio.migration.rate"),
          align: "right",
          className: "figures",
          render: (_, rate) => covered(rate.cover) ?? (rate.rate_ppm === null ? "–" : <strong>{percentText(rate.rate_ppm)}</strong>),
        },
      ]}
    />
  );
}
