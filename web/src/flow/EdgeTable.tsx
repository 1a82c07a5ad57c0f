import { Button, Table, type TableColumnsType } from "antd";
import { useMemo } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount } from "../ui/Amount";
import { edgeId } from "./edges";
import { type Flow, type FlowEdge, type FlowNode, isSummary } from "./tones";
import type { FlowWords } from "./words";
import { AccountLink } from "../ui/AccountLink";

interface Props {
  readonly flow: Flow;
  readonly facts: Schemas["LoanFacts"];
  readonly words: FlowWords;
  readonly selected: string | null;
  readonly select: (id: string | null) => void;
  readonly toggle: (node: FlowNode) => void;
}

/** The same edges as rows: for reading aloud, for the keyboard, for copying. */
export function EdgeTable({ flow, facts, words, selected, select, toggle }: Props) {
  const { t } = useSpeech();
  const nodes = useMemo(() => new Map(flow.nodes.map((node) => [node.node_id, node])), [flow]);
  const party = (id: string) => {
    const node = nodes.get(id);
    if (!node) return null;
    return (
      <span className="flow-party">
        {isSummary(node) ? (
          <Button size="small" type="link" onClick={() => toggle(node)}>
            {words.title(node)}
          </Button>
        ) : (
          <span>{words.title(node)}</span>
        )}
        {node.account && (
          <AccountLink className="party-account figures" account={node.account} />
        )}
      </span>
    );
  };
  const byAmount = (a: FlowEdge, b: FlowEdge) => {
    const more = BigInt(a.amount_fen) - BigInt(b.amount_fen);
    return more > 0n ? 1 : more < 0n ? -1 : 0;
  };
  const columns: TableColumnsType<FlowEdge> = [
    { title: t("flow.from"), key: "from", render: (_, edge) => party(edge.source) },
    { title: t("flow.to"), key: "to", render: (_, edge) => party(edge.target) },
    {
      title: t("flow.amount_column"),
      key: "amount",
      align: "right",
      sorter: byAmount,
      render: (_, edge) => <Amount fen={edge.amount_fen} form="exact" {...facts} />,
    },
    {
      title: t("flow.count_column"),
      key: "count",
      align: "right",
      sorter: (a, b) => a.transaction_count - b.transaction_count,
      render: (_, edge) => <span className="figures">{edge.transaction_count}</span>,
    },
    {
      title: t("flow.dates_column"),
      key: "dates",
      sorter: (a, b) => a.first_on.localeCompare(b.first_on),
      render: (_, edge) => <span className="figures nowrap">{words.span(edge)}</span>,
    },
    {
      title: t("flow.uses_column"),
      key: "uses",
      render: (_, edge) => (
        <span>
          {words.uses(edge)}
          {edge.patterns.length > 0 && (
            <span className="flow-flag" title={words.patterns(edge.patterns)}>
              {t("flow.suspected")}
            </span>
          )}
        </span>
      ),
    },
    {
      title: t("flow.details"),
      key: "details",
      render: (_, edge) => (
        <Button
          size="small"
          aria-pressed={selected === edgeId(edge)}
          onClick={() => select(selected === edgeId(edge) ? null : edgeId(edge))}
        >
          {t("flow.open_details")}
        </Button>
      ),
    },
  ];
  return (
    <Table<FlowEdge>
      className="flow-table"
      size="small"
      rowKey={edgeId}
      columns={columns}
      dataSource={[...flow.edges]}
      pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
      scroll={{ x: 920 }}
    />
  );
}
