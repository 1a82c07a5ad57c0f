import { Table, type TableColumnsType, Tag } from "antd";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";

type Period = Schemas["ClassPeriod"];
type Chain = Schemas["ChainPeriod"];

/** How the loan was classified, as far as the bank's files say; and what they do not say. */
export default function Classification({ loanId }: { readonly loanId: string }) {
  const { t, name } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/loans/{loan_id}/classification", {
    params: { path: { loan_id: loanId } },
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={6} />;
  const named = (value: string) => (
    <Tag className={value === "normal" ? "" : "tag-warning"}>{name("five_class", value)}</Tag>
  );
  const columns: TableColumnsType<Period> = [
    { key: "class", title: t("classification.class"), render: (_, row) => named(row.five_class) },
    {
      key: "from",
      title: t("classification.from"),
      render: (_, row) =>
        row.told_from ? (
          <span className="figures">{instantText(row.told_from)}</span>
        ) : (
          <span className="quiet">{t("classification.since_books")}</span>
        ),
    },
    {
      key: "until",
      title: t("classification.until"),
      render: (_, row) =>
        row.told_until ? <span className="figures">{instantText(row.told_until)}</span> : t("classification.still"),
    },
    {
      key: "state",
      title: t("classification.state"),
      render: (_, row) => (row.state ? name("state", row.state) : <span className="quiet">–</span>),
    },
  ];
  const chain: TableColumnsType<Chain> = [
    { key: "class", title: t("classification.class"), render: (_, row) => named(row.five_class) },
    {
      key: "from",
      title: t("classification.from"),
      render: (_, row) => row.valid_from ?? <span className="quiet">{t("classification.from_start")}</span>,
    },
    {
      key: "until",
      title: t("classification.until"),
      render: (_, row) => row.valid_until ?? t("classification.still"),
    },
  ];
  return (
    <div className="classes">
      <div className="column-main">
        <section className="card table-card" aria-labelledby="classification-title">
          <div className="card-head">
            <h2 id="classification-title">{t("classification.title")}</h2>
            <ExportButton address={`/api/v1/loans/${encodeURIComponent(loanId)}/classification.xlsx`} count={data.periods.length} />
          </div>
          <dl className="class-now">
            <div>
              <dt>{t("classification.now")}</dt>
              <dd>{name("five_class", data.five_class)}</dd>
            </div>
            <div>
              <dt>{t("classification.past_due")}</dt>
              <dd className="figures">{data.days_past_due ?? <span className="unknown">{t("band.unknown")}</span>}</dd>
            </div>
            <div>
              <dt>{t("classification.changes")}</dt>
              <dd className="figures">{data.change_count}</dd>
            </div>
          </dl>
          <Table<Period>
            rowKey={(row) => row.told_until ?? "now"}
            size="middle"
            columns={columns}
            dataSource={[...data.periods]}
            pagination={false}
          />
        </section>
        {data.told_afterwards.length > 0 && (
          <section className="card table-card" aria-labelledby="chain-title">
            <div className="card-head">
              <h2 id="chain-title">{t("classification.told_afterwards")}</h2>
              <ExportButton
                address={`/api/v1/loans/${encodeURIComponent(loanId)}/classification/told-afterwards.xlsx`}
                count={data.told_afterwards.length}
              />
            </div>
            <Table<Chain>
              rowKey={(row) => `${row.valid_from}-${row.valid_until}`}
              size="middle"
              columns={chain}
              dataSource={[...data.told_afterwards]}
              pagination={false}
            />
          </section>
        )}
      </div>
      <aside className="card box" aria-labelledby="unknown-title">
        <h2 id="unknown-title">{t("classification.unknown_title")}</h2>
        <ul className="unknown-list">
          <li>{t("classification.unknown_before")}</li>
          <li>{t("classification.unknown_who")}</li>
          <li>{t("classification.unknown_when")}</li>
        </ul>
      </aside>
    </div>
  );
}
