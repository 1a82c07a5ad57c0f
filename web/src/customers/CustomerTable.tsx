import { Table, type TableProps } from "antd";
import { type KeyboardEvent, type Ref, useImperativeHandle, useRef } from "react";
import { Link, useNavigate } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount } from "../ui/Amount";
import { useUnitName } from "../ui/unit";
import type { Level } from "../warnings/asked";
import { LevelTag } from "../warnings/LevelTag";
import type { Change } from "../table/list_address";
import { customerAddress, PAGE, SORTS, type Sort, type State, UPWARDS } from "./address";

type Row = Schemas["CustomerRow"];
type Columns = NonNullable<TableProps<Row>["columns"]>;
type Sums = Schemas["CustomerSums"];

export interface Rows {
  /** Puts the keyboard on the first row. */
  readonly enter: () => void;
}

interface Props {
  readonly list: Schemas["CustomerList"];
  readonly state: State;
  readonly busy: boolean;
  readonly change: Change;
  readonly ref: Ref<Rows>;
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 };

export function CustomerTable({ list, state, busy, change, ref }: Props) {
  const { t, name, language } = useSpeech();
  const unitName = useUnitName();
  const open = useNavigate();
  const box = useRef<HTMLDivElement>(null);
  const links = () => [...(box.current?.querySelectorAll<HTMLAnchorElement>("tbody a.customer-name") ?? [])];
  useImperativeHandle(ref, () => ({ enter: () => links()[0]?.focus() }));
  // Arrows go from row to row by the link of each; Enter then follows it, as on any link.
  const onKeyDown = (event: KeyboardEvent) => {
    const all = links();
    const at = all.findIndex((link) => link === document.activeElement);
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = STEPS[event.key];
    const to = step !== undefined ? at + step : event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : undefined;
    if (to === undefined) return;
    event.preventDefault();
    all[Math.min(Math.max(to, 0), all.length - 1)]?.focus();
  };
  const dash = <span className="quiet">–</span>;
  const unit = t(list.totals.some((sums) => sums.currency !== "CNY") ? "unit.list_other" : "unit.list");
  const amounts = (row: Row, pick: (sums: Sums) => string, danger = false) =>
    row.sums.length === 0
      ? dash
      : row.sums.map((sums) => (
          <div key={sums.currency} className={danger && pick(sums) !== "0" ? "danger" : undefined}>
            {pick(sums) === "0" ? dash : <Amount fen={pick(sums)} form="list" {...sums} />}
          </div>
        ));
  const column = (key: Sort, title: string, render: (row: Row) => React.ReactNode, right = false): Columns[number] => ({
    key,
    title,
    className: right ? "figures nowrap" : "",
    ...(right && { align: "right" as const }),
    sorter: true,
    showSorterTooltip: false,
    sortOrder: state.sort === key ? (state.ascending ? "ascend" : "descend") : null,
    sortDirections: UPWARDS.includes(key) ? ["ascend", "descend", "ascend"] : ["descend", "ascend", "descend"],
    render: (_: unknown, row: Row) => render(row),
  });
  const industry = (one: Schemas["CodeName"]) => (language === "zh" ? one.chinese : one.english) || one.code;
  const columns: Columns = [
    column("name", t("customers.column.name"), (row) => (
      <>
        <Link className="customer-name" to={customerAddress(row.party_id)} title={row.name}>
          {row.name}
        </Link>
        <span className="quiet small customer-below">
          <span className="figures">{row.party_id}</span> {name("party_kind", row.kind)}
        </span>
      </>
    )),
    column("unit", t("customers.column.unit"), (row) => (
      <>
        <span className="cut" title={unitName(row.unit_id, row.unit_name)}>
          {unitName(row.unit_id, row.unit_name)}
        </span>
        {row.industry && (
          <span className="cut quiet small customer-below" title={`${industry(row.industry)} ${row.industry.code}`}>
            {industry(row.industry)}
          </span>
        )}
      </>
    )),
    column(
      "loans",
      t("customers.column.loans"),
      (row) =>
        row.loan_count === 0 ? (
          dash
        ) : (
          <span title={t("customers.loans_hint", { open: row.open_count, all: row.loan_count })}>
            {row.open_count} / {row.loan_count}
          </span>
        ),
      true,
    ),
    column("limit", t("customers.column.limit"), (row) => amounts(row, (sums) => sums.limit_fen), true),
    column("balance", t("customers.column.balance"), (row) => amounts(row, (sums) => sums.balance_fen), true),
    column(
      "overdue",
      t("customers.column.overdue"),
      (row) => amounts(row, (sums) => sums.overdue_balance_fen, true),
      true,
    ),
    column("class", t("customers.column.class"), (row) =>
      row.worst_class === null ? (
        dash
      ) : (
        <span className={row.worst_class === "normal" ? "quiet" : "class-mark"}>{name("five_class", row.worst_class)}</span>
      ),
    ),
    column("level", t("customers.column.level"), (row) =>
      row.level === null ? dash : <LevelTag level={row.level as Level} />,
    ),
  ];
  const first = state.ascending ? "ascend" : "descend";
  return (
    <div ref={box} onKeyDown={onKeyDown} role="presentation">
      <p className="quiet small list-caption">
        {t("customers.caption", { count: list.total_count.toLocaleString("en"), unit })}
      </p>
      <Table<Row>
        className="card loans customers-table"
        rowKey="party_id"
        columns={columns}
        dataSource={[...list.items]}
        loading={{ spinning: busy, delay: 300 }}
        scroll={{ x: "max-content" }}
        onRow={(row) => ({
          onClick: (event) => {
            const onLink = event.target instanceof Element && event.target.closest("a");
            if (!onLink && window.getSelection()?.toString() === "") void open(customerAddress(row.party_id));
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
        }}
      />
    </div>
  );
}
