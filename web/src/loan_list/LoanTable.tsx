import { Table } from "antd";
import { type KeyboardEvent, type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import { useNavigate } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { type Change, type ListState, PAGE_SIZES, SORTS } from "./address";
import { type LoanRow, useTableColumns } from "./columns";
import type { Column, Density } from "./preferences";

export interface Rows {
  /** Puts the keyboard on the first row. */
  readonly enter: () => void;
}

interface Props {
  readonly list: Schemas["LoanList"];
  readonly state: ListState;
  readonly columns: readonly Column[];
  readonly density: Density;
  readonly busy: boolean;
  readonly change: Change;
  readonly ref: Ref<Rows>;
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

export function LoanTable({ list, state, columns, density, busy, change, ref }: Props) {
  const { t } = useSpeech();
  const open = useNavigate();
  const box = useRef<HTMLDivElement>(null);
  const [pinned, setPinned] = useState(false);
  const shown = useTableColumns(columns, state.sort, state.direction, pinned);
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
  const links = () => [...(box.current?.querySelectorAll<HTMLAnchorElement>("tbody a.loan-id") ?? [])];
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
      <Table<LoanRow>
        className="card loans"
        rowKey="loan_id"
        size={density}
        columns={shown}
        dataSource={[...list.items]}
        loading={{ spinning: busy, delay: 300 }}
        scroll={{ x: "max-content" }}
        onRow={(row) => ({
          onClick: (event) => {
            const onLink = event.target instanceof Element && event.target.closest("a");
            const selecting = window.getSelection()?.toString() !== "";
            if (!onLink && !selecting) void open(`/loans/${encodeURIComponent(row.loan_id)}`);
          },
        })}
        onChange={(pagination, _filters, sorter) => {
          const key = Array.isArray(sorter) ? undefined : sorter.columnKey;
          const chosen = SORTS.find((one) => one === key) ?? state.sort;
          const ascending = !Array.isArray(sorter) && sorter.order ? sorter.order === "ascend" : state.direction === "ascending";
          const same = chosen === state.sort && ascending === (state.direction === "ascending");
          const size = pagination.pageSize ?? state.size;
          const stay = same && size === state.size && pagination.current && pagination.current > 1;
          change({
            ...(same ? {} : { sort: chosen, direction: ascending ? "ascending" : "descending" }),
            ...(size === state.size ? {} : { size: String(size) }),
            page: stay ? String(pagination.current) : "",
          });
        }}
        pagination={{
          current: state.page,
          pageSize: state.size,
          total: list.total_count,
          hideOnSinglePage: list.total_count <= Math.min(...PAGE_SIZES),
          showSizeChanger: true,
          pageSizeOptions: [...PAGE_SIZES],
          showTotal: (count, [from, to]) =>
            t("loans.page_total", {
              count: count.toLocaleString("en"),
              from: from.toLocaleString("en"),
              to: to.toLocaleString("en"),
            }),
        }}
      />
    </div>
  );
}
