import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { type Key, useSpeech } from "../i18n";
import { Amount } from "../ui/Amount";
import { rateText, shareText } from "../ui/money";
import { ShareBar } from "../ui/ShareBar";
import { ordered, type TableColumn } from "../table/RowsTable";
import { useUnitName } from "../ui/unit";
import type { Direction, Sort } from "./address";
import type { Column } from "./preferences";

export type LoanRow = Schemas["LoanRow"];

const AMOUNTS = { amount: "amount_fen", balance: "balance_fen", disbursed: "disbursed_fen" } as const;
const NAMED = {
  borrower_kind: ["party_kind", "borrower_kind"],
  product: ["product", "product"],
  grant_kind: ["grant_kind", "grant_kind"],
  state: ["state", "state"],
} as const;
/** Columns that are first sorted upwards; figures are first sorted from the largest. */
const TEXTS: readonly Column[] = ["loan", "borrower", "borrower_kind", "contract", "product", "grant_kind", "unit", "manager", "pattern"];
/** Columns whose texts may be long: cut, and whole on hover. */
const CUT: readonly Column[] = ["borrower", "product", "grant_kind", "unit", "manager", "pattern"];

/** The columns of the table as the reader arranged them. */
export function useTableColumns(
  columns: readonly Column[],
  sort: Sort,
  direction: Direction,
): (pinned: boolean) => TableColumn<LoanRow>[] {
  const { t, name } = useSpeech();
  const unitName = useUnitName();
  const dash = <span className="quiet">–</span>;
  const absent = <span className="quiet">{t("loans.not_traced")}</span>;
  const cell = (column: Column, row: LoanRow) => {
    switch (column) {
      case "loan":
        return (
          <Link className="loan-id row-link" to={`/loans/${encodeURIComponent(row.loan_id)}`}>
            {row.loan_id}
          </Link>
        );
      case "borrower":
        return <span title={row.borrower_name}>{row.borrower_name}</span>;
      case "contract":
        return <span className="figures">{row.contract_id}</span>;
      case "borrower_kind":
      case "product":
      case "grant_kind": {
        const text = name(NAMED[column][0], row[NAMED[column][1]]);
        return <span title={text}>{text}</span>;
      }
      case "state":
        return (
          <span className={row.state === "overdue" ? "class-mark" : row.state === "outstanding" ? undefined : "quiet"}>
            {name("state", row.state)}
          </span>
        );
      case "class":
        return (
          <span className={row.five_class === "normal" ? "quiet" : "class-mark"}>{name("five_class", row.five_class)}</span>
        );
      case "unit":
        return <span title={unitName(row.unit_id, row.unit_name)}>{unitName(row.unit_id, row.unit_name)}</span>;
      case "manager":
        return row.managers.length ? (
          <span title={row.managers.join(t("table.chip.or"))}>
            {row.managers[0]}
            {row.managers.length > 1 && <span className="quiet small">{` +${row.managers.length - 1}`}</span>}
          </span>
        ) : (
          dash
        );
      case "issued":
        return row.issued_on;
      case "matures":
        return row.matures_on;
      case "rate":
        return rateText(row.rate_ppm);
      case "amount":
      case "balance":
      case "disbursed": {
        const fen = row[AMOUNTS[column]];
        return fen === null ? absent : <Amount fen={fen} form="list" {...row} />;
      }
      case "seen":
        return row.disbursed_fen === null || row.seen_fen === null ? (
          absent
        ) : (
          <span className="bar-and-figure">
            <ShareBar part={BigInt(row.seen_fen)} whole={BigInt(row.disbursed_fen)} tone="seen" />
            <span className="figures">{shareText(BigInt(row.seen_fen), BigInt(row.disbursed_fen))}</span>
          </span>
        );
      case "suspected":
        return row.suspected_fen === null ? (
          absent
        ) : row.lead_count === 0 ? (
          dash
        ) : (
          <strong className="danger">
            <Amount fen={row.suspected_fen} form="list" {...row} />
          </strong>
        );
      case "pattern":
        return row.suspected_pattern === "" ? (
          dash
        ) : (
          <span className="pattern" title={row.patterns.map((one) => name("pattern", one)).join(t("table.chip.or"))}>
            <span className="pattern-name">{name("pattern", row.suspected_pattern)}</span>
            {row.lead_count > 1 && <span className="lead-count">{`+${row.lead_count - 1}`}</span>}
          </span>
        );
      case "leads":
        return row.lead_count === 0 ? dash : <span className="lead-count">{row.lead_count}</span>;
    }
  };
  // The loan's number stays in view while the others move.
  return (pinned) => columns.map((column) => {
    const upwards = TEXTS.includes(column);
    const right = column in AMOUNTS || column === "suspected" || column === "rate" || column === "leads";
    const ellipsis = CUT.includes(column);
    return {
      key: column,
      title: t(`loans.column.${column}` as Key),
      className: `column-${column}${right || column === "issued" || column === "matures" ? " figures nowrap" : ""}${ellipsis ? " column-cut" : ""}`,
      ...(right ? { align: "right" as const } : {}),
      ...(pinned && column === "loan" ? { fixed: "start" as const } : {}),
      ...ordered(column, sort, direction === "ascending", upwards),
      render: (_: unknown, row: LoanRow) => cell(column, row),
    };
  });
}
