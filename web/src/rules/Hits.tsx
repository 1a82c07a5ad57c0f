import { Table } from "antd";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Amount } from "../ui/Amount";
import { shareText } from "../ui/money";
import { Failure, Loading, Notice } from "../ui/states";
import { instantText } from "../ui/time";
import { LevelTag } from "../warnings/LevelTag";
import { countText, type Version } from "./milli";
import { Reading } from "./Reading";

const CNY = { currency: "CNY", minor_digits: 2 };
const MOST = 200;

/** What a version found in the last trace; each opens into its explanation field by field. */
export function Hits({ version }: { readonly version: Version }) {
  const { t } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/rule-versions/{rule_id}/hits", {
    params: { path: { rule_id: version.rule_id }, query: { limit: MOST } },
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={3} />;
  const stopped = version.found?.stopped;
  const found = version.found && !stopped ? version.found.loans_hit : 0;
  if (data.length === 0) {
    return found > 0 ? (
      <Notice tone="empty" title={t("rules.hits_hidden")}>
        <p>{t("rules.hits_hidden_found", { count: countText(found) })}</p>
      </Notice>
    ) : (
      <Notice tone="empty" title={t("rules.no_hits")}>
        <p>
          {stopped
            ? t(`rules_stopped.${stopped === "runaway" ? "runaway" : "content"}`)
            : t(version.found ? "rules.no_hits_found" : "rules.no_hits_yet")}
        </p>
      </Notice>
    );
  }
  // A loan is hit once; a full page may go on.
  const hidden = data.length < MOST ? found - data.length : 0;
  return (
    <>
      <div className="table-tools">
        {hidden > 0 && <span className="quiet small">{t("rules.hits_hidden_more", { count: countText(hidden) })}</span>}
        <ExportButton address={`/api/v1/rule-versions/${version.rule_id}/hits.xlsx`} count={null} />
      </div>
      <Table<Schemas["RuleHit"]>
        className="card"
        rowKey="hit_id"
        dataSource={data}
        pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: "max-content" }}
        expandable={{ expandedRowRender: (row) => <Reading part={row.explained} judged /> }}
        columns={[
          {
            title: t("rules.column_loan"),
            key: "loan",
            render: (_, row) => (
              <Link className="loan-id" to={`/loans/${encodeURIComponent(row.loan_id)}`}>
                {row.loan_id}
              </Link>
            ),
          },
          { title: t("rules.column_at"), key: "at", className: "figures nowrap", render: (_, row) => instantText(row.at) },
          { title: t("rules.column_level"), key: "level", render: (_, row) => <LevelTag level={row.level} /> },
          {
            title: t("rules.column_amount"),
            key: "amount",
            align: "right",
            render: (_, row) => <Amount fen={row.amount_fen} form="short" {...CNY} />,
          },
          {
            title: t("rules.column_share"),
            key: "share",
            align: "right",
            className: "figures",
            render: (_, row) => shareText(BigInt(row.share_ppm), 1_000_000n),
          },
        ]}
      />
    </>
  );
}
