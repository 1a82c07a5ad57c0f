import { Table } from "antd";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { countText } from "../imports/size";
import { ExportButton } from "../table/ExportButton";
import { Amount } from "../ui/Amount";
import { Term } from "../ui/Term";

type Row = Schemas["LedgerBalance"];

/** The balances of the loans against the general ledger, differences first. */
export function LedgerTable({ date, rows }: { readonly date: string; readonly rows: readonly Row[] }) {
  const { t } = useSpeech();
  const bad = rows.filter((row) => row.differs).length;
  return (
    <section className="card" aria-labelledby="ledger-title">
      <div className="card-head">
        <h2 id="ledger-title">
          <Term name="ledger_reconciliation">{t("nightly.ledger")}</Term>
        </h2>
        <p className={bad > 0 ? "danger" : "quiet"}>
          {rows.length === 0
            ? t("nightly.ledger_none")
            : bad === 0
              ? t("nightly.ledger_good")
              : t("nightly.ledger_bad", { count: countText(bad) })}
        </p>
        {rows.length > 0 && <ExportButton address={`/api/v1/nightly/${date}/ledger.xlsx`} count={rows.length} />}
      </div>
      {rows.length > 0 && (
        <Table<Row>
          size="middle"
          rowKey={(row) => `${row.subject}/${row.unit_id}/${row.currency}`}
          dataSource={[...rows]}
          pagination={rows.length > 20 ? { pageSize: 20, showSizeChanger: false } : false}
          columns={[
            {
              title: t("nightly.column.subject"),
              key: "subject",
              render: (_, row) => (
                <>
                  <span className="figures">{row.subject}</span> {row.subject_name}
                </>
              ),
            },
            { title: t("nightly.column.unit"), key: "unit", render: (_, row) => row.unit_name ?? row.unit_id },
            { title: t("nightly.column.currency"), dataIndex: "currency" },
            {
              title: <Term name="general_ledger">{t("nightly.column.ledger")}</Term>,
              key: "ledger",
              align: "right",
              render: (_, row) =>
                row.ledger_fen === null ? (
                  <span className="danger">{t("nightly.ledger_absent")}</span>
                ) : (
                  <Amount fen={row.ledger_fen} form="exact" {...row} />
                ),
            },
            {
              title: t("nightly.column.loans"),
              key: "loans",
              align: "right",
              render: (_, row) => <Amount fen={row.loans_fen} form="exact" {...row} />,
            },
            {
              title: t("nightly.column.loan_count"),
              key: "count",
              align: "right",
              className: "figures",
              render: (_, row) => countText(row.loan_count),
            },
            {
              title: t("nightly.column.difference"),
              key: "difference",
              align: "right",
              render: (_, row) =>
                row.differs ? (
                  <strong className="danger">
                    <Amount fen={row.difference_fen} form="exact" {...row} />
                  </strong>
                ) : (
                  <span className="quiet">
                    <Amount fen={row.difference_fen} form="exact" {...row} />
                  </span>
                ),
            },
          ]}
        />
      )}
    </section>
  );
}
