import { Table, type TableProps } from "antd";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { type Key, useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Amount } from "../ui/Amount";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { customerAddress } from "./address";

type Kind = Schemas["OutsideKind"];
type Month = Schemas["InvoiceMonth"];

/** What was delivered about the customer from outside the bank, and what no source gives. */
export function OutsideTab({ partyId }: { readonly partyId: string }) {
  const { t, name } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/customers/{party_id}/outside", {
    params: { path: { party_id: partyId } },
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={10} />;
  const given = data.kinds.filter((kind) => kind.state === "delivered" || kind.state === "empty");
  const absent = data.kinds.filter((kind) => kind.state === "not_delivered");
  const unfit = data.kinds.filter((kind) => kind.state === "not_applicable");
  return (
    <div className="outside">
      {given.map((kind) => (
        <One key={kind.kind} kind={kind} partyId={partyId} />
      ))}
      <section className="card box" aria-labelledby="absent-title">
        <h2 id="absent-title">{t("customers.outside.absent")}</h2>
        <p className="quiet small">{t("customers.outside.absent_hint")}</p>
        <ul className="outside-absent">
          {absent.map((kind) => (
            <li key={kind.kind}>
              {name("outside_kind", kind.kind)} <span className="customer-mark">{t("customers.outside.not_delivered")}</span>
            </li>
          ))}
          {unfit.map((kind) => (
            <li key={kind.kind}>
              {name("outside_kind", kind.kind)} <span className="customer-mark">{t("customers.outside.not_applicable")}</span>
            </li>
          ))}
        </ul>
      </section>
      {data.invoices.months.length > 0 && <Invoices partyId={partyId} invoices={data.invoices} />}
    </div>
  );
}

function One({ kind, partyId }: { readonly kind: Kind; readonly partyId: string }) {
  const { t, name } = useSpeech();
  const when = kind.business_date ?? (kind.delivered_at ? instantText(kind.delivered_at) : null);
  return (
    <section className="card box" aria-label={name("outside_kind", kind.kind)}>
      <h2>{name("outside_kind", kind.kind)}</h2>
      {kind.state === "empty" ? (
        <p className="quiet">{t("customers.outside.empty")}</p>
      ) : (
        <dl className="facts">
          {kind.facts.map((fact) => (
            <div key={fact.name}>
              <dt>{name("outside_fact", fact.name)}</dt>
              <dd className="figures">
                {fact.value}
                {fact.name === "relation_count" && (
                  <>
                    {" "}
                    <Link to={customerAddress(partyId, "relations")}>{t("customers.tab.relations")}</Link>
                  </>
                )}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <p className="quiet small outside-source">
        {kind.file || when
          ? t("customers.outside.source", { file: kind.file ?? t("customers.unknown"), when: when ?? t("customers.unknown") })
          : t("customers.outside.source_unknown")}
      </p>
    </section>
  );
}

function Invoices({ partyId, invoices }: { readonly partyId: string; readonly invoices: Schemas["CustomerInvoices"] }) {
  const { t } = useSpeech();
  const dash = <span className="quiet">–</span>;
  const column = (key: string, pick: (month: Month) => React.ReactNode): NonNullable<TableProps<Month>["columns"]>[number] => ({
    title: t(`customers.invoice.${key}` as Key),
    key,
    align: "right",
    className: "figures nowrap",
    render: (_, month) => pick(month),
  });
  const amount = (fen: string) => (fen === "0" ? dash : <Amount fen={fen} form="exact" {...invoices} />);
  const count = (number: number) => (number === 0 ? dash : number);
  return (
    <section className="card outside-invoices" aria-labelledby="invoices-title">
      <div className="card-title">
        <h2 id="invoices-title">{t("customers.invoice.title")}</h2>
        <span className="quiet small">{t("customers.invoice.note")}</span>
        <ExportButton
          address={`/api/v1/customers/${encodeURIComponent(partyId)}/invoices.xlsx`}
          count={invoices.months.length}
        />
      </div>
      <Table<Month>
        className="customer-table"
        size="small"
        rowKey="month"
        pagination={false}
        dataSource={[...invoices.months].reverse()}
        columns={[
          { title: t("customers.invoice.month"), key: "month", className: "figures nowrap", render: (_, month) => month.month.slice(0, 7) },
          column("sold", (month) => amount(month.sold_fen)),
          column("sold_count", (month) => count(month.sold_count)),
          column("bought", (month) => amount(month.bought_fen)),
          column("bought_count", (month) => count(month.bought_count)),
          column("void_count", (month) => count(month.void_count)),
        ]}
        scroll={{ x: "max-content" }}
      />
    </section>
  );
}
