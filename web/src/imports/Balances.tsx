import { Segmented, Table } from "antd";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { AccountLink } from "../ui/AccountLink";
import { Failure, Loading, Notice } from "../ui/states";
import { Term } from "../ui/Term";
import { instantText } from "../ui/time";
import { useAddress } from "./address";
import { SearchBox } from "./SearchBox";
import { baseName, countText } from "./size";
import { Sum } from "./Sum";

type Row = Schemas["BalanceCheck"];
type Standing = Schemas["BalanceCheckState"];
const PAGE = 50;
const STATES: readonly Standing[] = ["differs", "reconciled", "no_balances"];

/** Accounts whose running balances do not add up, and where that starts. */
export function Balances() {
  const { t, name } = useSpeech();
  const { address, change, page } = useAddress();
  const state = STATES.find((one) => one === address.get("state")) ?? "differs";
  const search = address.get("search") ?? "";
  const { data, error, isFetching, refetch } = api.useQuery(
    "get",
    "/api/v1/reconciliations",
    { params: { query: { state, search, offset: (page - 1) * PAGE, limit: PAGE } } },
    { placeholderData: (before) => before, refetchOnMount: "always" },
  );
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  const differing = state === "differs";
  const good = differing && search === "" && data.total_count === 0;
  const sum = (title: string, key: string, of: (row: Row) => string | null) => ({
    title,
    key,
    align: "right" as const,
    render: (_: unknown, row: Row) => {
      const fen = of(row);
      return fen === null ? "–" : <Sum fen={fen} {...row} />;
    },
  });
  return (
    <>
      <div className="imports-filters">
        <Segmented<Standing>
          aria-label={t("imports.column.state")}
          value={state}
          onChange={(chosen) => change({ state: chosen === "differs" ? "" : chosen })}
          options={STATES.map((one) => ({
            value: one,
            label: `${name("balance_state", one)} ${countText(data.counts[one] ?? 0)}`,
          }))}
        />
        <SearchBox value={search} label={t("imports.filter.account")} onChange={(text) => change({ search: text })} />
        <ExportButton
          address="/api/v1/reconciliations.xlsx"
          query={() => new URLSearchParams({ state, search })}
          count={data.total_count}
        />
      </div>
      {differing && data.total_count > 0 && (
        <p className="quiet small imports-explain">
          <Term name="reconciliation" /> · {t("imports.balances_explain")}
        </p>
      )}
      {data.total_count === 0 ? (
        <Notice tone="empty" title={t(good ? "imports.balances_good" : "imports.balances_none")}>
          {good && <p>{t("imports.balances_good_hint", { count: countText(data.counts["reconciled"] ?? 0) })}</p>}
        </Notice>
      ) : (
        <Table<Row>
          className="card"
          rowKey={(row) => `${row.account}/${row.currency}`}
          dataSource={[...data.items]}
          loading={{ spinning: isFetching, delay: 300 }}
          pagination={{
            current: page,
            pageSize: PAGE,
            total: data.total_count,
            hideOnSinglePage: true,
            showSizeChanger: false,
            onChange: (next) => change({ page: String(next) }),
            showTotal: (count) => t("imports.total", { count: countText(count) }),
          }}
          columns={[
            {
              title: t("imports.column.account"),
              key: "account",
              render: (_, row) => (
                <span className="party">
                  <AccountLink className="figures" account={row.account} />
                  {row.account_name && <span className="party-account">{row.account_name}</span>}
                </span>
              ),
            },
            ...(differing
              ? [
                  {
                    title: t("imports.column.first"),
                    key: "first",
                    render: (_: unknown, row: Row) =>
                      row.first_position !== null &&
                      row.first_booked_at && (
                        <span className="party">
                          <span className="figures nowrap">
                            {row.first_line ? (
                              <Link to={`/transactions/${row.first_line}`}>{instantText(row.first_booked_at)}</Link>
                            ) : (
                              instantText(row.first_booked_at)
                            )}
                          </span>
                          <span className="party-account" title={row.first_source_file ?? ""}>
                            {baseName(row.first_source_file ?? "")} ·{" "}
                            {t("imports.row_number", { row: countText(row.first_position) })}
                          </span>
                        </span>
                      ),
                  },
                  sum(t("imports.column.expected"), "expected", (row) => row.expected_fen),
                  sum(t("imports.column.actual"), "actual", (row) => row.actual_fen),
                  {
                    ...sum(t("imports.column.off"), "off", (row) =>
                      row.actual_fen !== null && row.expected_fen !== null
                        ? (BigInt(row.actual_fen) - BigInt(row.expected_fen)).toString()
                        : null,
                    ),
                    className: "danger",
                  },
                  {
                    title: t("imports.column.differences"),
                    key: "differences",
                    align: "right" as const,
                    className: "figures",
                    render: (_: unknown, row: Row) => countText(row.difference_count),
                  },
                ]
              : []),
            {
              title: t("imports.column.lines"),
              key: "lines",
              align: "right",
              className: "figures",
              render: (_, row) => countText(row.line_count),
            },
            {
              title: t("imports.column.checked"),
              key: "checked",
              className: "figures nowrap",
              render: (_, row) => instantText(row.checked_at),
            },
          ]}
        />
      )}
    </>
  );
}
