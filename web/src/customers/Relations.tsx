import { FullscreenOutlined, MinusOutlined, PlusOutlined } from "@ant-design/icons";
import { Alert, Button, Segmented, Tooltip } from "antd";
import { Suspense, useMemo, useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { RelationGraph } from "../parts";
import { Failure, Loading } from "../ui/states";
import type { Level } from "../warnings/asked";
import { LevelTag } from "../warnings/LevelTag";
import { customerAddress } from "./address";
import { Ownership } from "./Ownership";
import type { Handle } from "./RelationGraph";
import { RelationTable } from "./RelationTable";
import { bondsOf, type Graph, type RelationNode } from "./relation_layout";
import { useRelationWords } from "./relation_words";
import { useSearchParams } from "../ui/address";

const DEPTHS = ["1", "2", "3", "4"] as const;

/** Who is related to the customer: the picture, the chains of ownership, every relation in words. */
export function Relations({ partyId }: { readonly partyId: string }) {
  const { t } = useSpeech();
  const [address, setAddress] = useSearchParams();
  const depth = DEPTHS.find((one) => one === address.get("depth")) ?? "2";
  const { data, error, refetch } = api.useQuery(
    "get",
    "/api/v1/customers/{party_id}/relations",
    { params: { path: { party_id: partyId }, query: { depth: Number(depth) } } },
    { placeholderData: (before) => before },
  );
  const choose = (chosen: string) =>
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        if (chosen === "2") after.delete("depth");
        else after.set("depth", chosen);
        return after;
      },
      { replace: true, preventScrollReset: true },
    );
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={10} />;
  return (
    <div className="relations">
      <section className="card box" aria-labelledby="graph-title">
        <div className="card-title">
          <h2 id="graph-title">{t("customers.graph")}</h2>
          <span className="quiet small">{t("customers.graph_note")}</span>
          <Segmented
            aria-label={t("customers.depth")}
            value={depth}
            options={DEPTHS.map((one) => ({ value: one, label: t("customers.depth_of", { depth: one }) }))}
            onChange={choose}
          />
        </div>
        {data.nodes.length === 1 ? <p className="quiet">{t("customers.no_relations")}</p> : <Picture graph={data} />}
        {data.capped && <Alert type="info" showIcon className="alert" title={t("customers.capped")} />}
      </section>
      <Ownership partyId={partyId} graph={data} />
      {data.edges.length > 0 && <RelationTable partyId={partyId} graph={data} />}
    </div>
  );
}

function Picture({ graph }: { readonly graph: Graph }) {
  const { t } = useSpeech();
  const words = useRelationWords();
  const navigate = useNavigate();
  const handle = useRef<Handle>(null);
  const [selected, select] = useState<string | null>(null);
  const nodes = useMemo(() => new Map(graph.nodes.map((node) => [node.node_id, node])), [graph]);
  const bonds = useMemo(() => bondsOf(graph.edges), [graph]);
  const known = selected !== null && (nodes.has(selected) || bonds.some((bond) => bond.id === selected)) ? selected : null;
  const open = (node: RelationNode) => {
    if (node.party_id !== null && node.distance > 0) void navigate(customerAddress(node.party_id, "relations"));
  };
  const tool = (label: string, icon: React.ReactNode, act: () => void) => (
    <Tooltip title={label}>
      <Button size="small" aria-label={label} icon={icon} onClick={act} />
    </Tooltip>
  );
  return (
    <div className="relation-stage">
      <Suspense fallback={<Loading rows={8} />}>
        <RelationGraph graph={graph} words={words} selected={known} select={select} open={open} handle={handle} />
      </Suspense>
      <div className="relation-tools">
        {tool(t("customers.zoom_in"), <PlusOutlined aria-hidden />, () => handle.current?.zoom(true))}
        {tool(t("customers.zoom_out"), <MinusOutlined aria-hidden />, () => handle.current?.zoom(false))}
        {tool(t("customers.fit"), <FullscreenOutlined aria-hidden />, () => handle.current?.fit())}
      </div>
      <Chosen graph={graph} selected={known} close={() => select(null)} />
      <ul className="relation-legend quiet">
        <li>
          <i aria-hidden="true" />
          {t("customers.legend.holds")}
        </li>
        <li>
          <i className="secures" aria-hidden="true" />
          {t("customers.legend.secures")}
        </li>
        <li>
          <i className="beside" aria-hidden="true" />
          {t("customers.legend.beside")}
        </li>
        <li>{t("customers.graph_hint")}</li>
      </ul>
    </div>
  );
}

interface ChosenProps {
  readonly graph: Graph;
  readonly selected: string | null;
  readonly close: () => void;
}

/** What was chosen in the picture, in words. */
function Chosen({ graph, selected, close }: ChosenProps) {
  const { t, name } = useSpeech();
  const words = useRelationWords();
  if (selected === null) return null;
  const nodes = new Map(graph.nodes.map((node) => [node.node_id, node]));
  const node = nodes.get(selected);
  const edges = graph.edges.filter((edge) =>
    node ? edge.source === selected || edge.target === selected : [edge.source, edge.target].sort().join(" ") === selected,
  );
  return (
    <aside className="relation-chosen" aria-label={t("customers.chosen")}>
      <div className="card-title">
        {node ? (
          <>
            <strong>
              {node.party_id !== null && node.distance > 0 ? (
                <Link to={customerAddress(node.party_id, "relations")}>{words.named(node)}</Link>
              ) : (
                words.named(node)
              )}
            </strong>
            {node.kind && <span className="customer-mark">{name("party_kind", node.kind)}</span>}
            {node.level && <LevelTag level={node.level as Level} />}
          </>
        ) : (
          <strong>{t("customers.relation_between")}</strong>
        )}
        <Button type="text" size="small" className="close" aria-label={t("customers.close")} onClick={close}>
          ×
        </Button>
      </div>
      {node && (
        <p className="quiet small">
          {words.detail(node)}
          {node.further_count > 0 && ` · ${t("customers.further", { count: node.further_count })}`}
        </p>
      )}
      <ul>
        {edges.map((edge) => (
          <li key={`${edge.source} ${edge.target} ${edge.kind}`}>
            {words.named(nodes.get(edge.source))} <span aria-hidden="true">→</span> {words.named(nodes.get(edge.target))}
            <br />
            <span className="quiet small">
              {[
                words.edge(edge),
                edge.guarantee_count > 0 ? t("customers.guarantee_count", { count: edge.guarantee_count }) : "",
                edge.valid_from ? t("customers.since", { day: edge.valid_from }) : "",
                edge.source_text ?? "",
              ]
                .filter(Boolean)
                .join(" · ")}
            </span>
          </li>
        ))}
      </ul>
    </aside>
  );
}
