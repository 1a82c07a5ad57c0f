import { Table, type TableProps } from "antd";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { customerAddress } from "./address";
import type { Graph } from "./relation_layout";
import { ppmText, useRelationWords } from "./relation_words";

type Stake = Schemas["OwnershipStake"];

/** Who holds the customer and what it holds, through others too; circles of holdings and of guarantees. */
export function Ownership({ partyId, graph }: { readonly partyId: string; readonly graph: Graph }) {
  const { t } = useSpeech();
  const sheet = (
    <ExportButton
      address={`/api/v1/customers/${encodeURIComponent(partyId)}/ownership.xlsx`}
      query={() => new URLSearchParams({ depth: String(graph.depth) })}
      count={graph.owners.length + graph.holdings.length}
    />
  );
  const told = (circle: readonly string[]) =>
    [...circle, circle[0] ?? ""].map((node) => graph.names[node] ?? t("customers.hidden_party")).join(" → ");
  return (
    <>
      <div className="ownership">
        <Stakes title={t("customers.owners")} empty={t("customers.no_owners")} stakes={graph.owners} graph={graph} />
        <Stakes title={t("customers.holdings")} empty={t("customers.no_holdings")} stakes={graph.holdings} graph={graph} sheet={sheet} />
      </div>
      {(graph.over_whole || graph.circular.length > 0) && (
        <ul className="card box notes" aria-label={t("customers.ownership_notes")}>
          {graph.over_whole && <li>{t("customers.over_whole")}</li>}
          {graph.circular.map((circle) => (
            <li key={circle.join()}>{t("customers.circular", { circle: told(circle) })}</li>
          ))}
        </ul>
      )}
      {graph.guarantee_circles.length > 0 && (
        <section className="card box" aria-labelledby="circles-title">
          <h2 id="circles-title">{t("customers.guarantee_circles")}</h2>
          <ul className="notes">
            {graph.guarantee_circles.map((circle) => (
              <li key={circle.join()}>{told(circle)}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

interface StakesProps {
  readonly title: string;
  readonly empty: string;
  readonly stakes: readonly Stake[];
  readonly graph: Graph;
  /** The export of both sides. */
  readonly sheet?: React.ReactNode;
}

function Stakes({ title, empty, stakes, graph, sheet }: StakesProps) {
  const { t, name } = useSpeech();
  const words = useRelationWords();
  const columns: TableProps<Stake>["columns"] = [
    {
      title: t("customers.stake.party"),
      key: "party",
      render: (_, stake) => (
        <>
          {stake.party_id ? (
            <Link to={customerAddress(stake.party_id, "relations")}>{words.named(stake)}</Link>
          ) : (
            <span className="quiet">{words.named(stake)}</span>
          )}
          {stake.kind && <span className="quiet small"> {name("party_kind", stake.kind)}</span>}
        </>
      ),
    },
    {
      title: t("customers.stake.share"),
      key: "share",
      align: "right",
      className: "figures nowrap",
      render: (_, stake) => (
        <strong title={stake.at_least ? t("customers.stake.at_least_hint") : ""}>
          {stake.at_least ? t("customers.stake.at_least", { share: ppmText(stake.share_ppm) }) : ppmText(stake.share_ppm)}
        </strong>
      ),
    },
    {
      title: t("customers.stake.direct"),
      key: "direct",
      align: "right",
      className: "figures nowrap",
      render: (_, stake) => (stake.direct_ppm > 0 ? ppmText(stake.direct_ppm) : <span className="quiet">–</span>),
    },
  ];
  const through = (stake: Stake) => stake.chains.some((chain) => chain.nodes.length > 2);
  return (
    <section className="card" aria-label={title}>
      <div className="card-title">
        <h2>{title}</h2>
        {sheet}
      </div>
      {stakes.length === 0 ? (
        <p className="quiet empty-line">{empty}</p>
      ) : (
        <Table<Stake>
          className="customer-table"
          size="middle"
          rowKey="node_id"
          columns={columns}
          dataSource={[...stakes]}
          pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
          expandable={{
            rowExpandable: through,
            expandedRowRender: (stake) => (
              <ul className="chains">
                {stake.chains.map((chain) => (
                  <li key={chain.nodes.join()}>
                    {chain.nodes.map((node) => graph.names[node] ?? t("customers.hidden_party")).join(" → ")}
                    <span className="figures">{chain.share_ppm === null ? t("customers.unknown") : ppmText(chain.share_ppm)}</span>
                  </li>
                ))}
                {stake.chain_count > stake.chains.length && (
                  <li className="quiet small">{t("customers.more_chains", { count: stake.chain_count - stake.chains.length })}</li>
                )}
              </ul>
            ),
          }}
        />
      )}
    </section>
  );
}
