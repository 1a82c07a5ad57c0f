import { Table } from "antd";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Figure } from "../ui/Figure";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { baseName, countText } from "./size";
import { Term } from "../ui/Term";

type Source = Schemas["SourceStanding"];
type Records = Schemas["RecordFreshness"];

/** Where the data come from, when each kind of record was delivered last, and how far behind today they are. */
export function Sources() {
  const { t } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/data-sources", {}, { refetchOnMount: "always" });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <div className="sources">
      <dl className="card figures-row sources-figures">
        <Figure
          label={t("app.data_date_label")}
          danger={data.stale}
          note={data.days_behind === null ? undefined : t("imports.days_behind", { days: data.days_behind })}
        >
          {data.data_date ?? "–"}
        </Figure>
        <Figure label={<Term name="trace">{t("workbench.traced_at")}</Term>}>{data.traced_at ? instantText(data.traced_at) : t("workbench.never")}</Figure>
        <Figure label={t("imports.complete_date")}>{data.complete_date ?? t("workbench.no_nights")}</Figure>
      </dl>
      <SourceTable sources={data.sources} />
      <RecordTable records={data.records} now={data.now} />
    </div>
  );
}

function SourceTable({ sources }: { readonly sources: readonly Source[] }) {
  const { t, name } = useSpeech();
  return (
    <section className="card" aria-labelledby="sources-title">
      <div className="card-title">
        <h2 id="sources-title">{t("imports.sources")}</h2>
        <ExportButton address="/api/v1/data-sources/deliveries.xlsx" count={sources.length} />
      </div>
      <Table<Source>
        size="small"
        rowKey="source"
        dataSource={[...sources]}
        pagination={false}
        locale={{ emptyText: t("imports.sources_none") }}
        columns={[
          { title: t("imports.column.source"), key: "source", render: (_, row) => name("format", row.source) },
          {
            title: t("imports.column.last_at"),
            key: "at",
            className: "figures nowrap",
            render: (_, row) => (row.last_at ? instantText(row.last_at) : "–"),
          },
          {
            title: t("imports.column.last_file"),
            key: "file",
            render: (_, row) => <FileName name={row.last_name} day={row.business_date} />,
          },
          counted(t("imports.column.files"), "files", (row) => row.file_count),
          counted(t("imports.column.failed_files"), "failed", (row) => row.failed_count, true),
          counted(t("imports.column.taken"), "accepted", (row) => row.rows_accepted),
          counted(t("imports.column.refused"), "refused", (row) => row.rows_refused, true),
        ]}
      />
    </section>
  );
}

const DAY_MS = 86_400_000;

function RecordTable({ records, now }: { readonly records: readonly Records[]; readonly now: string }) {
  const { t, name } = useSpeech();
  const age = (at: string) => Math.max(0, Math.floor((Date.parse(now) - Date.parse(at)) / DAY_MS));
  return (
    <section className="card" aria-labelledby="freshness-title">
      <div className="card-title">
        <h2 id="freshness-title">{t("imports.freshness")}</h2>
        <span className="quiet small">{t("imports.freshness_hint")}</span>
        <ExportButton address="/api/v1/data-sources.xlsx" count={records.length} />
      </div>
      <Table<Records>
        size="small"
        rowKey="record_type"
        dataSource={[...records]}
        pagination={false}
        columns={[
          { title: t("imports.column.record_type"), key: "kind", render: (_, row) => name("record_type", row.record_type) },
          {
            title: t("imports.column.last_at"),
            key: "at",
            className: "figures nowrap",
            render: (_, row) =>
              row.delivered_at ? instantText(row.delivered_at) : <span className="quiet">{t("imports.never_delivered")}</span>,
          },
          {
            title: t("imports.column.age"),
            key: "age",
            align: "right",
            className: "figures nowrap",
            render: (_, row) => (row.delivered_at ? t("imports.age_days", { days: age(row.delivered_at) }) : "–"),
          },
          { title: t("imports.column.source"), key: "source", render: (_, row) => (row.source ? name("format", row.source) : "–") },
          {
            title: t("imports.column.last_file"),
            key: "file",
            render: (_, row) => <FileName name={row.name} day={row.business_date} />,
          },
          counted(t("imports.column.taken"), "accepted", (row) => row.rows_accepted),
          counted(t("imports.column.refused"), "refused", (row) => row.rows_refused, true),
        ]}
      />
    </section>
  );
}

function FileName({ name, day }: { readonly name: string | null; readonly day: string | null }) {
  if (!name) return <>–</>;
  return (
    <>
      <span title={name}>{baseName(name)}</span>
      {day && <span className="quiet small figures"> {day}</span>}
    </>
  );
}

/** A column of numbers; `danger`: what is not zero wants a look. */
function counted<T>(title: string, key: string, count: (row: T) => number, danger = false) {
  return {
    title,
    key,
    align: "right" as const,
    className: "figures",
    render: (_: unknown, row: T) => {
      const value = count(row);
      return danger && value > 0 ? <strong className="danger">{countText(value)}</strong> : countText(value);
    },
  };
}
