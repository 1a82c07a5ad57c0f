import { ArrowLeftOutlined, CloseOutlined, RightOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Modal, Progress, Table } from "antd";
import { useEffect, useState } from "react";
import { Link, useNavigate } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Failure, Loading } from "../ui/states";
import { Term } from "../ui/Term";
import { instantText } from "../ui/time";
import { said } from "../ui/wording";
import { DropZone } from "./DropZone";
import { isBusy } from "./Files";
import { ReadingOptions } from "./ReadingOptions";
import { useSending } from "./sending";
import { baseName, countText, sizeText } from "./size";
import { isReadable, Stage, State } from "./Stage";

type Import = Schemas["Import"];
type File = Schemas["ImportFile"];
const BUSY_MS = 700;
const CHANGED = ["/api/v1/imports", "/api/v1/import-runs", "/api/v1/refusals", "/api/v1/reconciliations"] as const;

/** One upload: what reading it showed, and how far its import has come. */
export function OneImport({ importId }: { readonly importId: string }) {
  const queries = useQueryClient();
  const { data, error, refetch } = api.useQuery(
    "get",
    "/api/v1/imports/{import_id}",
    { params: { path: { import_id: importId } } },
    {
      refetchInterval: (query) => (query.state.data && isBusy(query.state.data) ? BUSY_MS : false),
      refetchOnMount: "always",
    },
  );
  const overview = api.useQuery("get", "/api/v1/imports");
  const stage = data?.stage;
  useEffect(() => {
    // What it brought changes every other count of this page.
    if (stage !== "finished") return;
    for (const path of CHANGED) void queries.invalidateQueries({ queryKey: ["get", path] });
  }, [stage, queries]);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data || !overview.data) return <Loading />;
  return <Opened one={data} overview={overview.data} refetch={() => void refetch()} />;
}

interface OpenedProps {
  readonly one: Import;
  readonly overview: Schemas["ImportOverview"];
  readonly refetch: () => void;
}

function Opened({ one, overview, refetch }: OpenedProps) {
  const { t } = useSpeech();
  const open = useNavigate();
  const sending = useSending(overview, one);
  const path = { params: { path: { import_id: one.import_id } } };
  const start = api.useMutation("post", "/api/v1/imports/{import_id}/start", { onSuccess: refetch });
  const check = api.useMutation("post", "/api/v1/imports/{import_id}/check", { onSuccess: refetch });
  const remove = api.useMutation("delete", "/api/v1/imports/{import_id}");
  const [removing, setRemoving] = useState(false);
  const busy = isBusy(one);
  const begun = one.stage === "importing" || one.stage === "finished" || one.interrupted_in === "importing";
  const readable = isReadable(one);
  const problem = start.error ?? check.error ?? remove.error;
  return (
    <div className="imports-stack">
      <div className="import-head">
        <Link to="/imports" className="import-back">
          <ArrowLeftOutlined aria-hidden /> {t("imports.back")}
        </Link>
        <Stage of={one} />
        <span className="quiet small figures">{t("imports.created", { time: instantText(one.created_at) })}</span>
        <span className="import-actions">
          {!busy && !begun && (
            <>
              <DropZone overview={overview} {...sending} small />
              <Button
                disabled={one.files.length === 0}
                onClick={() => check.mutate({ ...path, body: one.options })}
                loading={check.isPending}
              >
                {one.stage === "checked" ? t("imports.check_again") : t("imports.check")}
              </Button>
            </>
          )}
          {!busy && one.stage !== "finished" && (
            <Button
              type="primary"
              disabled={!(readable || begun || one.stage === "failed")}
              onClick={() => start.mutate({ ...path, body: {} })}
              loading={start.isPending}
            >
              {one.interrupted_in === "importing"
                ? t("imports.resume")
                : one.stage === "failed"
                  ? t("imports.retry")
                  : t("imports.start")}
            </Button>
          )}
          {!busy && (
            <Button danger type="text" onClick={() => setRemoving(true)}>
              {t("imports.remove")}
            </Button>
          )}
        </span>
      </div>
      {problem && <Failure error={problem} />}
      <Situation one={one} />
      <section className="card">
        <FileTable one={one} refetch={refetch} />
      </section>
      {one.totals && <Totals one={one} />}
      {!busy && !begun && (
        <ReadingOptions
          overview={overview}
          options={one.options}
          submit={(options) => check.mutate({ ...path, body: options })}
        />
      )}
      <Modal
        open={removing}
        title={t("imports.remove")}
        okText={t("imports.remove_yes")}
        okButtonProps={{ danger: true, loading: remove.isPending }}
        cancelText={t("imports.cancel")}
        onCancel={() => setRemoving(false)}
        onOk={() => remove.mutate(path, { onSuccess: () => void open("/imports") })}
      >
        {t("imports.remove_sure")}
      </Modal>
    </div>
  );
}

