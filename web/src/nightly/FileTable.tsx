import { Table } from "antd";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { countText } from "../imports/size";
import { State } from "../imports/Stage";
import { exactText } from "../ui/money";
import { Coded } from "../ui/Coded";

type File = Schemas["NightlyFile"];
const OUTCOMES = [
  ["rows_accepted", "accepted"],
  ["rows_new", "new"],
  ["rows_changed", "changed"],
  ["rows_same", "same"],
  ["rows_removed", "removed"],
  ["rows_vanished", "vanished"],
  ["rows_duplicate", "duplicate"],
  ["rows_refused", "refused"],
] as const;

function sum(fen: string | null): string {
  return fen === null ? "–" : exactText(BigInt(fen), 2);
}

/** Each file against what the manifest says of it; what differs is marked. */
export function FileTable({ files }: { readonly files: readonly File[] }) {
  const { t, name } = useSpeech();
  if (files.length === 0) return <p className="quiet imports-none">{t("nightly.files_none")}</p>;
  const table = (file: File) =>
    file.record_type === "general_ledger"
      ? name("night_table", file.record_type)
      : name("record_type", file.record_type);
  return (
    <Table<File>
      size="middle"
      rowKey="file"
      dataSource={[...files]}
      pagination={false}
      columns={[
        { title: t("nightly.column.file"), key: "file", render: (_, file) => <code>{file.file}</code> },
        { title: t("nightly.column.table"), key: "table", className: "nowrap", render: (_, file) => table(file) },
        {
          title: t("nightly.column.mode"),
          key: "mode",
          className: "nowrap",
          render: (_, file) => <Coded list="night_mode" code={file.mode} />,
        },
        {
          title: t("nightly.column.rows"),
          key: "rows",
          align: "right",
          className: "figures nowrap",
          render: (_, file) => (
            <Against
              expected={file.rows_expected === null ? "–" : countText(file.rows_expected)}
              found={file.rows_found === null ? "–" : countText(file.rows_found)}
            />
          ),
        },
        {
          title: t("nightly.column.totals"),
          key: "totals",
          align: "right",
          className: "figures nowrap",
          render: (_, file) =>
            file.totals.length === 0 ? (
              <span className="quiet">–</span>
            ) : (
              file.totals.map((total) => (
                <div key={total.field} title={total.field}>
                  <Against expected={sum(total.expected_fen)} found={sum(total.found_fen)} />
                </div>
              ))
            ),
        },
        {
          title: t("nightly.column.outcome"),
          key: "outcome",
          render: (_, file) => (
            <span className="outcome">
              <State value={file.state} text={name("night_file_state", file.state)} />
              {OUTCOMES.filter(([key]) => (file[key] ?? 0) > 0).map(([key, word]) =>
                key === "rows_refused" ? (
                  <Link key={key} to={`/imports/refusals?search=${encodeURIComponent(file.file)}`} className="danger">
                    {name("night_count", word)} {countText(file[key] ?? 0)}
                  </Link>
                ) : (
                  <span key={key} className="quiet figures">
                    {name("night_count", word)} {countText(file[key] ?? 0)}
                  </span>
                ),
              )}
            </span>
          ),
        },
      ]}
    />
  );
}

function Against({ expected, found }: { readonly expected: string; readonly found: string }) {
  const same = expected === found;
  return (
    <span>
      <span className="quiet">{expected}</span> / {same ? found : <strong className="danger">{found} ≠</strong>}
    </span>
  );
}
