import { keepPreviousData } from "@tanstack/react-query";
import { Table } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading, Notice } from "../ui/states";
import { instantText } from "../ui/time";
import { Proposal } from "./Proposal";

const PAGE = 50;
type Row = Schemas["ApprovalRequest"];

interface Props {
  readonly tab: "mine" | "history";
  readonly item: string;
}

/** What I proposed, or what was decided; the newest first. */
export function Decided({ tab, item }: Props) {
  const { t, name, language } = useSpeech();
  const navigate = useNavigate();
  const [page, setPage] = useState(1);
  const { data, error, refetch } = api.useQuery(
    "get",
    tab === "mine" ? "/api/v1/approvals/mine" : "/api/v1/approvals/history",
    { params: { query: { offset: (page - 1) * PAGE, limit: PAGE } } },
    { placeholderData: keepPreviousData, refetchOnMount: "always" },
  );
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  if (data.total_count === 0 && item === "") {
    return (
      <Notice tone="empty" title={t(tab === "mine" ? "inbox.mine_none" : "inbox.history_none")}>
        <p>{t(tab === "mine" ? "inbox.mine_none_hint" : "inbox.history_none_hint")}</p>
      </Notice>
    );
  }
  return (
    <>
      <div className="table-tools">
        <ExportButton address={`/api/v1/approvals/${tab}.xlsx`} count={data.total_count} />
      </div>
      <div className={item ? "inbox-columns" : undefined}>
        <Table<Row>
          className="card inbox-table"
          aria-label={t(`inbox.${tab}`)}
          rowKey="request_id"
          rowClassName={(row) => (row.request_id === item ? "inbox-open" : "")}
          dataSource={[...data.items]}
          pagination={{ current: page, pageSize: PAGE, total: data.total_count, hideOnSinglePage: true, showSizeChanger: false, onChange: setPage }}
          scroll={{ x: true }}
          columns={[
            {
              title: t("inbox.what"),
              key: "what",
              render: (_, row) => (
                <>
                  <Link to={`/inbox/${tab}/${row.request_id}`}>{row[language === "zh" ? "title_chinese" : "title_english"]}</Link>
                  <div className="quiet small">
                    {row[language === "zh" ? "kind_chinese" : "kind_english"]} · {row.reason}
                  </div>
                </>
              ),
            },
            { title: t("inbox.maker"), key: "maker", className: "nowrap", render: (_, row) => row.maker_name },
            { title: t("inbox.checker"), key: "checker", className: "nowrap", render: (_, row) => row.checker_name ?? "–" },
            {
              title: t("inbox.state"),
              key: "state",
              render: (_, row) => <span className={`list-state approval-${row.state}`}>{name("approval_state", row.state)}</span>,
            },
            {
              title: t("inbox.when"),
              key: "when",
              className: "figures nowrap",
              render: (_, row) => instantText(row.decided_at ?? row.made_at),
            },
          ]}
        />
        {item && <Proposal key={item} id={item} close={() => void navigate(`/inbox/${tab}`)} />}
      </div>
    </>
  );
}
