import type { Ref } from "react";
import type { Schemas } from "../api/client";
import type { Density } from "../table/kept";
import { type Rows, RowsTable } from "../table/RowsTable";
import { type Change, type ListState, SORTS } from "./address";
import { type LoanRow, useTableColumns } from "./columns";
import type { Column } from "./preferences";

interface Props {
  readonly list: Schemas["LoanList"];
  readonly state: ListState;
  readonly columns: readonly Column[];
  readonly density: Density;
  readonly busy: boolean;
  readonly change: Change;
  readonly ref: Ref<Rows>;
}

export function LoanTable({ list, state, columns, density, busy, change, ref }: Props) {
  const shown = useTableColumns(columns, state.sort, state.direction);
  return (
    <RowsTable<LoanRow>
      ref={ref}
      className="loans"
      rows={list.items}
      rowKey={(row) => row.loan_id}
      columns={shown}
      density={density}
      busy={busy}
      page={state.page}
      size={state.size}
      total={list.total_count}
      sort={state.sort}
      ascending={state.direction === "ascending"}
      turn={(page, size) => change({ page: page > 1 ? String(page) : "", ...(size === state.size ? {} : { size: String(size) }) })}
      order={(key, ascending) => {
        const sort = SORTS.find((one) => one === key);
        if (sort) change({ sort, direction: ascending ? "ascending" : "descending" });
      }}
      opens={(row) => `/loans/${encodeURIComponent(row.loan_id)}`}
    />
  );
}
