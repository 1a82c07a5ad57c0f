import { Alert, Table } from "antd";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { countText } from "../imports/size";
import { State } from "../imports/Stage";
import { useTook } from "../imports/took";
import { ExportButton } from "../table/ExportButton";
import { Figure } from "../ui/Figure";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { Calendar } from "./Calendar";
import { Layout } from "./Layout";
import { standingOf, toneOf } from "./standing";
import { Term } from "../ui/Term";
import { useSearchParams } from "../ui/address";

type Row = Schemas["NightlyDate"];
type Overview = Schemas["NightlyOverview"];
const PAGE = 60;
const BUSY_MS = 2000;

/** Which dates came, how each went, and what waits for a person. */
export function Dates() {
  const { t } = useSpeech();
  const [address, setAddress] = useSearchParams();
  const page = Math.max(1, Number.parseInt(address.get("page") ?? "1", 10) || 1);
  const { data, error, refetch } = api.useQuery(
    "get",
    "/api/v1/nightly",
    { params: { query: { offset: (page - 1) * PAGE, limit: PAGE } } },
    {
      placeholderData: (before) => before,
      refetchOnMount: "always",
      refetchInterval: (query) => (query.state.data?.running ? BUSY_MS : false),
    },
  );
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  const nothing = data.total_count === 0 && data.waiting.length === 0;
  return (
    <>
      <div className="page-head">
        <h1>
          <Term name="delivery">{t("nightly.title")}</Term>
        </h1>
        {data.total_count > 0 && <ExportButton address="/api/v1/nightly.xlsx" count={data.total_count} />}
      </div>
      {data.running && (
        <Alert
          type="info"
          showIcon
          className="alert"
          title={t("nightly.running", { date: data.running })}
          description={t("nightly.running_note")}
        />
      )}
      {nothing ? (
        <Layout />
      ) : (
        <>
          <Standing overview={data} />
          <Calendar dates={data.items} waiting={data.waiting} />
          <DateTable
            overview={data}
            page={page}
            turn={(next) => setAddress(next > 1 ? { page: String(next) } : {})}
          />
        </>
      )}
    </>
  );
}

function Standing({ overview }: { readonly overview: Overview }) {
  const { t } = useSpeech();
  const open = overview.items.reduce((sum, row) => sum + row.open_alarm_count, 0);
  const critical = overview.items.reduce((sum, row) => sum + row.critical_alarm_count, 0);
  return (
    <dl className="card figures-row night-figures">
      <Figure label={t("nightly.data_date")} note={t("nightly.data_date_note")}>
        {overview.data_date ?? t("nightly.none")}
      </Figure>
      <Figure label={t("nightly.complete_date")} note={t("nightly.complete_date_note")}>
        {overview.complete_date ?? t("nightly.none")}
      </Figure>
      <Figure
        label={t("nightly.open_alarms")}
        note={t("nightly.open_alarms_note", { count: countText(critical) })}
        danger={critical > 0}
      >
        {countText(open)}
      </Figure>
      <Figure label={t("nightly.waiting")} note={t("nightly.waiting_note")}>
        {overview.waiting.length === 0
          ? t("nightly.none")
          : overview.waiting.slice(0, 2).map((date) => (
              <Link key={date} to={`/nightly/${date}`} className="waiting-date">
                {date}
              </Link>
            ))}
        {overview.waiting.length > 2 && ` +${overview.waiting.length - 2}`}
      </Figure>
    </dl>
  );
}

interface TableProps {
  readonly overview: Overview;
  readonly page: number;
  readonly turn: (page: number) => void;
}

function DateTable({ overview, page, turn }: TableProps) {
  const { t, name } = useSpeech();
  const took = useTook();
  if (overview.items.length === 0) return null;
  return (
    <Table<Row>
      className="card"
      rowKey="business_date"
      dataSource={[...overview.items]}
      pagination={{
        current: page,
        pageSize: PAGE,
        total: overview.total_count,
        hideOnSinglePage: true,
        showSizeChanger: false,
        onChange: turn,
        showTotal: (count) => t("nightly.total", { count: countText(count) }),
      }}
      columns={[
        {
          title: <Term name="business_date">{t("nightly.column.date")}</Term>,
          key: "date",
          className: "figures nowrap",
          render: (_, row) => (
            <>
              <Link to={`/nightly/${row.business_date}`}>{row.business_date}</Link>
              {row.is_older && <span className="file-note">{t("nightly.older")}</span>}
            </>
          ),
        },
        {
          title: t("nightly.column.state"),
          key: "state",
          render: (_, row) => (
            <State value={toneOf(standingOf(row))} text={name("night_state", standingOf(row))} />
          ),
        },
        {
          title: t("nightly.column.alarms"),
          key: "alarms",
          render: (_, row) =>
            row.open_alarm_count === 0 ? (
              <span className="quiet">–</span>
            ) : (
              <span className={row.critical_alarm_count > 0 ? "imports-count" : "imports-count alarm-mild"}>
                {countText(row.open_alarm_count)}
              </span>
            ),
        },
        {
          title: t("nightly.column.files"),
          key: "files",
          align: "right",
          className: "figures",
          render: (_, row) => countText(row.file_count),
        },
        {
          title: t("nightly.column.lines"),
          key: "lines",
          align: "right",
          className: "figures",
          render: (_, row) => countText(row.lines_accepted),
        },
        {
          title: t("nightly.column.records"),
          key: "records",
          align: "right",
          className: "figures nowrap",
          render: (_, row) => `${countText(row.records_new)} / ${countText(row.records_changed)}`,
        },
        {
          title: t("nightly.column.refused"),
          key: "refused",
          align: "right",
          className: "figures",
          render: (_, row) =>
            row.rows_refused > 0 ? <strong className="danger">{countText(row.rows_refused)}</strong> : "0",
        },
        {
          title: t("nightly.column.attempt"),
          dataIndex: "attempt",
          align: "right",
          className: "figures",
        },
        {
          title: t("nightly.column.started"),
          key: "started",
          className: "figures nowrap",
          render: (_, row) => instantText(row.started_at),
        },
        {
          title: t("nightly.column.took"),
          key: "took",
          align: "right",
          className: "figures nowrap",
          render: (_, row) => took(row.started_at, row.finished_at),
        },
      ]}
    />
  );
}
