import { Table, type TableProps } from "antd";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount, useMoney } from "../ui/Amount";
import { instantText } from "../ui/time";
import { Party, Remark, useReasons } from "./parts";

type Content = Schemas["SheetContent"];
type Columns<T> = NonNullable<TableProps<T>["columns"]>;

interface Props {
  readonly content: Content;
}

/** The least and the most, of the line and of the one transaction. */
export function LimitTable({ content }: Props) {
  const { t } = useSpeech();
  const words = useReasons();
  const rows = [{ key: "line", label: t("disputes.limits_of_line"), ...content.limits }];
  if (content.transfer_limits) {
    rows.push({ key: "transfer", label: t("disputes.limits_of_transfer"), ...content.transfer_limits });
  }
  const columns: Columns<(typeof rows)[number]> = [
    { key: "label", dataIndex: "label", title: t("disputes.kind") },
    {
      key: "least",
      title: t("disputes.least"),
      align: "right",
      render: (_, row) => <Amount fen={row.least_fen} form="exact" {...content.loan} />,
    },
    {
      key: "most",
      title: t("disputes.most"),
      align: "right",
      render: (_, row) => <Amount fen={row.most_fen} form="exact" {...content.loan} />,
    },
    {
      key: "proof",
      title: t("disputes.proof"),
      render: (_, row) => (
        <>
          {t(row.proven ? "disputes.proven" : "disputes.not_proven")}
          {row.reasons.length > 0 && <span className="quiet small dispute-below">{words(row.reasons)}</span>}
          {row.outer && <span className="quiet small dispute-below">{t("disputes.outer")}</span>}
        </>
      ),
    },
  ];
  return (
    <>
      <Table size="small" columns={columns} dataSource={rows} pagination={false} />
      {content.subject.transfer_id && !content.transfer_limits && (
        <p className="quiet small">{t("disputes.limits_linked")}</p>
      )}
    </>
  );
}

/** What each way of counting gives. */
export function Conventions({ content }: Props) {
  const { t, name } = useSpeech();
  const columns: Columns<Schemas["CountedBy"]> = [
    {
      key: "convention",
      title: t("disputes.convention"),
      render: (_, row) => (
        <>
          {name("convention", row.convention)}
          {row.convention === content.versions.convention && (
            <span className="quiet small dispute-below">{t("disputes.its_own")}</span>
          )}
        </>
      ),
    },
    {
      key: "line",
      title: t("disputes.in_line"),
      align: "right",
      render: (_, row) => <Amount fen={row.line_fen} form="exact" {...content.loan} />,
    },
  ];
  if (content.subject.transfer_id) {
    columns.push({
      key: "transfer",
      title: t("disputes.in_transfer"),
      align: "right",
      render: (_, row) => row.transfer_fen && <Amount fen={row.transfer_fen} form="exact" {...content.loan} />,
    });
  }
  return (
    <Table
      size="small"
      rowKey="convention"
      columns={columns}
      dataSource={content.counted}
      pagination={false}
      scroll={{ x: "max-content" }}
    />
  );
}

/** Every way that the disputed amount came, with the payer's balance before each payment. */
export function Paths({ content }: Props) {
  const { t } = useSpeech();
  const money = useMoney(content.loan);
  if (content.arrivals.length === 0) return <p className="quiet">{t("disputes.no_path")}</p>;
  return (
    <>
      {content.arrivals.map((arrival) => (
        <div key={arrival.transfer_id} className="dispute-block">
          <h3 className="figures">
            {t("disputes.arrival", {
              time: instantText(arrival.booked_at),
              amount: money.full(arrival.counted_fen),
            })}
          </h3>
          {arrival.paths.map((path, place) => (
            <PathTable key={place} path={path} content={content} />
          ))}
          {arrival.path_count > arrival.paths.length && (
            <p className="quiet small">
              {t("disputes.paths_more", { count: arrival.path_count, shown: arrival.paths.length })}
            </p>
          )}
        </div>
      ))}
      {content.left_out_fen !== "0" && (
        <p className="quiet">{t("disputes.left_out", { amount: money.full(content.left_out_fen) })}</p>
      )}
    </>
  );
}

