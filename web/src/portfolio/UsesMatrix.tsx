import { Table } from "antd";
import type { Schemas } from "../api/client";
import { type Key, useSpeech } from "../i18n";
import type { TableColumn } from "../table/RowsTable";
import { Amount } from "../ui/Amount";
import { shareBasisPoints, shareText } from "../ui/money";
import { Term } from "../ui/Term";
import { WideTable } from "./WideTable";
import { useCover } from "./cover";
import { USE_GROUPS, USE_TERMS, type UseGroup } from "./uses";
import { useGroupName } from "./words";

type Row = Schemas["UseRow"];

interface Props {
  readonly read: Schemas["PortfolioUses"];
  readonly down: (value: string, deeper: boolean) => void;
}

/** The darkest of the heat, in percent: figures stay readable on it. */
const DARKEST = 55;

/** Groups by groups of uses: the darker, the larger the part of the row beside that of other rows; pressing goes down. */
export function UsesMatrix({ read, down }: Props) {
  const { t } = useSpeech();
  const named = useGroupName();
  const covered = useCover(read.fewest_loans);
  const cellOf = (row: Row, group: UseGroup) => row.cells.find((cell) => cell.line_group === group);
  const amount = (row: Row, group: UseGroup) => {
    const cell = cellOf(row, group);
    if (!cell) return null;
    const gone = covered(cell.cover);
    if (gone !== undefined || cell.amount_fen === null) return gone;
    if (cell.amount_fen === "0") return <span className="quiet">–</span>;
    return (
      <>
        <Amount fen={cell.amount_fen} form="short" {...read} />
        {row.disbursed_fen !== null && <span className="quiet small heat-share">{shareText(BigInt(cell.amount_fen), BigInt(row.disbursed_fen))}</span>}
      </>
    );
  };
  const partOf = (row: Row, group: UseGroup) => {
    const fen = cellOf(row, group)?.amount_fen;
    return !fen || row.disbursed_fen === null ? 0 : shareBasisPoints(BigInt(fen), BigInt(row.disbursed_fen));
  };
  const heat = (row: Row, group: UseGroup) => {
    const most = Math.max(...read.groups.map((one) => partOf(one, group)), 1);
    const percent = (partOf(row, group) * DARKEST) / most;
    return { style: { background: `color-mix(in srgb, var(--tone-${group}) ${percent}%, transparent)` } };
  };
  const sum = (row: Row) => covered(row.cover) ?? (row.disbursed_fen && <Amount fen={row.disbursed_fen} form="short" {...read} />);
  const columns: TableColumn<Row>[] = [
    {
      key: "name",
      title: t(`portfolio.by.${read.by}` as Key),
      className: "portfolio-name",
      render: (_, row) => (
        <button type="button" className="link-button" title={named(read.by, row)} onClick={() => down(row.value, row.deeper)}>
          {named(read.by, row)}
        </button>
      ),
    },
    { key: "sum", title: t("portfolio.figure.disbursed_fen"), align: "right", className: "figures nowrap", render: (_, row) => sum(row) },
    ...USE_GROUPS.map((group): TableColumn<Row> => ({
      key: group,
      title: <Term name={USE_TERMS[group]}>{t(`group.${group}` as Key)}</Term>,
      align: "right",
      className: "figures nowrap heat",
      onCell: (row) => heat(row, group),
      render: (_, row) => (
        <button
          type="button"
          className="heat-button"
          onClick={() => down(row.value, row.deeper)}
        >
          <span className="visually-hidden">{`${named(read.by, row)} ${t(`group.${group}` as Key)} `}</span>
          {amount(row, group)}
        </button>
      ),
    })),
  ];
  return (
    <WideTable<Row>
      className="portfolio-table portfolio-matrix"
      size="small"
      rowKey={(row) => row.value}
      aria-label={t("portfolio.uses.matrix")}
      columns={columns}
      dataSource={[...read.groups]}
      summary={() => (
        <Table.Summary.Row className="ledger-sums">
          <Table.Summary.Cell index={0}>
            <strong>{t("portfolio.total")}</strong>
          </Table.Summary.Cell>
          <Table.Summary.Cell index={1} align="right">
            <strong className="figures">{sum(read.total)}</strong>
          </Table.Summary.Cell>
          {USE_GROUPS.map((group, place) => (
            <Table.Summary.Cell key={group} index={place + 2} align="right">
              <strong className="figures heat-total">{amount(read.total, group)}</strong>
            </Table.Summary.Cell>
          ))}
        </Table.Summary.Row>
      )}
    />
  );
}
