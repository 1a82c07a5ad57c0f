import { Table, type TableProps } from "antd";
import { Link } from "react-router";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { customerAddress } from "./address";
import type { Graph, RelationEdge } from "./relation_layout";
import { ppmText, useRelationWords } from "./relation_words";

/** Every relation of the picture as a row. */
export function RelationTable({ partyId, graph }: { readonly partyId: string; readonly graph: Graph }) {
  const { t, name } = useSpeech();
  const words = useRelationWords();
  const nodes = new Map(graph.nodes.map((node) => [node.node_id, node]));
  const dash = <span className="quiet">–</span>;
  const party = (id: string) => {
    const node = nodes.get(id);
    if (!node?.party_id) return <span className="quiet">{words.named(node)}</span>;
    return node.distance === 0 ? <strong>{words.named(node)}</strong> : <Link to={customerAddress(node.party_id)}>{words.named(node)}</Link>;
  };
  const nearest = (edge: RelationEdge) => Math.min(nodes.get(edge.source)?.distance ?? 9, nodes.get(edge.target)?.distance ?? 9);
  const rows = [...graph.edges].sort((a, b) => nearest(a) - nearest(b));
  const columns: TableProps<RelationEdge>["columns"] = [
    { title: t("customers.relation.from"), key: "from", render: (_, edge) => party(edge.source) },
    { title: t("customers.relation.kind"), key: "kind", render: (_, edge) => name("relation_of", edge.kind) },
    { title: t("customers.relation.to"), key: "to", render: (_, edge) => party(edge.target) },
    {
      title: t("customers.relation.share"),
      key: "share",
      align: "right",
      className: "figures nowrap",
      render: (_, edge) => (edge.share_ppm === null ? dash : ppmText(edge.share_ppm)),
    },
    {
      title: t("customers.relation.guaranteed"),
      key: "guaranteed",
      align: "right",
      className: "figures nowrap",
      render: (_, edge) =>
        edge.guaranteed.length === 0 ? (
          dash
        ) : (
          <span title={t("customers.guarantee_count", { count: edge.guarantee_count })}>{words.amounts(edge.guaranteed)}</span>
        ),
    },
    {
      title: t("customers.relation.since"),
      key: "since",
      className: "figures nowrap",
      render: (_, edge) => edge.valid_from ?? dash,
    },
    { title: t("customers.relation.source"), key: "source", render: (_, edge) => edge.source_text ?? dash },
  ];
  return (
    <section className="card" aria-labelledby="relation-title">
      <div className="card-title">
        <h2 id="relation-title">{t("customers.relation_list")}</h2>
        <span className="quiet small">{t("customers.relation_count", { count: rows.length })}</span>
        <ExportButton
          address={`/api/v1/customers/${encodeURIComponent(partyId)}/relations.xlsx`}
          query={() => new URLSearchParams({ depth: String(graph.depth) })}
          count={rows.length}
        />
      </div>
      <Table<RelationEdge>
        className="customer-table"
        size="middle"
        rowKey={(edge) => `${edge.source} ${edge.target} ${edge.kind}`}
        columns={columns}
        dataSource={rows}
        pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: "max-content" }}
      />
    </section>
  );
}
