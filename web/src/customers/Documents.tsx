import { Segmented, Table, type TableProps } from "antd";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Amount } from "../ui/Amount";
import { Failure, Loading, Notice } from "../ui/states";
import { useSearchParams } from "../ui/address";

type Paper = Schemas["CustomerDocument"];
type Kind = Schemas["DocumentKind"];

const PAGE = 50;
const KINDS: readonly Kind[] = ["loan_contract", "guarantee_contract", "payment_order", "voucher", "dispute_sheet"];

/** What is on paper about the customer, as far as the books know of it. */
export function Documents({ partyId }: { readonly partyId: string }) {
  const { t, name } = useSpeech();
  const [address, setAddress] = useSearchParams();
  const kind = KINDS.find((one) => one === address.get("kind"));
  const page = Math.max(1, Number.parseInt(address.get("page") ?? "1", 10) || 1);
  const change = (values: Readonly<Record<string, string>>) =>
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        for (const [key, value] of Object.entries(values)) {
          if (value) after.set(key, value);
          else after.delete(key);
        }
        return after;
      },
      { replace: true, preventScrollReset: true },
    );
  const { data, error, refetch } = api.useQuery(
    "get",
    "/api/v1/customers/{party_id}/documents",
    {
      params: {
        path: { party_id: partyId },
        query: { ...(kind && { kind: [kind] }), offset: (page - 1) * PAGE, limit: PAGE },
      },
    },
    { placeholderData: (before) => before },
  );
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={8} />;
  const all = Object.values(data.counts).reduce((sum, count) => sum + count, 0);
  const dash = <span className="quiet">–</span>;
  const columns: TableProps<Paper>["columns"] = [
    { title: t("customers.document.on"), key: "on", className: "figures nowrap", render: (_, paper) => paper.on ?? dash },
    { title: t("customers.document.kind"), key: "kind", render: (_, paper) => name("document_kind", paper.kind) },
    {
      title: t("customers.document.number"),
      key: "number",
      render: (_, paper) =>
        paper.document_id && paper.kind === "voucher" ? (
          <a href={`/api/v1/vouchers/${encodeURIComponent(paper.document_id)}/content`} target="_blank" rel="noreferrer">
            {paper.number}
          </a>
        ) : paper.document_id ? (
          <Link className="loan-id" to={`/disputes/${encodeURIComponent(paper.document_id)}`}>
            {paper.number}
          </Link>
        ) : (
          <span className="figures nowrap">{paper.number}</span>
        ),
    },
    {
      title: t("customers.document.title"),
      key: "title",
      render: (_, paper) => 
        paper.kind === "dispute_sheet" ? name("use", paper.title) : paper.kind === "voucher" ? name("paper", paper.title) : paper.title || dash,
    },
    {
      title: t("customers.document.loan"),
      key: "loan",
      render: (_, paper) =>
        paper.loan_id ? (
          <Link className="loan-id" to={`/loans/${encodeURIComponent(paper.loan_id)}`}>
            {paper.loan_id}
          </Link>
        ) : (
          dash
        ),
    },
    {
      title: t("customers.document.amount"),
      key: "amount",
      align: "right",
      className: "figures nowrap",
      render: (_, paper) => (paper.amount ? <Amount fen={paper.amount.amount_fen} form="full" {...paper.amount} /> : dash),
    },
  ];
  return (
    <section className="card" aria-label={t("customers.tab.documents")}>
      <div className="card-title">
        <Segmented
          aria-label={t("customers.document.kind")}
          value={kind ?? "all"}
          options={[
            { value: "all", label: `${t("customers.document.all")} ${all}` },
            ...KINDS.map((one) => ({
              value: one as string,
              label: `${name("document_kind", one)} ${data.counts[one] ?? 0}`,
              disabled: !data.counts[one],
            })),
          ]}
          onChange={(chosen) => change({ kind: chosen === "all" ? "" : chosen, page: "" })}
        />
        <ExportButton
          address={`/api/v1/customers/${encodeURIComponent(partyId)}/documents.xlsx`}
          query={() => new URLSearchParams(kind ? { kind } : {})}
          count={data.total_count}
        />
      </div>
      {data.total_count === 0 ? (
        <Notice tone="empty" title={t("customers.document.none")} />
      ) : (
        <Table<Paper>
          className="customer-table"
          size="middle"
          rowKey={(paper) => `${paper.kind} ${paper.document_id ?? paper.number}`}
          columns={columns}
          dataSource={[...data.items]}
          scroll={{ x: "max-content" }}
          pagination={{
            current: page,
            pageSize: PAGE,
            total: data.total_count,
            hideOnSinglePage: true,
            showSizeChanger: false,
            onChange: (chosen) => change({ page: chosen > 1 ? String(chosen) : "" }),
          }}
        />
      )}
    </section>
  );
}
