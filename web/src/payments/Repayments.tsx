import { Table, type TableColumnsType } from "antd";
import { useMemo } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Amount, useMoney } from "../ui/Amount";
import { Failure, Loading, Notice } from "../ui/states";
import { instantText } from "../ui/time";
import { SourceBar, SourceLegend } from "./Bar";
import { useKinds } from "./kinds";
import { Sources } from "./Sources";
import { Term } from "../ui/Term";
import { useSearchParams } from "../ui/address";

type Repayment = Schemas["Repayment"];
type LoanFacts = Schemas["LoanFacts"];

const ALL = 500;
const PAGE = 24;
const ADDRESS = "repayment";

interface Props {
  readonly loanId: string;
  readonly facts: LoanFacts;
}

/** The repayments of a loan, each cut by the kind of money that paid it. */
export default function Repayments({ loanId, facts }: Props) {
  const { t } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/loans/{loan_id}/repayments", {
    params: { path: { loan_id: loanId }, query: { limit: ALL } },
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={10} />;
  if (data.total_count === 0) {
    return (
      <Notice tone="empty" title={t("payments.none")}>
        <p>{t("payments.none_hint")}</p>
      </Notice>
    );
  }
  return (
    <div className="payments">
      <Summary page={data} facts={facts} />
      <section className="card" aria-labelledby="payments-title">
        <div className="card-head">
          <h2 id="payments-title">
            <Term name="backward">{t("payments.title", { count: data.total_count })}</Term>
          </h2>
          {data.total_count > data.items.length && (
            <p className="quiet">{t("payments.latest_only", { count: data.items.length })}</p>
          )}
          <ExportButton address={`/api/v1/loans/${encodeURIComponent(loanId)}/repayments.xlsx`} count={data.total_count} />
        </div>
        <List page={data} facts={facts} />
      </section>
    </div>
  );
}

interface PageProps {
  readonly page: Schemas["Repayments"];
  readonly facts: LoanFacts;
}

function Summary({ page, facts }: PageProps) {
  const { t } = useSpeech();
  const money = useMoney(facts);
  return (
    <section className="card payments-summary" aria-label={t("payments.summary")}>
      <p className="payments-lead">
        {page.run === null
          ? t("payments.untraced")
          : page.odd_count > 0
            ? t("payments.lead_odd", {
                count: page.total_count,
                amount: money.full(page.amount_fen),
                odd_count: page.odd_count,
                odd: money.full(page.odd_fen),
              })
            : t("payments.lead", { count: page.total_count, amount: money.full(page.amount_fen) })}
        {page.near_count > 0 && ` ${t("payments.lead_near", { count: page.near_count })}`}
      </p>
      {page.run && (
        <>
          <SourceBar shares={page.shares} wholeFen={page.amount_fen} facts={facts} />
          <SourceLegend shares={page.shares} wholeFen={page.amount_fen} facts={facts} />
        </>
      )}
      <p className="payments-note quiet">{t("payments.convention")}</p>
    </section>
  );
}

/** Which repayment is open stands in the address. */
function useOpen() {
  const [address, setAddress] = useSearchParams();
  const open = address.getAll(ADDRESS);
  const change = (ids: readonly string[]) => {
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        after.delete(ADDRESS);
        for (const id of ids) after.append(ADDRESS, id);
        return after;
      },
      { replace: true, preventScrollReset: true },
    );
  };
  return { open, change };
}

function Odd({ item, facts }: { readonly item: Repayment; readonly facts: LoanFacts }) {
  const { t } = useSpeech();
  if (item.odd_fen === "0" && item.near_fen === "0") {
    return (
      <span className="quiet">
        <span aria-hidden="true">–</span>
        <span className="payments-hidden">{t("payments.odd_none")}</span>
      </span>
    );
  }
  return (
    <span className="payments-odds">
      {item.odd_fen !== "0" && (
        <span className="payments-odd">
          <span className="payments-suspected">{t("payments.suspected")}</span>
          <Amount fen={item.odd_fen} form="exact" {...facts} />
        </span>
      )}
      {item.near_fen !== "0" && (
        <span className="payments-odd" title={t("payments.near_hint")}>
          <span className="payments-suspected">{t("payments.near_tag")}</span>
          <Amount fen={item.near_fen} form="exact" {...facts} />
        </span>
      )}
    </span>
  );
}

function List({ page, facts }: PageProps) {
  const { t } = useSpeech();
  const money = useMoney(facts);
  const { label } = useKinds(facts);
  const { open, change } = useOpen();
  const firstOpen = page.items.findIndex((item) => open.includes(item.repayment_id));
  const columns = useMemo<TableColumnsType<Repayment>>(
    () => [
      {
        key: "paid_at",
        title: t("payments.paid_at"),
        width: 170,
        render: (_, item) => (
          <time className="figures payments-when" dateTime={item.paid_at}>
            {instantText(item.paid_at)}
          </time>
        ),
      },
      {
        key: "amount",
        title: t("payments.amount"),
        align: "right",
        width: 130,
        render: (_, item) => <Amount fen={item.amount_fen} form="exact" {...facts} />,
      },
      {
        key: "parts",
        title: t("payments.composed"),
        align: "right",
        width: 150,
        render: (_, item) => (
          <span className="payments-composed figures">
            <span title={money.hover(item.principal_fen)}>
              {t("payments.principal", { amount: money.exact(item.principal_fen) })}
            </span>
            <span title={money.hover(item.interest_fen)}>
              {t("payments.interest", { amount: money.exact(item.interest_fen) })}
            </span>
            {item.penalty_fen !== "0" && (
              <span title={money.hover(item.penalty_fen)}>
                {t("payments.penalty", { amount: money.exact(item.penalty_fen) })}
              </span>
            )}
          </span>
        ),
      },
      {
        key: "sources",
        title: t("payments.sources"),
        render: (_, item) =>
          item.transfer_id === null ? (
            <span className="quiet">{t("payments.not_seen")}</span>
          ) : (
            <span className="payments-cell">
              <SourceBar shares={item.shares} wholeFen={item.amount_fen} facts={facts} />
              <span className="payments-kinds payments-label">{item.shares.map((share) => label(share.kind)).join(t("payments.comma"))}</span>
            </span>
          ),
      },
      {
        key: "odd",
        title: t("payments.odd"),
        align: "right",
        width: 176,
        render: (_, item) => <Odd item={item} facts={facts} />,
      },
    ],
    [facts, label, money, t],
  );
  return (
    <Table<Repayment>
      rowKey="repayment_id"
      size="middle"
      columns={columns}
      dataSource={[...page.items]}
      scroll={{ x: 740 }}
      pagination={
        page.items.length > PAGE
          ? { pageSize: PAGE, showSizeChanger: false, defaultCurrent: Math.floor(Math.max(firstOpen, 0) / PAGE) + 1 }
          : false
      }
      expandable={{
        expandedRowKeys: [...open],
        onExpandedRowsChange: (keys) => change(keys.map(String)),
        rowExpandable: (item) => item.transfer_id !== null,
        expandedRowRender: (item) => <Sources loanId={page.loan_id} repayment={item} facts={facts} />,
        expandIcon: ({ expanded, expandable, onExpand, record }) =>
          expandable && (
            <button
              type="button"
              className="payments-expand"
              aria-expanded={expanded}
              aria-label={t(expanded ? "payments.close" : "payments.open", { date: instantText(record.paid_at) })}
              onClick={(event) => onExpand(record, event)}
            >
              <span aria-hidden="true">{expanded ? "−" : "+"}</span>
            </button>
          ),
      }}
    />
  );
}