function PathTable({ path, content }: Props & { readonly path: Schemas["SheetPath"] }) {
  const { t } = useSpeech();
  const amount = (fen: string | null) => (fen === null ? "–" : <Amount fen={fen} form="exact" {...content.loan} />);
  const columns: Columns<Schemas["SheetStep"]> = [
    {
      key: "time",
      title: t("disputes.time"),
      className: "figures dispute-time",
      render: (_, row) => instantText(row.booked_at),
    },
    { key: "payer", title: t("disputes.payer"), render: (_, row) => <Party account={row.from_account} /> },
    { key: "payee", title: t("disputes.payee"), render: (_, row) => <Party account={row.to_account} /> },
    {
      key: "before",
      title: t("disputes.balance_before"),
      align: "right",
      // What the trace knows of a balance is not the balance: no figure that looks exact.
      render: (_, row) =>
        row.balance_known || row.balance_before_fen === null ? (
          amount(row.balance_before_fen)
        ) : (
          <span className="quiet small">{t("disputes.balance_unknown")}</span>
        ),
    },
    {
      key: "transfer",
      title: t("disputes.transfer_amount"),
      align: "right",
      render: (_, row) => amount(row.transfer_fen),
    },
    { key: "moved", title: t("disputes.moved"), align: "right", render: (_, row) => amount(row.moved_fen) },
    {
      key: "remark",
      title: t("disputes.remark"),
      render: (_, row) => (
        <Remark
          text={[row.purpose_text, row.document_no].filter(Boolean).join(" · ") || null}
          transferId={row.transfer_id}
        />
      ),
    },
  ];
  return (
    <Table
      size="small"
      rowKey="transfer_id"
      columns={columns}
      dataSource={path.steps}
      pagination={false}
      scroll={{ x: "max-content" }}
    />
  );
}

/** Per account on the way: balances, sums, and what came in meanwhile. */
export function Windows({ content }: Props) {
  return content.windows.map((window, place) => <WindowBlock key={place} window={window} content={content} />);
}

function WindowBlock({ window, content }: Props & { readonly window: Schemas["Window"] }) {
  const { t } = useSpeech();
  const words = useReasons();
  const unknown = [...window.reasons, ...(window.pooled ? ["pooled account"] : [])];
  const entries: readonly [string, string, string?][] = [
    [t("disputes.before"), window.balance_before_fen],
    [t("disputes.inflows"), window.inflow_fen, t("disputes.entries", { count: window.inflow_count })],
    [t("disputes.of_this_loan"), window.this_loan_inflow_fen],
    [t("disputes.outflows"), window.outflow_fen, t("disputes.entries", { count: window.outflow_count })],
    [t("disputes.after"), window.balance_after_fen],
  ];
  const columns: Columns<Schemas["Inflow"]> = [
    {
      key: "time",
      title: t("disputes.time"),
      className: "figures dispute-time",
      render: (_, row) => instantText(row.booked_at),
    },
    { key: "from", title: t("disputes.from"), render: (_, row) => <Party account={row.from_account} /> },
    {
      key: "amount",
      title: t("disputes.inflows"),
      align: "right",
      render: (_, row) => <Amount fen={row.amount_fen} form="exact" {...content.loan} />,
    },
    {
      key: "own",
      title: t("disputes.of_this_loan"),
      align: "right",
      render: (_, row) => <Amount fen={row.this_loan_fen} form="exact" {...content.loan} />,
    },
    {
      key: "any",
      title: t("disputes.of_any_loan"),
      align: "right",
      render: (_, row) => <Amount fen={row.any_loan_fen} form="exact" {...content.loan} />,
    },
    {
      key: "remark",
      title: t("disputes.remark"),
      render: (_, row) => <Remark text={row.purpose_text} transferId={row.transfer_id} />,
    },
  ];
  return (
    <div className="dispute-block">
      <h3>
        <Party account={window.account} />
      </h3>
      <p className="quiet small figures">
        {t("disputes.window_time", { from: instantText(window.starts_at), to: instantText(window.ends_at) })}
        {unknown.length > 0 && ` · ${words(unknown)}`}
      </p>
      <dl className="dispute-balance">
        {entries.map(([label, fen, note]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              <Amount fen={fen} form="exact" {...content.loan} />
              {note && <span className="quiet small"> {note}</span>}
            </dd>
          </div>
        ))}
      </dl>
      <Table
        size="small"
        rowKey="transfer_id"
        columns={columns}
        dataSource={window.inflows}
        pagination={window.inflows.length > 10 ? { pageSize: 10, size: "small", showSizeChanger: false } : false}
        scroll={{ x: "max-content" }}
      />
      {window.inflow_count > window.inflows.length && (
        <p className="quiet small">
          {t("disputes.inflows_listed", { shown: window.inflows.length, count: window.inflow_count })}
        </p>
      )}
    </div>
  );
}
