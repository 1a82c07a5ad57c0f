import { SearchOutlined } from "@ant-design/icons";
import { Alert, Button, Input, type InputRef, Switch, Table, type TableProps } from "antd";
import { useEffect, useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount } from "../ui/Amount";
import { shareText } from "../ui/money";
import { ShareBar } from "../ui/ShareBar";
import { Failure, Loading, Notice } from "../ui/states";
import { Totals } from "./Totals";

type LoanRow = Schemas["LoanRow"];
type Sort = Schemas["LoanSort"];
type Direction = Schemas["Direction"];

const PAGE = 50;
const TYPING_MS = 250;
const SORTS: readonly Sort[] = ["loan", "borrower", "issued", "amount", "seen", "suspected", "leads"];

/** What the list shows stands in the address, so that a link shows the same. */
function useListState() {
  const [address, setAddress] = useSearchParams();
  const state = {
    search: address.get("search") ?? "",
    suspected: address.get("suspected") === "true",
    sort: SORTS.find((sort) => sort === address.get("sort")) ?? "suspected",
    direction: (address.get("direction") === "ascending" ? "ascending" : "descending") satisfies Direction as Direction,
    page: Math.max(1, Number.parseInt(address.get("page") ?? "1", 10) || 1),
  };
  const change = (values: Readonly<Record<string, string>>) => {
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        if (!("page" in values)) after.delete("page");
        for (const [name, value] of Object.entries(values)) {
          if (value) after.set(name, value);
          else after.delete(name);
        }
        return after;
      },
      { replace: true },
    );
  };
  return { state, change };
}

export default function LoansPage() {
  const { t } = useSpeech();
  const { state, change } = useListState();
  const { data, error, isFetching, refetch } = api.useQuery(
    "get",
    "/api/v1/loans",
    {
      params: {
        query: {
          search: state.search,
          suspected: state.suspected,
          sort: state.sort,
          direction: state.direction,
          offset: (state.page - 1) * PAGE,
          limit: PAGE,
        },
      },
    },
    { placeholderData: (before) => before },
  );
  useEffect(() => {
    document.title = `${t("loans.title")} · ${t("app.name")}`;
  }, [t]);
  const narrowed = state.search !== "" || state.suspected;
  const nothing = data?.total_count === 0;
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("loans.title")}</h1>
        {!(nothing && !narrowed) && !error && (
          <Filters search={state.search} suspected={state.suspected} change={change} />
        )}
      </div>
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Loading rows={12} />
      ) : nothing ? (
        narrowed ? (
          <Notice
            tone="empty"
            title={t("loans.none_title")}
            action={<Button onClick={() => change({ search: "", suspected: "" })}>{t("loans.clear")}</Button>}
          >
            <p>{t("loans.none_hint")}</p>
          </Notice>
        ) : (
          <Notice tone="empty" title={t("loans.empty_title")}>
            <p>{t("loans.empty_hint")}</p>
          </Notice>
        )
      ) : (
        <>
          {data.run === null && <Alert type="info" showIcon title={t("loans.untraced")} className="alert" />}
          {data.totals.map((totals) => (
            <Totals key={totals.currency} totals={totals} />
          ))}
          <LoanTable list={data} busy={isFetching} change={change} {...state} />
        </>
      )}
    </div>
  );
}

type Change = (values: Readonly<Record<string, string>>) => void;

interface FilterProps {
  readonly search: string;
  readonly suspected: boolean;
  readonly change: Change;
}

