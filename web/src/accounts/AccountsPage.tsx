import { SearchOutlined } from "@ant-design/icons";
import { Button, Input, type InputRef, message, Select, Table, type TableProps } from "antd";
import { useEffect, useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import type { Change } from "../table/list_address";
import { SavedFilters } from "../table/SavedFilters";
import { Amount } from "../ui/Amount";
import { Failure, Loading, Notice } from "../ui/states";
import { EvaluationNotice } from "./EvaluationNotice";
import {
  asQuery,
  CHECKS,
  KINDS,
  LOAN_MONEY,
  type LoanMoney,
  type Side,
  SIDES,
  SORTS,
  type Sort,
  type State,
  useListState,
} from "./list_address";

type Row = Schemas["AccountRow"];

const PAGE = 50;
const TYPING_MS = 250;
/** What many ask for, ready to choose. */
const SHIPPED = [
  ["accounts.shipped.resting", "side=ours&loan_money=now"],
  ["accounts.shipped.differing", "check=differs"],
] as const;

export default function AccountsPage() {
  const { t } = useSpeech();
  const { state, change, text, replace } = useListState();
  const [messages, toldHere] = message.useMessage();
  const { data, error, isFetching, refetch } = api.useQuery(
    "get",
    "/api/v1/accounts",
    {
      params: {
        query: {
          search: state.search,
          side: state.side,
          loan_money: state.loanMoney,
          ...(state.check ? { reconciliation: state.check } : {}),
          ...(state.kinds.length > 0 ? { kind: state.kinds } : {}),
          sort: state.sort,
          direction: state.ascending ? "ascending" : "descending",
          offset: (state.page - 1) * PAGE,
          limit: PAGE,
        },
      },
    },
    { placeholderData: (before) => before },
  );
  useEffect(() => {
    document.title = `${t("accounts.title")} · ${t("app.name")}`;
  }, [t]);
  const narrowed =
    state.search !== "" ||
    state.side !== "any" ||
    state.loanMoney !== "any" ||
    state.check !== undefined ||
    state.kinds.length > 0;
  const clear = () => change({ search: "", side: "", loan_money: "", check: "", kind: [] });
  return (
    <div className="page accounts-area">
      <div className="page-head">
        <h1>{t("accounts.title")}</h1>
        {toldHere}
        <SavedFilters
          place="accounts"
          page="/accounts"
          text={text}
          shipped={SHIPPED.map(([key, conditions]) => [t(key), conditions] as const)}
          apply={replace}
          say={(said) => void messages.success(said)}
          complain={(said) => void messages.error(said)}
        />
        {data && (
          <ExportButton
            address="/api/v1/accounts.xlsx"
            query={() => asQuery(state)}
            count={data.total_count}
          />
        )}
      </div>
      <EvaluationNotice />
      <Filters state={state} change={change} narrowed={narrowed} clear={clear} />
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Loading rows={12} />
      ) : data.total_count === 0 ? (
        <Notice
          tone="empty"
          title={t(narrowed ? "accounts.none_title" : "accounts.empty_title")}
          action={narrowed && <Button onClick={clear}>{t("accounts.clear")}</Button>}
        >
          <p>{t(narrowed ? "accounts.none_hint" : "accounts.empty_hint")}</p>
        </Notice>
      ) : (
        <>
          <p className="quiet small">{t("accounts.count", { count: data.total_count.toLocaleString("en") })}</p>
          <AccountTable list={data} state={state} busy={isFetching} change={change} />
        </>
      )}
    </div>
  );
}

interface FilterProps {
  readonly state: State;
  readonly change: Change;
  readonly narrowed: boolean;
  readonly clear: () => void;
}

