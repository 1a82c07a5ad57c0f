import { Segmented, Table, type TableProps } from "antd";
import { Suspense } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { CashChart } from "../parts";
import { ExportButton } from "../table/ExportButton";
import { Amount, useMoney } from "../ui/Amount";
import { shareText } from "../ui/money";
import { Failure, Loading, Notice } from "../ui/states";
import { useSearchParams } from "../ui/address";

type Flow = Schemas["CashFlow"];
type Month = Schemas["CashMonth"];

const SPANS = ["12", "24", "36"] as const;

/** What came in and went out month by month, own transfers netted out. */
export function CashFlow({ partyId, name }: { readonly partyId: string; readonly name: string }) {
  const { t } = useSpeech();
  const [address, setAddress] = useSearchParams();
  const span = SPANS.find((one) => one === address.get("months")) ?? "12";
  const { data, error, refetch } = api.useQuery(
    "get",
    "/api/v1/customers/{party_id}/cash-flow",
    { params: { path: { party_id: partyId }, query: { months: Number(span) } } },
    { placeholderData: (before) => before },
  );
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={10} />;
  if (data.flows.length === 0)
    return (
      <Notice tone="empty" title={t("customers.cash.none_title")}>
        <p>{t("customers.cash.none_hint")}</p>
      </Notice>
    );
  return (
    <div className="cash">
      {data.flows.map((flow, place) => (
        <section key={flow.currency} className="card box" aria-label={t("customers.cash.title")}>
          <div className="card-title">
            <h2>{flow.currency === "CNY" ? t("customers.cash.title") : `${t("customers.cash.title")} (${flow.currency})`}</h2>
            <span className="quiet small">{t("customers.cash.note", { count: flow.account_count })}</span>
            {place === 0 && (
              <>
                <Segmented
                  aria-label={t("customers.cash.span")}
                  value={span}
                  options={SPANS.map((one) => ({ value: one, label: t("customers.cash.months", { count: one }) }))}
                  onChange={(chosen) =>
                    setAddress(
                      (before) => {
                        const after = new URLSearchParams(before);
                        if (chosen === "12") after.delete("months");
                        else after.set("months", chosen);
                        return after;
                      },
                      { replace: true, preventScrollReset: true },
                    )
                  }
                />
                <ExportButton
                  address={`/api/v1/customers/${encodeURIComponent(partyId)}/cash-flow.xlsx`}
                  query={() => new URLSearchParams({ months: span })}
                  count={data.flows.reduce((all, one) => all + one.months.length, 0)}
                />
              </>
            )}
          </div>
          <Drawn flow={flow} name={name} />
          <Months flow={flow} />
        </section>
      ))}
    </div>
  );
}

function sum(months: readonly Month[], pick: (month: Month) => string): bigint {
  return months.reduce((total, month) => total + BigInt(pick(month)), 0n);
}

function Drawn({ flow, name }: { readonly flow: Flow; readonly name: string }) {
  const { t, language } = useSpeech();
  const money = useMoney(flow);
  const [first, last] = [flow.months[0], flow.months[flow.months.length - 1]];
  const total = (pick: (month: Month) => string) => money.short(sum(flow.months, pick).toString());
  return (
    <>
      <Suspense fallback={<Loading rows={7} />}>
        <CashChart
          flow={flow}
          language={language}
          unit={t(flow.currency === "CNY" ? "unit.list" : "unit.list_other")}
          label={t("customers.cash.described", {
            name,
            from: first?.month.slice(0, 7) ?? "",
            to: last?.month.slice(0, 7) ?? "",
            in: total((month) => month.in_fen),
            out: total((month) => month.out_fen),
          })}
          words={{
            in: t("customers.cash.in"),
            out: t("customers.cash.out"),
            net: t("customers.cash.net"),
            disbursed: t("customers.cash.disbursed"),
            loan_out: t("customers.cash.loan_out"),
          }}
          full={money.full}
        />
      </Suspense>
      <ul className="cash-legend" aria-hidden="true">
        {(["in", "disbursed", "out", "loan_out", "net"] as const).map((one) => (
          <li key={one}>
            <span className={`cash-mark cash-${one}`} />
            {t(`customers.cash.legend.${one}`)}
          </li>
        ))}
      </ul>
    </>
  );
}

