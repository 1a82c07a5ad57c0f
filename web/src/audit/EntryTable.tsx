import { Table } from "antd";
import { useSpeech } from "../i18n";
import { instantText } from "../ui/time";
import { type Entry, useActionName } from "./entries";
import { ObjectText } from "./ObjectText";

interface Props {
  readonly items: readonly Entry[];
  readonly busy: boolean;
  /** The entry that is open beside the table. */
  readonly shown: number | null;
  readonly open: (entry: number) => void;
}

/** The entries, a row each; a row opens by a click or Enter. */
export function EntryTable({ items, busy, shown, open }: Props) {
  const { t, name } = useSpeech();
  const actionName = useActionName();
  return (
    <Table<Entry>
      className="card audit-table"
      aria-label={t("audit.table")}
      rowKey="entry_no"
      size="small"
      dataSource={[...items]}
      loading={{ spinning: busy, delay: 300 }}
      pagination={false}
      scroll={{ x: true }}
      rowClassName={(row) => (row.entry_no === shown ? "audit-shown" : "")}
      onRow={(row) => ({
        tabIndex: 0,
        onClick: () => open(row.entry_no),
        onKeyDown: (event) => {
          if (event.key !== "Enter" || event.target !== event.currentTarget) return;
          event.preventDefault();
          open(row.entry_no);
        },
      })}
      columns={[
        {
          title: t("audit.at"),
          key: "at",
          className: "figures nowrap",
          render: (_, row) => <time dateTime={row.at}>{instantText(row.at)}</time>,
        },
        { title: t("audit.person"), key: "person", render: (_, row) => <Who row={row} /> },
        { title: t("audit.action"), key: "action", className: "nowrap", render: (_, row) => actionName(row.action) },
        {
          title: t("audit.object"),
          key: "object",
          render: (_, row) => <ObjectText entry={row} />,
        },
        { title: t("audit.unit"), key: "unit", render: (_, row) => row.unit_name ?? row.unit_id ?? "–" },
        { title: t("audit.why"), key: "why", className: "audit-why", render: (_, row) => row.why || "–" },
        {
          title: t("audit.outcome"),
          key: "outcome",
          className: "nowrap",
          render: (_, row) => (
            <span className={`audit-outcome audit-${row.outcome}`}>{name("audit_outcome", row.outcome)}</span>
          ),
        },
        { title: t("audit.number"), key: "number", className: "figures quiet", render: (_, row) => row.entry_no },
      ]}
    />
  );
}

/** Who acted, and for whom. */
export function Who({ row }: { readonly row: Entry }) {
  const { t } = useSpeech();
  return (
    <>
      {row.person_name}
      {row.person_name !== row.person && <span className="quiet small"> {row.person}</span>}
      {row.acting_for && (
        <div className="quiet small">{t("audit.for", { person: row.acting_for_name ?? row.acting_for })}</div>
      )}
    </>
  );
}

/** Goes from row to row; without a row in focus to the first one. */
export function step(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>(".audit-table tr[data-row-key]")];
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  rows[here < 0 ? 0 : Math.min(Math.max(here + by, 0), rows.length - 1)]?.focus();
}
