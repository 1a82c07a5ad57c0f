import { Button, Pagination } from "antd";
import { useEffect, useState } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Amount, useMoney } from "../ui/Amount";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { TransactionLink } from "../ui/TransactionLink";
import { edgeId } from "./edges";
import { type Flow, type FlowEdge, type FlowNode, isSuspected, toneOf } from "./tones";
import type { FlowWords } from "./words";
import { AccountLink } from "../ui/AccountLink";
import { shownAccount } from "../ui/masked_account";

interface Props {
  readonly flow: Flow;
  readonly facts: Schemas["LoanFacts"];
  readonly words: FlowWords;
  readonly selected: string;
  readonly select: (id: string | null) => void;
  readonly toggle: (node: FlowNode) => void;
  readonly show: (id: string) => void;
}

const PAGE = 10;
const HOP = /^(\d+)\//;

/** What one node or edge is, and the transactions behind it. */
export function SidePanel({ flow, facts, words, selected, select, toggle, show }: Props) {
  const { t } = useSpeech();
  const node = flow.nodes.find((one) => one.node_id === selected);
  const edge = flow.edges.find((one) => edgeId(one) === selected);
  if (!node && !edge) return null;
  const nodeOf = (id: string) => flow.nodes.find((one) => one.node_id === id);
  const source = edge && nodeOf(edge.source);
  const target = edge && nodeOf(edge.target);
  return (
    <aside className="flow-panel" aria-label={t("flow.details")}>
      <div className="flow-panel-head">
        <h3>
          {node && words.title(node)}
          {source && target && `${words.title(source)} → ${words.title(target)}`}
        </h3>
        <Button size="small" type="text" aria-label={t("flow.close")} onClick={() => select(null)}>
          ×
        </Button>
      </div>
      {node && <NodeFacts flow={flow} node={node} facts={facts} words={words} toggle={toggle} show={show} />}
      {edge && <EdgeFacts edge={edge} facts={facts} words={words} />}
      {node && (node.kind === "account" || node.kind === "outside") && (
        <Transactions key={selected} flow={flow} facts={facts} words={words} node={node} payer={null} />
      )}
      {source && target && (target.kind === "account" || target.kind === "outside") && source.kind === "account" && (
        <Transactions key={selected} flow={flow} facts={facts} words={words} node={target} payer={source} />
      )}
      {source && target && source.kind === "loan" && (
        <Transactions key={selected} flow={flow} facts={facts} words={words} node={target} payer={source} />
      )}
    </aside>
  );
}

interface NodeProps {
  readonly flow: Flow;
  readonly node: FlowNode;
  readonly facts: Schemas["LoanFacts"];
  readonly words: FlowWords;
  readonly toggle: (node: FlowNode) => void;
  readonly show: (id: string) => void;
}

function NodeFacts({ flow, node, facts, words, toggle, show }: NodeProps) {
  const { t, name } = useSpeech();
  const summary = flow.nodes.find((one) => one.behind === node.node_id && (one.kind === "folded" || one.kind === "rest"));
  return (
    <>
      <p className="flow-panel-line">
        <span className="flow-chip" data-tone={toneOf(node)} aria-hidden="true">
          {words.letter(node)}
        </span>
        <span>{words.meaning(node)}</span>
        {isSuspected(node) && <span className="flow-flag">{t("flow.suspected")}</span>}
        {node.account && (
          <AccountLink className="figures" account={node.account} />
        )}
      </p>
      {node.patterns.length > 0 && <p className="danger">{words.patterns(node.patterns)}</p>}
      {node.kind !== "loan" && (
        <dl className="flow-ledger">
          {node.before_fen !== "0" && <Row label={t("flow.before")} fen={node.before_fen} facts={facts} />}
          <Row label={t("flow.in")} fen={node.in_fen} facts={facts} />
          <Row label={t("flow.out")} fen={node.out_fen} facts={facts} />
          <Row label={t("flow.rests")} fen={node.resting_fen} facts={facts} strong />
          {node.resting.map((share) => (
            <Row key={share.use} label={name("use", share.use)} fen={share.amount_fen} facts={facts} part />
          ))}
        </dl>
      )}
      {node.kind === "account" && node.target_count > 0 && (
        <Button size="small" onClick={() => toggle(node)}>
          {node.open ? t("flow.fold") : t("flow.unfold", { count: node.target_count })}
        </Button>
      )}
      {summary && summary.member_count > 0 && (
        <div className="flow-members">
          <h4>{t("flow.hidden", { count: summary.member_count })}</h4>
          <ul>
            {summary.members.map((member) => (
              <li key={member.node_id}>
                <Button size="small" type="link" onClick={() => show(member.node_id)}>
                  {member.name ?? (member.account && shownAccount(member.account)) ?? name("use", member.use || "outside")}
                </Button>
                <Amount fen={member.amount_fen} form="exact" {...facts} />
              </li>
            ))}
          </ul>
          {summary.member_count > summary.members.length && (
            <p className="quiet small">{t("flow.hidden_more", { count: summary.member_count - summary.members.length })}</p>
          )}
        </div>
      )}
    </>
  );
}

interface RowProps {
  readonly label: string;
  readonly fen: string;
  readonly facts: Schemas["LoanFacts"];
  readonly strong?: boolean;
  readonly part?: boolean;
}