function Filters({ search, suspected, change }: FilterProps) {
  const { t } = useSpeech();
  const input = useRef<InputRef>(null);
  const [text, setText] = useState(search);
  const changing = useRef(change);
  changing.current = change;
  useEffect(() => setText(search), [search]);
  useEffect(() => {
    if (text.trim() === search) return;
    const timer = window.setTimeout(() => changing.current({ search: text.trim() }), TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [text, search]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return (
    <div className="filters" role="search">
      <label className="switch">
        <Switch
          size="small"
          checked={suspected}
          onChange={(on) => change({ suspected: on ? "true" : "" })}
          aria-label={t("loans.suspected_only")}
        />
        <span>{t("loans.suspected_only")}</span>
      </label>
      <Input
        ref={input}
        allowClear
        className="search"
        prefix={<SearchOutlined aria-hidden />}
        suffix={text ? null : <kbd title={t("loans.search_hint")}>/</kbd>}
        placeholder={t("loans.search")}
        aria-label={t("loans.search")}
        maxLength={100}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") setText("");
          if (event.key === "Enter") change({ search: text.trim() });
        }}
      />
    </div>
  );
}

interface TableState {
  readonly list: Schemas["LoanList"];
  readonly page: number;
  readonly sort: Sort;
  readonly direction: Direction;
  readonly busy: boolean;
  readonly change: Change;
}

function LoanTable({ list, page, sort, direction, busy, change }: TableState) {
  const { t, name } = useSpeech();
  const open = useNavigate();
  const yuan = list.totals.length === 1 && list.totals[0]?.currency === "CNY";
  const unit = t(yuan ? "unit.list" : "unit.list_other");
  const sorted = (key: Sort) => ({
    key,
    sorter: true,
    showSorterTooltip: false,
    sortOrder: sort === key ? (direction === "ascending" ? ("ascend" as const) : ("descend" as const)) : null,
    sortDirections: key === "loan" || key === "borrower" ? ["ascend" as const, "descend" as const, "ascend" as const] : ["descend" as const, "ascend" as const, "descend" as const],
  });
  const absent = <span className="quiet">{t("loans.not_traced")}</span>;
  const columns: NonNullable<TableProps<LoanRow>["columns"]> = [
    {
      ...sorted("loan"),
      title: t("loans.column.loan"),
      render: (_, row) => (
        <Link className="loan-id" to={`/loans/${encodeURIComponent(row.loan_id)}`}>
          {row.loan_id}
        </Link>
      ),
    },
    { ...sorted("borrower"), title: t("loans.column.borrower"), dataIndex: "borrower_name", className: "cell-name" },
    { key: "product", title: t("loans.column.product"), render: (_, row) => name("product", row.product) },
    { ...sorted("issued"), title: t("loans.column.issued"), dataIndex: "issued_on", className: "figures nowrap" },
    {
      key: "class",
      title: t("loans.column.class"),
      render: (_, row) => (
        <span className={row.five_class === "normal" ? "quiet" : "class-mark"}>{name("five_class", row.five_class)}</span>
      ),
    },
    {
      ...sorted("amount"),
      title: t("loans.column.amount", { unit }),
      align: "right",
      render: (_, row) => <Amount fen={row.disbursed_fen ?? row.amount_fen} form="list" {...row} />,
    },
    {
      ...sorted("seen"),
      title: t("loans.column.seen"),
      width: 170,
      render: (_, row) =>
        row.disbursed_fen === null || row.seen_fen === null ? (
          absent
        ) : (
          <span className="bar-and-figure">
            <ShareBar part={BigInt(row.seen_fen)} whole={BigInt(row.disbursed_fen)} tone="seen" />
            <span className="figures">{shareText(BigInt(row.seen_fen), BigInt(row.disbursed_fen))}</span>
          </span>
        ),
    },
    {
      ...sorted("suspected"),
      title: t("loans.column.suspected", { unit }),
      align: "right",
      render: (_, row) =>
        row.suspected_fen === null ? (
          absent
        ) : row.suspected_fen === "0" ? (
          <span className="quiet">–</span>
        ) : (
          <strong className="danger">
            <Amount fen={row.suspected_fen} form="list" {...row} />
          </strong>
        ),
    },
    {
      ...sorted("leads"),
      title: t("loans.column.leads"),
      align: "right",
      render: (_, row) =>
        row.lead_count === 0 ? <span className="quiet">–</span> : <span className="lead-count">{row.lead_count}</span>,
    },
  ];
  return (
    <Table<LoanRow>
      className="card loans"
      rowKey="loan_id"
      columns={columns}
      dataSource={[...list.items]}
      loading={{ spinning: busy, delay: 300 }}
      onRow={(row) => ({
        onClick: (event) => {
          const onLink = event.target instanceof Element && event.target.closest("a");
          const selecting = window.getSelection()?.toString() !== "";
          if (!onLink && !selecting) void open(`/loans/${encodeURIComponent(row.loan_id)}`);
        },
      })}
      onChange={(pagination, _filters, sorter) => {
        const key = Array.isArray(sorter) ? undefined : sorter.columnKey;
        const chosen = SORTS.find((one) => one === key) ?? sort;
        const ascending = !Array.isArray(sorter) && sorter.order === "ascend";
        const same = chosen === sort && ascending === (direction === "ascending");
        change({
          sort: chosen,
          direction: ascending ? "ascending" : "descending",
          page: same && pagination.current && pagination.current > 1 ? String(pagination.current) : "",
        });
      }}
      pagination={{
        current: page,
        pageSize: PAGE,
        total: list.total_count,
        hideOnSinglePage: list.total_count <= PAGE,
        showSizeChanger: false,
        showTotal: (count) => t("loans.page_total", { count: count.toLocaleString("en") }),
      }}
    />
  );
}
