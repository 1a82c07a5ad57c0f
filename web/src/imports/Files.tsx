import { Table } from "antd";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { DropZone } from "./DropZone";
import { useSending } from "./sending";
import { countText, sizeText } from "./size";
import { Stage } from "./Stage";

type Import = Schemas["Import"];
type Overview = Schemas["ImportOverview"];
const BUSY_MS = 1500;

export function isBusy(one: Import): boolean {
  return one.waiting || one.stage === "checking" || one.stage === "importing";
}

/** Where files are handed over, and those that were. */
export function Files() {
  const { data, error, refetch } = api.useQuery(
    "get",
    "/api/v1/imports",
    {},
    { refetchInterval: (query) => (query.state.data?.items.some(isBusy) ? BUSY_MS : false), refetchOnMount: "always" },
  );
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  return <Loaded overview={data} />;
}

function Loaded({ overview }: { readonly overview: Overview }) {
  const { t } = useSpeech();
  const takes = may(useMe(), ["take_data"]);
  const sending = useSending(overview);
  return (
    <div className="imports-stack">
      {takes && <DropZone overview={overview} {...sending} />}
      <section className="card" aria-labelledby="recent-title">
        <div className="card-head">
          <h2 id="recent-title">{t("imports.recent")}</h2>
          {overview.items.length > 0 && <ExportButton address="/api/v1/imports.xlsx" count={null} />}
        </div>
        {overview.items.length === 0 ? (
          <p className="quiet imports-none">{t("imports.recent_none")}</p>
        ) : (
          <Recent items={overview.items} />
        )}
      </section>
    </div>
  );
}

function total(one: Import, count: (file: Import["files"][number]) => number): string {
  return countText(one.files.reduce((sum, file) => sum + count(file), 0));
}

function Recent({ items }: { readonly items: readonly Import[] }) {
  const { t } = useSpeech();
  return (
    <Table<Import>
      rowKey="import_id"
      dataSource={[...items]}
      pagination={false}
      size="middle"
      columns={[
        {
          title: t("imports.column.file"),
          key: "file",
          render: (_, one) => (
            <Link to={`/imports/files/${one.import_id}`} className="file-name">
              {one.files[0]?.name}
              {one.files.length > 1 && (
                <span className="quiet"> {t("imports.and_more", { count: one.files.length })}</span>
              )}
            </Link>
          ),
        },
        { title: t("imports.column.state"), key: "state", render: (_, one) => <Stage of={one} /> },
        {
          title: t("imports.column.size"),
          key: "size",
          align: "right",
          className: "figures nowrap",
          render: (_, one) => sizeText(one.files.reduce((sum, file) => sum + file.size_bytes, 0)),
        },
        {
          title: t("imports.column.taken"),
          key: "accepted",
          align: "right",
          className: "figures",
          render: (_, one) => (one.stage === "finished" ? total(one, (file) => file.rows_accepted) : "–"),
        },
        {
          title: t("imports.column.duplicate"),
          key: "duplicate",
          align: "right",
          className: "figures",
          render: (_, one) => (one.stage === "finished" ? total(one, (file) => file.rows_duplicate) : "–"),
        },
        {
          title: t("imports.column.refused"),
          key: "refused",
          align: "right",
          className: "figures",
          render: (_, one) => (one.stage === "finished" ? total(one, (file) => file.rows_refused) : "–"),
        },
        {
          title: t("imports.column.started"),
          key: "created",
          className: "figures nowrap",
          render: (_, one) => instantText(one.started_at ?? one.created_at),
        },
      ]}
    />
  );
}
