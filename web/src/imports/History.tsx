import { RightOutlined } from "@ant-design/icons";
import { Button, Table } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading, Notice } from "../ui/states";
import { instantText } from "../ui/time";
import { said } from "../ui/wording";
import { baseName, countText, sizeText } from "./size";
import { State } from "./Stage";
import { useTook } from "./took";
import { useSearchParams } from "../ui/address";

type Run = Schemas["ImportRun"];
type File = Schemas["RunFile"];
const PAGE = 20;

/** Every run of an import, those of the command line too. */
export function History() {
  const { t } = useSpeech();
  const [address, setAddress] = useSearchParams();
  const page = Math.max(1, Number.parseInt(address.get("page") ?? "1", 10) || 1);
  const { data, error, refetch } = api.useQuery(
    "get",
    "/api/v1/import-runs",
    { params: { query: { offset: (page - 1) * PAGE, limit: PAGE } } },
    { placeholderData: (before) => before, refetchOnMount: "always" },
  );
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  if (data.total_count === 0)
    return (
      <Notice tone="empty" title={t("imports.history_none")}>
        <p>{t("imports.history_none_hint")}</p>
      </Notice>
    );
  return (
    <>
      <div className="table-tools">
        <ExportButton address="/api/v1/import-runs.xlsx" count={null} />
      </div>
      <Runs
        runs={data.items}
        page={page}
        total={data.total_count}
        turn={(next) => setAddress(next > 1 ? { page: String(next) } : {})}
      />
    </>
  );
}

interface RunsProps {
  readonly runs: readonly Run[];
  readonly page: number;
  readonly total: number;
  readonly turn: (page: number) => void;
}

function Runs({ runs, page, total, turn }: RunsProps) {
  const { t, name, language } = useSpeech();
  const took = useTook();
  const [shown, setShown] = useState<readonly string[]>([]);
  const sum = (run: Run, of: "rows_read" | "rows_accepted" | "rows_duplicate" | "rows_refused") =>
    run.files.reduce((all, file) => all + file[of], 0);
  const counted = (title: string, of: Parameters<typeof sum>[1]) => ({
    title,
    key: of,
    align: "right" as const,
    className: "figures",
    render: (_: unknown, run: Run) => {
      const count = sum(run, of);
      return of === "rows_refused" && count > 0 ? <strong className="danger">{countText(count)}</strong> : countText(count);
    },
  });
  return (
    <Table<Run>
      className="card"
      rowKey="run_id"
      dataSource={[...runs]}
      expandable={{
        expandedRowKeys: [...shown],
        showExpandColumn: false,
        expandedRowRender: (run) => <RunFiles run={run} />,
      }}
      pagination={{
        current: page,
        pageSize: PAGE,
        total,
        hideOnSinglePage: true,
        showSizeChanger: false,
        onChange: turn,
        showTotal: (count) => t("imports.total", { count: countText(count) }),
      }}
      columns={[
        {
          title: t("imports.column.started"),
          key: "started",
          className: "figures nowrap",
          render: (_, run) => (
            <span className="file-cell">
              <Button
                type="text"
                size="small"
                className={shown.includes(run.run_id) ? "expander open" : "expander"}
                icon={<RightOutlined aria-hidden />}
                aria-expanded={shown.includes(run.run_id)}
                aria-label={t(shown.includes(run.run_id) ? "imports.collapse" : "imports.expand", {
                  name: instantText(run.started_at),
                })}
                onClick={() =>
                  setShown(shown.includes(run.run_id) ? shown.filter((one) => one !== run.run_id) : [...shown, run.run_id])
                }
              />
              {instantText(run.started_at)}
            </span>
          ),
        },
        {
          title: t("imports.column.file"),
          key: "files",
          render: (_, run) => (
            <span title={run.files.map((file) => file.name).join("\n")}>
              {run.files[0] ? (
                baseName(run.files[0].name)
              ) : (
                <span className="quiet">{t("imports.no_file")}</span>
              )}
              {run.files.length > 1 && (
                <span className="quiet"> {t("imports.and_more", { count: run.files.length })}</span>
              )}
              {run.problem && (
                <span className="file-note danger">{said(language, run.problem, run.problem_chinese)}</span>
              )}
            </span>
          ),
        },
        {
          title: t("imports.column.state"),
          key: "state",
          render: (_, run) => <State value={run.state} text={name("import_state", run.state)} />,
        },
        {
          title: t("imports.column.took"),
          key: "took",
          align: "right",
          className: "figures nowrap",
          render: (_, run) => took(run.started_at, run.finished_at),
        },
        counted(t("imports.column.read"), "rows_read"),
        counted(t("imports.column.taken"), "rows_accepted"),
        counted(t("imports.column.duplicate"), "rows_duplicate"),
        counted(t("imports.column.refused"), "rows_refused"),
      ]}
    />
  );
}

function RunFiles({ run }: { readonly run: Run }) {
  const { t, name, language } = useSpeech();
  const number = (title: string, of: "rows_read" | "rows_accepted" | "rows_duplicate") => ({
    title,
    key: of,
    align: "right" as const,
    className: "figures",
    render: (_: unknown, file: File) => countText(file[of]),
  });
  return (
    <Table<File>
      size="small"
      rowKey="file_id"
      dataSource={[...run.files]}
      pagination={false}
      columns={[
        {
          title: t("imports.column.file"),
          key: "name",
          render: (_, file) => (
            <span title={file.name}>
              {baseName(file.name)}
              {file.problem && (
                <span className="file-note danger">{said(language, file.problem, file.problem_chinese)}</span>
              )}
            </span>
          ),
        },
        { title: t("imports.column.format"), key: "adapter", render: (_, file) => name("format", file.adapter) },
        {
          title: t("imports.column.size"),
          key: "size",
          align: "right",
          className: "figures nowrap",
          render: (_, file) => sizeText(file.size_bytes),
        },
        {
          title: t("imports.column.state"),
          key: "state",
          render: (_, file) => <State value={file.state} text={name("import_state", file.state)} />,
        },
        number(t("imports.column.read"), "rows_read"),
        number(t("imports.column.taken"), "rows_accepted"),
        number(t("imports.column.duplicate"), "rows_duplicate"),
        {
          title: t("imports.column.refused"),
          key: "refused",
          align: "right",
          className: "figures",
          render: (_, file) =>
            file.rows_refused > 0 ? (
              <Link to={`/imports/refusals?search=${encodeURIComponent(file.name)}`}>{countText(file.rows_refused)}</Link>
            ) : (
              "0"
            ),
        },
      ]}
    />
  );
}
