import { Table, type TableProps } from "antd";
import { Fragment } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useClue } from "../loans/clues";
import { Amount, useMoney } from "../ui/Amount";
import { instantText } from "../ui/time";
import { Party, Remark, useReasons } from "./parts";

type Content = Schemas["SheetContent"];
type Columns<T> = NonNullable<TableProps<T>["columns"]>;

interface Props {
  readonly content: Content;
}

/** Other money of the same amount or day. */
export function Likenesses({ content }: Props) {
  const { t } = useSpeech();
  if (content.likenesses.length === 0) return <p className="quiet">{t("disputes.likenesses_none")}</p>;
  const kinds: Readonly<Record<string, string>> = {
    same_amount: t("disputes.same_amount"),
    same_day: t("disputes.same_day"),
    loan_amount: t("disputes.loan_amount"),
  };
  const columns: Columns<Schemas["Likeness"]> = [
    {
      key: "kind",
      title: t("disputes.kind"),
      render: (_, row) => (
        <>
          {kinds[row.kind] ?? row.kind}
          {row.payment_id && (
            <span className="quiet small dispute-below dispute-id">
              {t("disputes.against")} {row.payment_id}
            </span>
          )}
        </>
      ),
    },
    {
      key: "time",
      title: t("disputes.time"),
      className: "figures dispute-time",
      render: (_, row) => instantText(row.booked_at),
    },
    { key: "payer", title: t("disputes.payer"), render: (_, row) => <Party account={row.from_account} /> },
    { key: "payee", title: t("disputes.payee"), render: (_, row) => <Party account={row.to_account} /> },
    {
      key: "amount",
      title: t("disputes.transfer_amount"),
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
      key: "remark",
      title: t("disputes.remark"),
      render: (_, row) => <Remark text={row.purpose_text} transferId={row.transfer_id} />,
    },
  ];
  return (
    <Table
      size="small"
      rowKey={(row) => `${row.kind}-${row.payment_id ?? ""}-${row.transfer_id}`}
      columns={columns}
      dataSource={content.likenesses}
      pagination={content.likenesses.length > 20 ? { pageSize: 20, size: "small", showSizeChanger: false } : false}
      scroll={{ x: "max-content" }}
    />
  );
}

/** Orders, invoices, payees of the contract, document numbers. */
export function Vouchers({ content }: Props) {
  const { t, name } = useSpeech();
  const money = useMoney(content.loan);
  const { orders, invoices, contract_payees, document_numbers } = content.vouchers;
  const groups: readonly [string, readonly string[]][] = [
    [
      t("disputes.orders"),
      orders.map((one) => {
        const line = t("disputes.order_line", {
          id: one.order_id,
          payee: one.payee_name ?? t("disputes.unnamed"),
          account: one.payee_account,
          amount: money.full(one.amount_fen),
          document: one.document_no ?? "–",
        });
        return one.is_payee ? `${line} · ${t("disputes.order_hit")}` : line;
      }),
    ],
    [
      t("disputes.invoices"),
      invoices.map((one) =>
        t("disputes.invoice_line", {
          id: one.invoice_id,
          seller: one.seller_name,
          buyer: one.buyer_name,
          date: one.issued_on,
          amount: money.full(one.amount_fen),
          tax: money.full(one.tax_fen),
          state: name("invoice_state", one.state),
        }),
      ),
    ],
    [t("disputes.contract_payees"), contract_payees.map((one) => [one.name, one.account].filter(Boolean).join(" "))],
    [t("disputes.documents"), document_numbers],
  ];
  const present = groups.filter(([, lines]) => lines.length > 0);
  if (present.length === 0) return <p className="quiet">{t("disputes.vouchers_none")}</p>;
  return (
    <dl className="dispute-list">
      {present.map(([label, lines]) => (
        <Fragment key={label}>
          <dt>{label}</dt>
          {lines.map((line) => (
            <dd key={line} className="figures">
              {line}
            </dd>
          ))}
        </Fragment>
      ))}
    </dl>
  );
}

