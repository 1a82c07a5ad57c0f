import { Table, type TableProps } from "antd";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { AccountLink } from "../ui/AccountLink";
import { instantText } from "../ui/time";
import { baseName, countText } from "./size";
import { Sum } from "./Sum";

type Line = Schemas["OpenLine"] & { readonly ambiguous?: boolean };

interface Props {
  readonly lines: readonly Line[];
  readonly busy?: boolean;
  readonly pagination: NonNullable<TableProps<Line>["pagination"]> | false;
  readonly small?: boolean;
}

/** Statement lines that have no partner; each leads to its transaction and its accounts. */
export function LineTable({ lines, busy = false, pagination, small = false }: Props) {
  const { t } = useSpeech();
  return (
    <Table<Line>
      className={small ? "open-lines" : "card open-lines"}
      size={small ? "small" : "middle"}
      rowKey="line_id"
      dataSource={[...lines]}
      loading={{ spinning: busy, delay: 300 }}
      pagination={pagination}
      columns={[
        {
          title: t("imports.column.time"),
          key: "time",
          width: 170,
          className: "figures nowrap",
          render: (_, line) => (
            <Link to={`/transactions/${line.line_id}`} title={t("imports.open_line")}>
              {instantText(line.booked_at)}
            </Link>
          ),
        },
        {
          title: t("imports.column.account"),
          key: "account",
          className: "figures",
          render: (_, line) => <AccountLink account={line.account} />,
        },
        {
          title: t("imports.column.direction"),
          key: "direction",
          width: 80,
          className: "nowrap",
          render: (_, line) => (line.direction === "debit" ? t("imports.debit") : t("imports.credit")),
        },
        {
          title: t("imports.column.amount"),
          key: "amount",
          align: "right",
          render: (_, line) => <Sum fen={line.amount_fen} {...line} />,
        },
        {
          title: t("imports.column.other"),
          key: "other",
          render: (_, line) => (
            <span className="party">
              {line.counterparty_account ? (
                <AccountLink className="figures" account={line.counterparty_account} />
              ) : (
                "–"
              )}
              {line.counterparty_name && <span className="party-account">{line.counterparty_name}</span>}
            </span>
          ),
        },
        {
          title: t("imports.column.text"),
          key: "text",
          render: (_, line) => (
            <span>
              {line.purpose_text}
              {line.ambiguous && (
                <Link to="/imports/ambiguous" className="file-note">
                  {t("imports.mark_ambiguous")}
                </Link>
              )}
            </span>
          ),
        },
        {
          title: t("imports.column.place"),
          key: "place",
          render: (_, line) => (
            <span className="quiet small" title={line.source_file}>
              {baseName(line.source_file)} · {t("imports.row_number", { row: countText(line.position) })}
            </span>
          ),
        },
      ]}
    />
  );
}
