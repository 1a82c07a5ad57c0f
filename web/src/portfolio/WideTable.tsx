import { Table, type TableProps } from "antd";

interface Props<Row> extends TableProps<Row> {
  /** Inside a card that stands already. */
  readonly plain?: boolean;
  /** So many rows that they scroll below their head. */
  readonly high?: boolean;
}

/**
 * A table that is scrolled sideways where there is no room. The library's own scrolling writes the head a second time for nobody to
 * see, links of its terms included.
 */
export function WideTable<Row extends object | string>({ plain = false, high = false, ...table }: Props<Row>) {
  return (
    <div className={`${plain ? "" : "card "}wide-table${high ? " wide-table-high" : ""}`}>
      <Table<Row> pagination={false} {...table} />
    </div>
  );
}
