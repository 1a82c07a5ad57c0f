import { CloseOutlined, RightOutlined } from "@ant-design/icons";
import { Button, Progress, Table } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { ExportButton } from "../table/ExportButton";
import { Term } from "../ui/Term";
import { instantText } from "../ui/time";
import { said } from "../ui/wording";
import { isBusy } from "./Files";
import { baseName, countText, sizeText } from "./size";
import { State } from "./Stage";

type Import = Schemas["Import"];
type File = Schemas["ImportFile"];

/** The files of an upload, each with what reading it showed; what was refused opens below. */
export function UploadedFiles({ one, refetch }: { readonly one: Import; readonly refetch: () => void }) {
  const { t, name, language } = useSpeech();
  const takes = may(useMe(), ["take_data"]);
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
        expandedRowRender: (file) => <Refused importId={one.import_id} file={file} begun={begun} />,
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
              takes &&
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
function Refused({ importId, file, begun }: { 
  readonly importId: string;
  readonly file: File; readonly begun: boolean }) {
  const { t, name, language } = useSpeech();
  const reasons = Object.entries(begun ? file.refused : (file.check?.refused ?? {}));
  const rows = begun ? [] : (file.check?.refused_rows ?? []);
  return (
    <div className="refused">
      <ul className="refusal-reasons">
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
              <ExportButton
                small
                address={`/api/v1/imports/${importId}/would-refuse.xlsx`}
                query={() => new URLSearchParams({ file: file.name })}
                count={rows.length}
              />
            </span>
          }
        />
      )}
    </div>
  );
}