function Filters({ state, change, narrowed, clear }: FilterProps) {
  const { t, name } = useSpeech();
  const input = useRef<InputRef>(null);
  const [text, setText] = useState(state.search);
  const changing = useRef(change);
  changing.current = change;
  useEffect(() => setText(state.search), [state.search]);
  useEffect(() => {
    if (text.trim() === state.search) return;
    const timer = window.setTimeout(() => changing.current({ search: text.trim() }), TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [text, state.search]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return (
    <div className="list-filters" role="search">
      <Input
        ref={input}
        allowClear
        className="search"
        prefix={<SearchOutlined aria-hidden />}
        suffix={text ? null : <kbd title={t("accounts.search_hint")}>/</kbd>}
        placeholder={t("accounts.search")}
        aria-label={t("accounts.search")}
        maxLength={100}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") setText("");
          if (event.key === "Enter") change({ search: text.trim() });
        }}
      />
      <Select<Side>
        aria-label={t("accounts.side")}
        value={state.side}
        className="filter"
        options={SIDES.map((one) => ({ value: one, label: name("account_side", one) }))}
        onChange={(one) => change({ side: one === "any" ? "" : one })}
      />
      <Select<LoanMoney>
        aria-label={t("accounts.loan_money")}
        value={state.loanMoney}
        className="filter wide-filter"
        options={LOAN_MONEY.map((one) => ({ value: one, label: name("account_loan_money", one) }))}
        onChange={(one) => change({ loan_money: one === "any" ? "" : one })}
      />
      <Select<string>
        aria-label={t("accounts.reconciliation")}
        value={state.check ?? ""}
        className="filter wide-filter"
        options={[
          { value: "", label: t("accounts.reconciliation_any") },
          ...CHECKS.map((one) => ({ value: one as string, label: name("reconciliation", one) })),
        ]}
        onChange={(one) => change({ check: one })}
      />
      <Select<string[]>
        mode="multiple"
        allowClear
        maxTagCount="responsive"
        aria-label={t("accounts.kind")}
        placeholder={t("accounts.kind")}
        value={[...state.kinds]}
        className="filter kinds"
        options={KINDS.map((one) => ({ value: one as string, label: name("account_kind", one) }))}
        onChange={(kinds) => change({ kind: kinds })}
      />
      {narrowed && (
        <Button type="link" onClick={clear}>
          {t("accounts.clear")}
        </Button>
      )}
    </div>
  );
}

interface TableState {
  readonly list: Schemas["AccountList"];
  readonly state: State;
  readonly busy: boolean;
  readonly change: Change;
}

function AccountTable({ list, state, busy, change }: TableState) {
  const { t, name } = useSpeech();
  const open = useNavigate();
  const yuan = list.items.every((row) => row.currency === "CNY");
  const unit = t(yuan ? "unit.list" : "unit.list_other");
  const first = state.sort === "account" || state.sort === "name" ? "ascend" : "descend";
  const sorted = (key: Sort) => ({
    key,
    sorter: true,
    showSorterTooltip: false,
    sortOrder: state.sort === key ? (state.ascending ? ("ascend" as const) : ("descend" as const)) : null,
    sortDirections:
      key === "account" || key === "name"
        ? ["ascend" as const, "descend" as const, "ascend" as const]
        : ["descend" as const, "ascend" as const, "descend" as const],
  });
  const columns: NonNullable<TableProps<Row>["columns"]> = [
    {
      ...sorted("account"),
      title: t("accounts.column.account"),
      render: (_, row) => (
        <Link className="loan-id" to={`/accounts/${encodeURIComponent(row.account)}`}>
          {row.account}
        </Link>
      ),
    },
    {
      ...sorted("name"),
      title: t("accounts.column.name"),
      className: "cell-name",
      render: (_, row) => row.name ?? <span className="quiet">{t("accounts.unnamed")}</span>,
    },
    {
      key: "kind",
      title: t("accounts.column.kind"),
      render: (_, row) => (
        <span className="kind">
          {name("account_kind", row.kind)}
          {row.closed_on && <span className="quiet small"> {t("accounts.closed_mark")}</span>}
        </span>
      ),
    },
    {
      key: "side",
      title: t("accounts.side"),
      render: (_, row) => (
        <span className={row.ours ? undefined : "quiet"}>{t(row.ours ? "accounts.ours" : "accounts.outside")}</span>
      ),
    },
    {
      key: "institution",
      title: t("accounts.column.institution"),
      className: "nowrap",
      render: (_, row) =>
        row.unit_name ? <span title={row.institution}>{row.unit_name}</span> : <span className="figures">{row.institution}</span>,
    },
    {
      ...sorted("lines"),
      title: t("accounts.column.lines"),
      align: "right",
      className: "figures",
      render: (_, row) =>
        row.line_count === null ? <span className="quiet">–</span> : row.line_count.toLocaleString("en"),
    },
    {
      key: "check",
      title: t("accounts.column.reconciliation"),
      render: (_, row) =>
        row.reconciliation === null ? (
          <span className="quiet">–</span>
        ) : (
          <span className={row.reconciliation === "differs" ? "danger" : "quiet"}>
            {name("reconciliation", row.reconciliation)}
          </span>
        ),
    },
    {
      ...sorted("loan_money"),
      title: t("accounts.column.loan_fen", { unit }),
      align: "right",
      render: (_, row) =>
        row.loan_fen === "0" ? <span className="quiet">–</span> : <Amount fen={row.loan_fen} form="list" {...row} />,
    },
    {
      key: "loans",
      title: t("accounts.column.loan_count"),
      align: "right",
      className: "figures",
      render: (_, row) => (row.loan_count === 0 ? <span className="quiet">–</span> : row.loan_count),
    },
  ];
  return (
    <Table<Row>
      className="card loans"
      rowKey="account"
      columns={columns}
      dataSource={[...list.items]}
      loading={{ spinning: busy, delay: 300 }}
      scroll={{ x: "max-content" }}
      onRow={(row) => ({
        onClick: (event) => {
          const onLink = event.target instanceof Element && event.target.closest("a");
          if (!onLink && window.getSelection()?.toString() === "")
            void open(`/accounts/${encodeURIComponent(row.account)}`);
        },
      })}
      onChange={(pagination, _filters, sorter) => {
        const key = Array.isArray(sorter) ? undefined : sorter.columnKey;
        const chosen = SORTS.find((one) => one === key) ?? state.sort;
        const order = Array.isArray(sorter) ? first : (sorter.order ?? first);
        const ascending = order === "ascend";
        const same = chosen === state.sort && ascending === state.ascending;
        change({
          sort: chosen,
          direction: ascending ? "ascending" : "descending",
          page: same && pagination.current && pagination.current > 1 ? String(pagination.current) : "",
        });
      }}
      pagination={{
        current: state.page,
        pageSize: PAGE,
        total: list.total_count,
        hideOnSinglePage: list.total_count <= PAGE,
        showSizeChanger: false,
        showTotal: (count) => t("accounts.total", { count: count.toLocaleString("en") }),
      }}
    />
  );
}