/** Accounts that the books do not show. */
export function NotSeen({ content }: Props) {
  const { t } = useSpeech();
  const words = useReasons();
  if (content.not_seen.length === 0) return <p className="quiet">{t("disputes.not_seen_none")}</p>;
  const columns: Columns<Schemas["NotSeen"]> = [
    {
      key: "where",
      title: t("disputes.kind"),
      render: (_, row) => t(row.on_the_way ? "disputes.on_the_way" : "disputes.elsewhere"),
    },
    { key: "account", title: t("disputes.account"), render: (_, row) => <Party account={row.account} /> },
    { key: "why", title: t("disputes.because"), render: (_, row) => words(row.reasons) },
  ];
  const more = content.not_seen_elsewhere_count - content.not_seen.filter((one) => !one.on_the_way).length;
  return (
    <>
      <Table
        size="small"
        rowKey={(row) => `${row.account.account ?? ""}-${row.account.name ?? ""}`}
        columns={columns}
        dataSource={content.not_seen}
        pagination={content.not_seen.length > 15 ? { pageSize: 15, size: "small", showSizeChanger: false } : false}
      />
      {more > 0 && <p className="quiet small">{t("disputes.elsewhere_more", { count: more })}</p>}
    </>
  );
}

/** Why each payee on the way was taken for what it was. */
export function Classes({ content }: Props) {
  const { t, name } = useSpeech();
  const clue = useClue();
  const columns: Columns<Schemas["Judged"]> = [
    { key: "payee", title: t("disputes.payee"), render: (_, row) => <Party account={row.to_account} /> },
    { key: "class", title: t("disputes.class"), render: (_, row) => name("use", row.destination_class) },
    { key: "basis", title: t("disputes.basis"), render: (_, row) => name("basis", row.basis) },
    {
      key: "seen",
      title: t("disputes.seen"),
      render: (_, row) => (row.evidence ? (clue(row.evidence)?.text ?? row.evidence) : "–"),
    },
    {
      key: "confidence",
      title: t("disputes.confidence"),
      align: "right",
      className: "figures",
      render: (_, row) => `${(row.confidence_permille / 10).toFixed(1)}%`,
    },
    {
      key: "correction",
      title: t("disputes.correction"),
      render: (_, row) =>
        row.correction
          ? t("disputes.correction_line", {
              who: row.correction.made_by,
              time: instantText(row.correction.made_at),
              use: name("use", row.correction.destination_class),
              reason: row.correction.reason,
            })
          : "–",
    },
    {
      key: "transfer",
      title: t("disputes.remark"),
      render: (_, row) => <Remark text={null} transferId={row.transfer_id} />,
    },
  ];
  return (
    <Table
      size="small"
      rowKey="transfer_id"
      columns={columns}
      dataSource={content.classes}
      pagination={content.classes.length > 20 ? { pageSize: 20, size: "small", showSizeChanger: false } : false}
      scroll={{ x: "max-content" }}
    />
  );
}

/** With what the sheet was made, so that it can be made again. */
export function Versions({ sheet }: { readonly sheet: Schemas["Sheet"] }) {
  const { t, name } = useSpeech();
  const { versions } = sheet.content;
  const rules = Object.entries(versions.rules).sort(([one], [other]) => one.localeCompare(other, "en"));
  const rows: readonly [string, string][] = [
    [t("disputes.data_date"), versions.data_date ?? t("disputes.unknown")],
    [t("disputes.convention"), name("convention", versions.convention)],
    [t("disputes.opening"), name("opening", versions.opening)],
    [t("disputes.software"), versions.software_version],
    [t("disputes.data_version"), versions.data_version],
    [t("disputes.last_arrival"), String(versions.last_arrival)],
    [t("disputes.read_at"), instantText(versions.read_at)],
    [t("disputes.run"), versions.run_id],
    [t("disputes.fingerprint"), sheet.sha256],
    [t("disputes.data_hash"), versions.data_sha256],
    [t("disputes.judgement_hash"), versions.judgement_sha256],
    [t("disputes.rules_hash"), versions.rules_sha256],
  ];
  return (
    <>
      <dl className="dispute-versions">
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className="figures dispute-id">{value}</dd>
          </div>
        ))}
      </dl>
      <details>
        <summary>{t("disputes.rule_files", { count: rules.length })}</summary>
        <dl className="dispute-versions">
          {rules.map(([file, hash]) => (
            <div key={file}>
              <dt>{file}</dt>
              <dd className="figures dispute-id">{hash}</dd>
            </div>
          ))}
        </dl>
      </details>
    </>
  );
}
