import { Table, type TableProps } from "antd";
import { type KeyboardEvent, type ReactNode, type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useSpeech } from "../i18n";
import type { Density } from "./kept";

export type TableColumn<Row> = NonNullable<TableProps<Row>["columns"]>[number];

export interface Rows {
  /** Puts the keyboard on the first row. */
  readonly enter: () => void;
}

export const PAGE_SIZES: readonly number[] = [20, 50, 100, 200];

interface Props<Row> {
  readonly className: string;
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** The columns; `pinned` says that the table is wider than its place, so that what names the row should stay in view. */
  readonly columns: (pinned: boolean) => TableColumn<Row>[];
  readonly density: Density;
  readonly busy: boolean;
  readonly page: number;
  readonly size: number;
  readonly total: number;
  /** Of page and size, as they were asked for; a new order begins on the first page. */
  readonly turn: (page: number, size: number) => void;
  readonly order: (key: string, ascending: boolean) => void;
  readonly sort: string;
  readonly ascending: boolean;
  /** What a row opens; its link has the class `row-link`. */
  readonly opens: (row: Row) => string | undefined;
  readonly summary?: () => ReactNode;
  readonly ref: Ref<Rows>;
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

/** The table of a list that the server orders and cuts into pages. */
export function RowsTable<Row extends object>(props: Props<Row>) {
  const { className, rows, rowKey, columns, density, busy, page, size, total, turn, order, sort, ascending, opens, summary, ref } = props;
  const { t } = useSpeech();
  const open = useNavigate();
  const box = useRef<HTMLDivElement>(null);
  const [pinned, setPinned] = useState(false);
  // Only a table wider than its place has something to pin.
  useEffect(() => {
    const place = box.current?.querySelector(".ant-table-content");
    if (!place) return;
    const watcher = new ResizeObserver(() => setPinned(place.scrollWidth > place.clientWidth + 1));
    watcher.observe(place);
    const inner = place.firstElementChild;
    if (inner) watcher.observe(inner);
    return () => watcher.disconnect();
  }, []);
  const links = () => [...(box.current?.querySelectorAll<HTMLAnchorElement>("tbody a.row-link") ?? [])];
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

  return (
    <div ref={box} onKeyDown={onKeyDown} role="presentation">
      <Table<Row>
        className={`card rows-table ${className}`}
        rowKey={rowKey}
        size={density}
        columns={columns(pinned)}
        dataSource={[...rows]}
        loading={{ spinning: busy, delay: 300 }}
        scroll={{ x: "max-content" }}
        onRow={(row) => ({
          onClick: (event) => {
            const onLink = event.target instanceof Element && event.target.closest("a");
            const selecting = window.getSelection()?.toString() !== "";
            const address = opens(row);
            if (!onLink && !selecting && address) void open(address);
          },
        })}
        onChange={(pagination, _filters, sorter) => {
          const chosen = Array.isArray(sorter) ? undefined : sorter;
          const key = typeof chosen?.columnKey === "string" ? chosen.columnKey : sort;
          const upwards = chosen?.order ? chosen.order === "ascend" : ascending;
          if (key !== sort || upwards !== ascending) order(key, upwards);
          else turn(pagination.pageSize === size ? (pagination.current ?? 1) : 1, pagination.pageSize ?? size);
        }}
        {...(summary === undefined ? {} : { summary })}
        pagination={{
          current: page,
          pageSize: size,
          total,
          hideOnSinglePage: total <= Math.min(...PAGE_SIZES),
          showSizeChanger: true,
          pageSizeOptions: [...PAGE_SIZES],
          showTotal: (count, [from, to]) =>
            t("table.page_total", {
              count: count.toLocaleString("en"),
              from: from.toLocaleString("en"),
              to: to.toLocaleString("en"),
            }),
        }}
      />
    </div>
  );
}

/** How a column is ordered by pressing its head: texts first upwards, figures first from the largest. */
export function ordered(key: string, sort: string, ascending: boolean, upwards: boolean) {
  return {
    sorter: true,
    showSorterTooltip: false,
    sortOrder: sort === key ? (ascending ? ("ascend" as const) : ("descend" as const)) : null,
    sortDirections: upwards
      ? ["ascend" as const, "descend" as const, "ascend" as const]
      : ["descend" as const, "ascend" as const, "descend" as const],
  };
}
