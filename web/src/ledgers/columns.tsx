import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ordered, type TableColumn } from "../table/RowsTable";
import { Amount, type Currency } from "../ui/Amount";
import { percentText, rateText } from "../ui/money";
import { instantText } from "../ui/time";
import type { Level } from "../warnings/asked";
import { LevelTag } from "../warnings/LevelTag";
import type { Column, LedgerState } from "./address";
import { useNaming, useTold } from "./words";

export type Row = Schemas["LedgerRow"];

const RIGHT: readonly string[] = ["amount", "share", "rate", "count"];
const FIGURES: readonly string[] = [...RIGHT, "day", "instant"];
/** Kinds that are first sorted upwards; figures are first sorted from the largest. */
const UPWARDS: readonly string[] = ["text", "named", "names", "people", "unit"];
const FULL_PPM = 1_000_000;
/** Values of lists that want attention. */
const MARKED: Readonly<Record<string, readonly string[]>> = {
  five_class: ["special_mention", "substandard", "doubtful", "loss"],
  state: ["overdue", "written_off"],
  expiry: ["expired", "soon"],
  check_timely: ["overdue", "late"],
  check_conclusion: ["not_as_agreed", "partly_as_agreed"],
  disposition: ["true_positive"],
};
const QUIET: Readonly<Record<string, readonly string[]>> = {
  five_class: ["normal"],
  expiry: ["valid", "unknown"],
  check_timely: ["not_due", "on_time"],
};
const ATTENTION: readonly string[] = ["overdue_fen", "overdue_since", "days_past_due", "overdue_count"];

/** Where the row of a ledger leads. */
export function opened(column: Column | undefined, row: Row): string | undefined {
  const id = (field: string) => encodeURIComponent(String(row.cells[field]));
  switch (column?.link) {
    case "loan":
      return `/loans/${id("loan_id")}`;
    case "warning":
      return `/warnings/${id("thread_id")}`;
    case "customer":
      return `/customers/${id("borrower_id")}`;
    case "check":
      return `/checks/${id("check_id")}`;
    case "loans_of": {
      const parties = row.cells["party"];
      const query = new URLSearchParams({ live: "true" });
      for (const party of Array.isArray(parties) ? parties : []) query.append("party", party);
      return `/ledgers/loans?${query}`;
    }
    default:
      return undefined;
  }
}

/** One cell of a row. */
function useCells(labels: Schemas["LedgerPage"]["labels"]): (column: Column, row: Row) => ReactNode {
  const { t } = useSpeech();
  const named = useNaming(labels);
  const dash = <span className="quiet">–</span>;
  const several = (texts: readonly string[]) =>
    texts.length === 0 ? (
      dash
    ) : (
      <span title={texts.join(t("table.chip.or"))}>
        {texts[0]}
        {texts.length > 1 && <span className="quiet small">{` +${texts.length - 1}`}</span>}
      </span>
    );
  return (column, row) => {
    const value = row.cells[column.field];
    if (value === null || value === undefined || value === "") return dash;
    const link = opened(column, row);
    switch (column.kind) {
      case "names":
        return several((value as string[]).map((one) => named(column, one)));
      case "people":
        return several(value as string[]);
      case "amount":
        return amountCell(column, String(value), row);
      case "share":
        return <span className={Number(value) > FULL_PPM ? "danger" : undefined}>{percentText(Number(value))}</span>;
      case "rate":
        return rateText(Number(value));
      case "count":
        return <span className={countTone(column, Number(value))}>{Number(value).toLocaleString("en")}</span>;
      case "instant":
        return <span className="nowrap">{instantText(String(value)).slice(0, -3)}</span>;
      case "flag":
        return value ? <span className="class-mark">{t("ledger.yes")}</span> : dash;
      case "named":
        if (column.words === "warning_level") return <LevelTag level={String(value) as Level} />;
        return (
          <span className={tone(column.words, String(value))} title={named(column, String(value))}>
            {named(column, String(value))}
          </span>
        );
      case "unit":
        return <span title={named(column, String(value))}>{named(column, String(value))}</span>;
      case "day":
        return String(value);
      case "text":
        return link ? (
          <Link {...(column.link === "customer" ? {} : { className: "row-link" })} to={link} title={String(value)}>
            {String(value)}
          </Link>
        ) : (
          <span title={String(value)}>{String(value)}</span>
        );
    }
  };
}

function amountCell(column: Column, fen: string, currency: Currency): ReactNode {
  if (fen === "0") return <span className="quiet">0</span>;
  const amount = <Amount fen={fen} form="list" {...currency} />;
  return ATTENTION.includes(column.field) ? <strong className="danger">{amount}</strong> : amount;
}

function countTone(column: Column, count: number): string | undefined {
  if (count === 0) return "quiet";
  return ATTENTION.includes(column.field) ? "danger" : undefined;
}

function tone(words: string, value: string): string | undefined {
  if (MARKED[words]?.includes(value)) return "class-mark";
  return QUIET[words]?.includes(value) ? "quiet" : undefined;
}

/** The columns of the table as the reader arranged them. */
export function useTableColumns(
  shown: readonly Column[],
  state: LedgerState,
  labels: Schemas["LedgerPage"]["labels"],
): (pinned: boolean) => TableColumn<Row>[] {
  const told = useTold();
  const { language } = useSpeech();
  const cell = useCells(labels);
  return (pinned) =>
    shown.map((column, place) => {
      const right = RIGHT.includes(column.kind);
      const hint = language === "zh" ? column.hint_chinese : column.hint_english;
      return {
        key: column.field,
        title: hint ? <span title={hint}>{told(column)}</span> : told(column),
        className: `column-${column.field} kind-${column.kind}${FIGURES.includes(column.kind) ? " figures nowrap" : " column-cut"}`,
        ...(right ? { align: "right" as const } : {}),
        ...(pinned && place === 0 ? { fixed: "start" as const } : {}),
        ...(column.sortable ? ordered(column.field, state.sort, state.ascending, UPWARDS.includes(column.kind)) : {}),
        render: (_: unknown, row: Row) => cell(column, row),
      };
    });
}