function Situation({ one }: { readonly one: Import }) {
  const { t, language } = useSpeech();
  if (one.waiting) return <Alert type="info" showIcon title={t("imports.waiting_note")} />;
  if (one.stage === "checking" || one.stage === "importing") {
    const total = one.files.reduce((sum, file) => sum + file.size_bytes, 0);
    const done = one.files.reduce((sum, file) => sum + file.bytes_done, 0);
    const title = one.stage === "checking" ? t("imports.checking") : t("imports.running");
    return (
      <div className="card box" role="status">
        <div className="import-running">
          <strong>{title}</strong>
          <span className="quiet">{t("imports.background_note")}</span>
        </div>
        <Progress percent={total > 0 ? Math.floor((done / total) * 100) : 0} aria-label={title} />
      </div>
    );
  }
  if (one.stage === "interrupted")
    return (
      <Alert
        type="warning"
        showIcon
        title={one.interrupted_in === "importing" ? t("imports.interrupted_import") : t("imports.interrupted_check")}
      />
    );
  if (one.stage === "failed")
    return <Alert type="error" showIcon title={t("imports.failed", { problem: said(language, one.problem, one.problem_chinese) })} />;
  if (one.stage === "checked" && !isReadable(one)) return <Alert type="warning" showIcon title={t("imports.unreadable_hint")} />;
  if (one.stage === "checked") return <Alert type="info" showIcon title={t("imports.check_hint")} />;
  if (one.stage === "finished")
    return (
      <Alert type="success" showIcon title={t("imports.finished")} description={t("imports.finished_hint")} />
    );
  return null;
}

function Totals({ one }: { readonly one: Import }) {
  const { t } = useSpeech();
  const totals = one.totals;
  if (!totals) return null;
  const refused = one.files.reduce(
    (sum, file) => sum + Object.values(file.refused).reduce((all, count) => all + count, 0),
    0,
  );
  return (
    <section className="card box" aria-labelledby="totals-title">
      <h2 id="totals-title">
        <Term name="reconciliation">{t("imports.totals_accounts")}</Term>
      </h2>
      <ul className="import-totals">
        <li>{t("imports.accounts_reconciled", { count: countText(totals.accounts_reconciled) })}</li>
        {totals.differences > 0 && (
          <li>
            <Link to="/imports/balances">
              {t("imports.see_differences", { count: countText(totals.differences) })}
            </Link>
          </li>
        )}
        {totals.accounts_without_balances > 0 && (
          <li>{t("imports.accounts_silent", { count: countText(totals.accounts_without_balances) })}</li>
        )}
        {refused > 0 && (
          <li>
            <Link to={`/imports/refusals?search=${one.import_id}`}>
              {t("imports.see_refusals", { count: countText(refused) })}
            </Link>
          </li>
        )}
      </ul>
    </section>
  );
}