function Row({ label, fen, facts, strong = false, part = false }: RowProps) {
  return (
    <div className={part ? "part" : strong ? "strong" : undefined}>
      <dt>{label}</dt>
      <dd>
        <Amount fen={fen} form="exact" {...facts} />
      </dd>
    </div>
  );
}

function EdgeFacts({ edge, facts, words }: { readonly edge: FlowEdge; readonly facts: Schemas["LoanFacts"]; readonly words: FlowWords }) {
  const { t, name } = useSpeech();
  return (
    <>
      {edge.patterns.length > 0 && (
        <p className="flow-panel-line">
          <span className="flow-flag">{t("flow.suspected")}</span>
          <span className="danger">{words.patterns(edge.patterns)}</span>
        </p>
      )}
      <dl className="flow-ledger">
        <Row label={t("flow.amount")} fen={edge.amount_fen} facts={facts} strong />
        {edge.uses.map((share) => (
          <Row key={share.use} label={share.use ? name("use", share.use) : t("flow.no_use")} fen={share.amount_fen} facts={facts} part />
        ))}
      </dl>
      <p className="quiet figures">
        {words.count(edge.transaction_count)} · {words.span(edge)}
      </p>
    </>
  );
}

interface TransactionsProps {
  readonly flow: Flow;
  readonly facts: Schemas["LoanFacts"];
  readonly words: FlowWords;
  readonly node: FlowNode;
  readonly payer: FlowNode | null;
}

/** The transactions of this loan at a node, or along an edge. */
function Transactions({ flow, facts, words, node, payer }: TransactionsProps) {
  const { t, name } = useSpeech();
  const money = useMoney(facts);
  const [page, setPage] = useState(1);
  const { since, until } = flow;
  useEffect(() => setPage(1), [since, until]);
  const hop = HOP.exec(node.node_id)?.[1];
  const depth = payer?.kind === "loan" ? "0" : hop;
  const asked = {
    ...(node.account ? { account: node.account } : { use: node.use || "outside" }),
    ...(depth !== undefined && { depth: Number(depth) }),
    ...(payer?.account && { payer: payer.account }),
    ...(payer && { arriving: true }),
    ...(since && { since }),
    ...(until && { until }),
  };
  const { data, error, refetch } = api.useQuery("get", "/api/v1/loans/{loan_id}/flow/transactions", {
    params: { path: { loan_id: flow.loan_id }, query: { ...asked, offset: (page - 1) * PAGE, limit: PAGE } },
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={4} />;
  return (
    <section className="flow-transactions" aria-label={t("flow.transactions_of")}>
      <h4>
        {t("flow.transactions_of")}
        <span className="quiet figures">{words.count(data.total_count)}</span>
        <ExportButton
          small
          address={`/api/v1/loans/${encodeURIComponent(flow.loan_id)}/flow/transactions.xlsx`}
          query={() => new URLSearchParams(Object.entries(asked).map(([name, value]) => [name, String(value)]))}
          count={data.total_count}
        />
      </h4>
      <ol>
        {data.items.map((one) => {
          const arrives = payer !== null || (node.account ? one.payee_account === node.account : true);
          const other = arrives
            ? { account: one.payer_account, name: one.payer_name }
            : { account: one.payee_account, name: one.payee_name };
          return (
            <li key={`${one.transfer_id} ${one.payee_account}`}>
              <div className="flow-transaction-line">
                <time className="figures" dateTime={one.booked_at}>
                  {instantText(one.booked_at)}
                </time>
                <span className={arrives ? "flow-in figures" : "flow-out figures"} title={money.hover(one.amount_fen)}>
                  {arrives ? "+" : "−"}
                  {money.exact(one.amount_fen)}
                </span>
              </div>
              {payer === null && (
                <div className="flow-transaction-line">
                  <span className="quiet">{t(arrives ? "flow.from" : "flow.to")}</span>
                  <span className="flow-other">
                    {one.hop === 0 && arrives ? (
                      t("flow.loan")
                    ) : other.account ? (
                      <AccountLink account={other.account} title={other.account}>
                        {other.name ?? shownAccount(other.account)}
                      </AccountLink>
                    ) : (
                      (other.name ?? t("evidence.outside"))
                    )}
                  </span>
                </div>
              )}
              <div className="flow-transaction-line small quiet">
                <TransactionLink id={one.transfer_id} sides={[one.payer_account, one.payee_account]}>
                  {t("flow.open_transaction")}
                </TransactionLink>
                <span className="flow-purpose">
                  {[
                    one.purpose_text ?? "",
                    ...one.uses.map((use) => name("use", use)),
                    one.transfer_fen !== null && one.transfer_fen !== one.amount_fen
                      ? t("flow.of_transfer", { amount: money.exact(one.transfer_fen) })
                      : "",
                  ]
                    .filter((part) => part !== "")
                    .join(" · ")}
                </span>
                {one.patterns.length > 0 && <span className="flow-flag">{t("flow.suspected")}</span>}
              </div>
            </li>
          );
        })}
      </ol>
      {data.total_count > PAGE && (
        <Pagination
          simple
          size="small"
          current={page}
          pageSize={PAGE}
          total={data.total_count}
          onChange={setPage}
          showSizeChanger={false}
        />
      )}
    </section>
  );
}
