import { Table } from "antd";
import type { ReactNode } from "react";
import type { Schemas } from "../api/client";
import { type Key, useSpeech } from "../i18n";
import type { TableColumn } from "../table/RowsTable";
import { Amount, type Currency } from "../ui/Amount";
import { shareText } from "../ui/money";
import { ShareBar } from "../ui/ShareBar";
import type { By, Measure } from "./address";
import type { Group } from "./measures";
import { useGroupName } from "./words";

/** Figures of a measure beside number and balance, which every table has. */
const FIGURES: Readonly<Record<Measure, readonly string[]>> = {
  balance: ["share", "change_count", "change_balance"],
  warnings: ["red_count", "orange_count", "yellow_count", "blue_count", "new_warning_count"],
  overdue: ["overdue_count", "overdue_fen", "change_overdue_count", "change_overdue"],
  suspected: ["suspected_count", "suspected_fen", "proven_count", "proven_fen", "found_count"],
  idle: ["idle_count", "idle_fen"],
  seen: ["disbursed_fen", "seen_fen", "seen"],
  checks: ["check_due_count", "check_overdue_count"],
};
/** Counts beside which their share of the loans stands. */
const LEVELS: readonly string[] = ["red_count", "orange_count", "yellow_count", "blue_count"];
const BEFORE: Readonly<Record<string, keyof Schemas["PortfolioChange"]>> = {
  change_count: "loan_count",
  change_balance: "balance_fen",
  change_overdue_count: "overdue_count",
  change_overdue: "overdue_fen",
};

interface Props extends Currency {
  readonly by: By;
  readonly measure: Measure;
  readonly groups: readonly Group[];
  readonly total: Group;
  readonly fewest: number | null;
  readonly known: boolean;
  readonly choose: (group: Group) => void;
}

/** A figure of a group in words; what is not shown says so. */
export function useFigures({ currency, minor_digits, fewest }: Currency & { readonly fewest: number | null }) {
  const { t } = useSpeech();
  const dash = <span className="quiet">–</span>;
  const hidden = (group: Group, figure: string): ReactNode | undefined => {
    if (group.few.includes(figure)) return <span className="quiet small">{t("portfolio.few", { least: fewest ?? 0 })}</span>;
    if (group.withheld.includes(figure)) return <span className="quiet small" title={t("portfolio.withheld_hint")}>{t("portfolio.withheld")}</span>;
    return undefined;
  };
  const figure = (group: Group, name: string): ReactNode => {
    const gone = hidden(group, name);
    if (gone !== undefined) return gone;
    const value = group[name as keyof Group];
    if (value === null || value === undefined) return dash;
    if (String(value) === "0") return <span className="quiet">0</span>;
    return name.endsWith("_fen") ? <Amount fen={String(value)} form="short" currency={currency} minor_digits={minor_digits} /> : Number(value).toLocaleString("en");
  };
  const change = (group: Group, name: string): ReactNode => {
    const field = BEFORE[name] ?? "loan_count";
    const was = group.before[field];
    const is = group[field];
    if (was === null || is === null) return dash;
    const moved = BigInt(is) - BigInt(was);
    if (moved === 0n) return <span className="quiet">0</span>;
    const sign = moved > 0n ? "+" : "−";
    const size = moved > 0n ? moved : -moved;
    return (
      <span className="nowrap">
        {sign}
        {field.endsWith("_fen") ? (
          <Amount fen={String(size)} form="short" currency={currency} minor_digits={minor_digits} />
        ) : (
          size.toLocaleString("en")
        )}
      </span>
    );
  };
  return { figure, change };
}

export function GroupTable({ by, measure, groups, total, fewest, known, choose, ...currency }: Props) {
  const { t, name: word } = useSpeech();
  const named = useGroupName();
  const hint = (figureName: string) => {
    const told = word("portfolio.hint", figureName);
    return told === figureName ? {} : { title: told };
  };
  const { figure, change } = useFigures({ ...currency, fewest });
  const whole = BigInt(total.balance_fen ?? "0");
  const withShare = (group: Group, name: string): ReactNode => {
    const count = group[name as keyof Group];
    if (typeof count !== "number" || count === 0 || !group.loan_count) return figure(group, name);
    return (
      <>
        {figure(group, name)} <span className="quiet small">{shareText(BigInt(count), BigInt(group.loan_count))}</span>
      </>
    );
  };
  const cell = (name: string, group: Group): ReactNode => {
    if (name in BEFORE) return change(group, name);
    if (name === "share") return group.balance_fen === null ? figure(group, "balance_fen") : shareText(BigInt(group.balance_fen), whole);
    if (LEVELS.includes(name)) return withShare(group, name);
    if (name !== "seen") return figure(group, name);
    if (group.seen_fen === null || group.disbursed_fen === null) return figure(group, "seen_fen");
    const [seen, disbursed] = [BigInt(group.seen_fen), BigInt(group.disbursed_fen)];
    return (
      <span className="bar-and-figure">
        <ShareBar part={seen} whole={disbursed} tone="seen" />
        <span className="figures">{shareText(seen, disbursed)}</span>
      </span>
    );
  };
  const shown = ["loan_count", "balance_fen", ...FIGURES[measure].filter((name) => known || !(name in BEFORE))];
  const columns: TableColumn<Group>[] = [
    {
      key: "name",
      title: t(`portfolio.by.${by}` as Key),
      fixed: "start",
      className: "portfolio-name",
      render: (_, group) => (
        <button type="button" className="link-button" title={named(by, group)} onClick={() => choose(group)}>
          {named(by, group)}
        </button>
      ),
    },
    ...shown.map((name): TableColumn<Group> => ({
      key: name,
      title: <span {...hint(name)}>{t(`portfolio.figure.${name}` as Key)}</span>,
      align: "right",
      className: "figures nowrap",
      render: (_, group) => cell(name, group),
    })),
  ];
  return (
    <Table<Group>
      className="card portfolio-table"
      size="small"
      rowKey={(group) => group.value}
      aria-label={t("portfolio.table")}
      columns={columns}
      dataSource={[...groups]}
      pagination={false}
      scroll={{ x: "max-content" }}
      summary={() => (
        <Table.Summary.Row className="ledger-sums">
          <Table.Summary.Cell index={0}>
            <strong>{t("portfolio.total")}</strong>
          </Table.Summary.Cell>
          {shown.map((name, place) => (
            <Table.Summary.Cell key={name} index={place + 1} align="right">
              <strong className="figures">{cell(name, total)}</strong>
            </Table.Summary.Cell>
          ))}
        </Table.Summary.Row>
      )}
    />
  );
}