function Months({ flow }: { readonly flow: Flow }) {
  const { t } = useSpeech();
  const dash = <span className="quiet">–</span>;
  const cell = (fen: string) => (fen === "0" ? dash : <Amount fen={fen} form="exact" {...flow} />);
  const share = (part: string, whole: string) =>
    part === "0" || BigInt(whole) <= 0n ? "" : ` ${shareText(BigInt(part), BigInt(whole))}`;
  const column = (title: string, pick: (month: Month) => React.ReactNode, hint = ""): NonNullable<TableProps<Month>["columns"]>[number] => ({
    title: <span title={hint}>{title}</span>,
    key: title,
    align: "right",
    className: "figures nowrap",
    render: (_, month) => pick(month),
  });
  const withShare = (part: string, whole: string) =>
    part === "0" ? (
      dash
    ) : (
      <>
        <Amount fen={part} form="exact" {...flow} />
        <span className="quiet small cash-share">{share(part, whole)}</span>
      </>
    );
  const columns: TableProps<Month>["columns"] = [
    { title: t("customers.cash.month"), key: "month", className: "figures nowrap", render: (_, month) => month.month.slice(0, 7) },
    column(t("customers.cash.in"), (month) => cell(month.in_fen)),
    column(t("customers.cash.out"), (month) => cell(month.out_fen)),
    column(t("customers.cash.net"), (month) => (
      <span className={month.net_fen.startsWith("-") ? "danger" : undefined}>{cell(month.net_fen)}</span>
    )),
    column(t("customers.cash.disbursed"), (month) => withShare(month.disbursed_fen, month.in_fen), t("customers.cash.disbursed_hint")),
    column(t("customers.cash.loan_out"), (month) => withShare(month.loan_out_fen, month.out_fen), t("customers.cash.loan_out_hint")),
    column(t("customers.cash.repaid"), (month) => cell(month.repaid_fen), t("customers.cash.repaid_hint")),
    column(t("customers.cash.own"), (month) => cell(month.own_fen), t("customers.cash.own_hint")),
    column(t("customers.cash.lines"), (month) => (month.line_count === 0 ? dash : month.line_count.toLocaleString("en"))),
  ];
  const total = (pick: (month: Month) => string) => sum(flow.months, pick).toString();
  const whole = {
    in: total((month) => month.in_fen),
    out: total((month) => month.out_fen),
    net: total((month) => month.net_fen),
    disbursed: total((month) => month.disbursed_fen),
    loan_out: total((month) => month.loan_out_fen),
    repaid: total((month) => month.repaid_fen),
    own: total((month) => month.own_fen),
  };
  const totals = [
    cell(whole.in),
    cell(whole.out),
    cell(whole.net),
    withShare(whole.disbursed, whole.in),
    withShare(whole.loan_out, whole.out),
    cell(whole.repaid),
    cell(whole.own),
    flow.months.reduce((count, month) => count + month.line_count, 0).toLocaleString("en"),
  ];
  return (
    <Table<Month>
      className="customer-table cash-table"
      size="small"
      rowKey="month"
      columns={columns}
      dataSource={[...flow.months].reverse()}
      pagination={false}
      scroll={{ x: "max-content" }}
      summary={() => (
        <Table.Summary.Row>
          <Table.Summary.Cell index={0}>
            <strong>{t("customers.cash.total")}</strong>
          </Table.Summary.Cell>
          {totals.map((one, place) => (
            // biome-ignore lint: the cells of one row have no other key
            <Table.Summary.Cell key={place} index={place + 1} align="right" className="figures nowrap">
              <strong>{one}</strong>
            </Table.Summary.Cell>
          ))}
        </Table.Summary.Row>
      )}
    />
  );
}