function FileTable({ one, refetch }: { readonly one: Import; readonly refetch: () => void }) {
  const { t, name, language } = useSpeech();
  const drop = api.useMutation("delete", "/api/v1/imports/{import_id}/files/{file_name}", { onSuccess: refetch });
  const [shown, setShown] = useState<readonly string[]>([]);
  const begun = one.stage === "importing" || one.stage === "finished" || one.interrupted_in === "importing";
  const count = (file: File, of: "read" | "accepted" | "duplicate") =>
    begun
      ? { read: file.rows_read, accepted: file.rows_accepted, duplicate: file.rows_duplicate }[of]
      : file.check?.records.reduce((sum, records) => sum + records[of], 0);
  const refused = (file: File) =>
    begun ? file.rows_refused : file.check && Object.values(file.check.refused).reduce((sum, rows) => sum + rows, 0);
  const number = (value: number | null | undefined) =>
    value === undefined || value === null ? <span className="quiet">–</span> : countText(value);
  // A file that cannot be used to its end is the last thing refused of it.
  const whole = (file: File) => file.check?.refused_rows.at(-1)?.reason ?? "";
  const details = (file: File) => Boolean(file.check?.refused_rows.length) || Object.keys(file.refused).length > 0;
  return (
    <Table<File>
      rowKey="name"
      dataSource={[...one.files]}
      pagination={false}
      expandable={{
        expandedRowKeys: [...shown],
        showExpandColumn: false,
        expandedRowRender: (file) => <Refused file={file} begun={begun} />,
      }}
      columns={[
        {
          title: t("imports.column.file"),
          key: "file",
          className: "cell-file",
          render: (_, file) => (
            <span className="file-cell">
              {details(file) ? (
                <Button
                  type="text"
                  size="small"
                  className={shown.includes(file.name) ? "expander open" : "expander"}
                  icon={<RightOutlined aria-hidden />}
                  aria-expanded={shown.includes(file.name)}
                  aria-label={t(shown.includes(file.name) ? "imports.collapse" : "imports.expand", { name: file.name })}
                  onClick={() =>
                    setShown(shown.includes(file.name) ? shown.filter((each) => each !== file.name) : [...shown, file.name])
                  }
                />
              ) : (
                <span className="expander-place" />
              )}
              <span>
                <span className="file-name">{file.name}</span>
                {file.imported_before_at && (
                  <span className="file-note">
                    {t("imports.imported_before", { time: instantText(file.imported_before_at) })}
                  </span>
                )}
                {file.check?.problem && (
                  <span
                    className="file-note danger"
                    title={said(language, file.check.problem, file.check.problem_chinese)}
                  >
                    {whole(file)
                      ? name("refusal_remedy", whole(file))
                      : said(language, file.check.problem, file.check.problem_chinese)}
                  </span>
                )}
              </span>
            </span>
          ),
        },
        {
          title: <Term name="adapter">{t("imports.column.format")}</Term>,
          key: "format",
          render: (_, file) =>
            file.check?.format ? (
              name("format", file.check.format)
            ) : file.check ? (
              <span className="danger">{t("imports.no_format")}</span>
            ) : (
              <span className="quiet">–</span>
            ),
        },
        {
          title: t("imports.column.records"),
          key: "records",
          render: (_, file) =>
            file.check?.records.map((records) => name("record_type", records.record_type)).join(t("imports.comma")),
        },
        {
          title: t("imports.column.size"),
          key: "size",
          align: "right",
          className: "figures nowrap",
          render: (_, file) => sizeText(file.size_bytes),
        },
        {
          title: t("imports.column.read"),
          key: "read",
          align: "right",
          className: "figures",
          render: (_, file) => number(count(file, "read")),
        },
        {
          title: <Term name="accepted">{t(begun ? "imports.column.taken" : "imports.column.accepted")}</Term>,
          key: "accepted",
          align: "right",
          className: "figures",
          render: (_, file) => number(count(file, "accepted")),
        },
        {
          title: <Term name="duplicate">{t("imports.column.duplicate")}</Term>,
          key: "duplicate",
          align: "right",
          className: "figures",
          render: (_, file) => number(count(file, "duplicate")),
        },
        {
          title: <Term name="refusal">{t("imports.column.refused")}</Term>,
          key: "refused",
          align: "right",
          className: "figures",
          render: (_, file) => {
            const rows = refused(file);
            return rows ? <strong className="danger">{countText(rows)}</strong> : number(rows);
          },
        },
        {
          title: t("imports.column.progress"),
          key: "progress",
          width: 150,
          render: (_, file) =>
            isBusy(one) && !one.waiting && file.bytes_done < file.size_bytes ? (
              <Progress
                percent={file.size_bytes > 0 ? Math.floor((file.bytes_done / file.size_bytes) * 100) : 100}
                size="small"
                aria-label={file.name}
              />
            ) : begun ? (
              <State value={file.state} text={name("import_state", file.state)} />
            ) : (
              !isBusy(one) && (
                <Button
                  type="text"
                  size="small"
                  icon={<CloseOutlined aria-hidden />}
                  aria-label={t("imports.drop_file", { name: file.name })}
                  onClick={() =>
                    drop.mutate({ params: { path: { import_id: one.import_id, file_name: file.name } } })
                  }
                />
              )
            ),
        },
      ]}
    />
  );
}

/** By reason, and before the import the rows themselves. */
function Refused({ file, begun }: { readonly file: File; readonly begun: boolean }) {
  const { t, name, language } = useSpeech();
  const reasons = Object.entries(begun ? file.refused : (file.check?.refused ?? {}));
  const rows = begun ? [] : (file.check?.refused_rows ?? []);
  return (
    <div className="refused">
      <ul className="reasons">
        {reasons.map(([reason, count]) => (
          <li key={reason}>
            {begun ? (
              <Link to={`/imports/refusals?search=${encodeURIComponent(file.book_name)}&reason=${reason}`}>
                {name("refusal_reason", reason)}
              </Link>
            ) : (
              name("refusal_reason", reason)
            )}{" "}
            <span className="figures imports-count">{countText(count)}</span>
          </li>
        ))}
      </ul>
      {rows.length > 0 && (
        <Table<Schemas["RefusedRow"]>
          size="small"
          rowKey={(row) => `${row.position}-${row.field}-${row.reason}`}
          dataSource={[...rows]}
          pagination={rows.length > 10 ? { pageSize: 10, size: "small", showSizeChanger: false } : false}
          columns={[
            {
              title: t("imports.column.row"),
              key: "row",
              width: 90,
              className: "figures nowrap",
              render: (_, row) =>
                row.position === 0 ? t("imports.whole_file") : t("imports.row_number", { row: countText(row.position) }),
            },
            { title: t("imports.column.field"), dataIndex: "field", width: 200 },
            {
              title: t("imports.column.reason"),
              key: "reason",
              render: (_, row) => (
                <span title={said(language, row.message, row.message_chinese)}>
                  {name("refusal_reason", row.reason)}
                  <span className="quiet"> · {name("refusal_remedy", row.reason)}</span>
                </span>
              ),
            },
          ]}
          caption={
            <span className="refused-caption">
              {rows.length >= 200
                ? t("imports.would_refuse_first", { count: rows.length })
                : t("imports.would_refuse")}{" "}
              <span className="quiet">{baseName(file.name)}</span>
            </span>
          }
        />
      )}
    </div>
  );
}
