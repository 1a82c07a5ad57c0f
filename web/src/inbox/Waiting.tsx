import { keepPreviousData } from "@tanstack/react-query";
import { Table } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useKeys } from "../ui/keys";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading, Notice } from "../ui/states";
import { instantText } from "../ui/time";
import { useLeft, useNow } from "../warnings/time";
import { Elsewhere } from "./Elsewhere";
import { Proposal } from "./Proposal";
import { itemOf, placeOf } from "./places";

export const WAITING = "/api/v1/approvals";
const PAGE = 50;
type Row = Schemas["WaitingApproval"];

/** Everything that waits, the oldest first; each opens beside it with what it changes. */
export function Waiting({ item }: { readonly item: string }) {
  const { t, name, language } = useSpeech();
  const navigate = useNavigate();
  const left = useLeft();
  const now = useNow();
  const [page, setPage] = useState(1);
  const { data, error, refetch } = api.useQuery(
    "get",
    WAITING,
    { params: { query: { offset: (page - 1) * PAGE, limit: PAGE } } },
    { placeholderData: keepPreviousData, refetchOnMount: "always" },
  );
  const step = (by: number) => {
    const rows = data?.items ?? [];
    const here = rows.findIndex((row) => itemOf(row) === item);
    const row = by > 0 ? rows[here + 1] : rows[Math.max(here, 0) - 1];
    if (row) void navigate(placeOf(row));
  };
  const close = () => void navigate("/inbox/waiting");
  useKeys({ j: () => step(1), k: () => step(-1) });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  if (data.total_count === 0 && item === "") {
    return (
      <Notice tone="empty" title={t("inbox.none")}>
        <p>{t("inbox.none_hint")}</p>
      </Notice>
    );
  }
  return (
    <>
      <div className="table-tools">
        <ExportButton address="/api/v1/approvals.xlsx" count={data.total_count} />
      </div>
      <div className={item ? "inbox-columns" : undefined}>
        <Table<Row>
          className="card inbox-table"
          aria-label={t("inbox.waiting")}
          rowKey={(row) => `${row.place}-${row.kind}-${row.key}`}
          rowClassName={(row) => (itemOf(row) === item ? "inbox-open" : "")}
          dataSource={[...data.items]}
          pagination={{
            current: page,
            pageSize: PAGE,
            total: data.total_count,
            hideOnSinglePage: true,
            showSizeChanger: false,
            onChange: setPage,
          }}
          scroll={{ x: true }}
          columns={[
            {
              title: t("inbox.what"),
              key: "what",
              render: (_, row) => (
                <>
                  <Link to={placeOf(row)} {...(itemOf(row) === item && { "aria-current": "true" as const })}>
                    {row[language === "zh" ? "title_chinese" : "title_english"]}
                  </Link>
                  <div className="quiet small">
                    {name("approval_kind", row.kind)}
                    {row.reason && ` · ${row.reason}`}
                  </div>
                </>
              ),
            },
            {
              title: t("inbox.maker"),
              key: "maker",
              className: "nowrap",
              render: (_, row) => (
                <>
                  {row.maker_name}
                  {row.is_own && <div className="quiet small">{t("inbox.own")}</div>}
                </>
              ),
            },
            {
              title: t("inbox.made_at"),
              key: "made",
              className: "figures nowrap",
              render: (_, row) => (
                <>
                  {instantText(row.made_at)}
                  {row.expires_at && <div className="quiet small">{left(row.expires_at, now)}</div>}
                </>
              ),
            },
          ]}
        />
        {item.includes(".") ? (
          <Elsewhere key={item} item={item} close={close} />
        ) : (
          item && <Proposal key={item} id={item} close={close} />
        )}
      </div>
    </>
  );
}
