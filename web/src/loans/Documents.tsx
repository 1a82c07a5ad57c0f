import { Table, type TableColumnsType } from "antd";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { sizeText } from "../imports/size";
import { ExportButton } from "../table/ExportButton";
import { Amount } from "../ui/Amount";
import { Failure, Loading, Notice } from "../ui/states";
import { instantText } from "../ui/time";
import { Term } from "../ui/Term";

type Paper = Schemas["LoanPaper"];
type Voucher = Schemas["VoucherRow"];
type Sheet = Schemas["SheetRow"];

const HASH_SHOWN = 12;

/** What the books know to be on paper, the vouchers that were brought for the loan, and its dispute sheets. */
export default function Documents({ loanId, facts }: { readonly loanId: string; readonly facts: Schemas["LoanFacts"] }) {
  const { t, name } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/loans/{loan_id}/documents", {
    params: { path: { loan_id: loanId } },
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={6} />;
  if (data.papers.length + data.vouchers.length + data.sheets.length === 0) {
    return (
      <Notice tone="empty" title={t("documents.none")}>
        <p>{t("documents.none_hint")}</p>
      </Notice>
    );
  }
  const papers: TableColumnsType<Paper> = [
    { key: "kind", title: t("documents.kind"), render: (_, row) => name("document_kind", row.kind) },
    { key: "number", title: t("documents.number"), className: "figures nowrap", render: (_, row) => row.number },
    { key: "title", title: t("documents.about"), render: (_, row) => row.title || "–" },
    { key: "on", title: t("customers.document.on"), className: "figures nowrap", render: (_, row) => row.on ?? "–" },
    {
      key: "amount",
      title: t("customers.document.amount"),
      align: "right",
      className: "figures nowrap",
      render: (_, row) => <Amount fen={row.amount_fen} form="full" {...row} />,
    },
  ];
  const vouchers: TableColumnsType<Voucher> = [
    {
      key: "name",
      title: t("documents.name"),
      className: "voucher-name",
      render: (_, row) => (
        <a href={`/api/v1/vouchers/${row.voucher_id}/content`} download title={t("checks.save", { name: row.name })}>
          {row.name}
        </a>
      ),
    },
    { key: "paper", title: t("documents.kind"), render: (_, row) => name("paper", row.paper) },
    {
      key: "uses",
      title: t("documents.uses"),
      render: (_, row) =>
        row.withdrawn_at ? (
          <span className="danger small">
            {t("checks.voucher_withdrawn", {
              by: row.withdrawn_by_name ?? "",
              at: instantText(row.withdrawn_at),
              reason: row.withdrawn_reason ?? "",
            })}
          </span>
        ) : (
          [...new Set(row.lines.map((line) => line.use))].map((use) => name("use", use)).join(t("app.comma")) || (
            <span className="quiet">–</span>
          )
        ),
    },
    {
      key: "by",
      title: t("documents.by"),
      render: (_, row) => (
        <span className="figures">
          {row.uploaded_by_name} · {instantText(row.uploaded_at)}
        </span>
      ),
    },
    { key: "size", title: t("documents.size"), align: "right", render: (_, row) => sizeText(row.size_bytes) },
    {
      key: "sha256",
      title: t("documents.sha256"),
      render: (_, row) => (
        <span className="hash" title={row.sha256}>
          {row.sha256.slice(0, HASH_SHOWN)}…
        </span>
      ),
    },
  ];
  const sheets: TableColumnsType<Sheet> = [
    {
      key: "number",
      title: t("documents.number"),
      render: (_, row) => <Link to={`/disputes/${row.sheet_id}`}>{row.number}</Link>,
    },
    { key: "use", title: t("documents.uses"), render: (_, row) => name("use", row.use) },
    {
      key: "amount",
      title: t("checks.amount"),
      align: "right",
      render: (_, row) => <Amount fen={row.amount_fen} form="exact" {...facts} />,
    },
    {
      key: "by",
      title: t("documents.made_by"),
      render: (_, row) => (
        <span className="figures">
          {row.made_by} · {instantText(row.made_at)}
        </span>
      ),
    },
  ];
  return (
    <div className="documents">
      {data.papers.length > 0 && (
        <section className="card table-card" aria-labelledby="documents-papers">
          <div className="card-head">
            <h2 id="documents-papers">
              <Term name="payment_order">{t("documents.papers")}</Term>
            </h2>
            <ExportButton address={`/api/v1/loans/${encodeURIComponent(loanId)}/papers.xlsx`} count={data.papers.length} />
          </div>
          <Table<Paper>
            rowKey={(row) => [row.kind, row.number, row.on, row.amount_fen].join(" ")}
            size="middle"
            columns={papers}
            dataSource={[...data.papers]}
            pagination={false}
          />
        </section>
      )}
      {data.vouchers.length > 0 && (
        <section className="card table-card" aria-labelledby="documents-vouchers">
          <div className="card-head">
            <h2 id="documents-vouchers">{t("documents.vouchers")}</h2>
            <ExportButton address={`/api/v1/loans/${encodeURIComponent(loanId)}/vouchers.xlsx`} count={data.vouchers.length} />
          </div>
          <Table<Voucher> rowKey="voucher_id" size="middle" columns={vouchers} dataSource={[...data.vouchers]} pagination={false} scroll={{ x: 800 }} />
        </section>
      )}
      {data.sheets.length > 0 && (
        <section className="card table-card" aria-labelledby="documents-sheets">
          <div className="card-head">
            <h2 id="documents-sheets">{t("documents.sheets")}</h2>
            <ExportButton address={`/api/v1/loans/${encodeURIComponent(loanId)}/dispute-sheets.xlsx`} count={data.sheets.length} />
          </div>
          <Table<Sheet> rowKey="sheet_id" size="middle" columns={sheets} dataSource={[...data.sheets]} pagination={false} />
        </section>
      )}
    </div>
  );
}
