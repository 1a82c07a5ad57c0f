import { keepPreviousData } from "@tanstack/react-query";
import { Suspense, useMemo, useRef, useState } from "react";
import { Link } from "react-router";
import { api } from "../api/client";
import type { Picture } from "../flow/picture";
import { type FlowNode, isSummary, isSuspected } from "../flow/tones";
import { useFlowWords } from "../flow/words";
import { useSpeech } from "../i18n";
import { GraphView } from "../parts";
import { Failure, Loading } from "../ui/states";
import type { Thread } from "./asked";

const nothing = () => undefined;

/** What the reader unfolded and folded, beside what the page itself does. */
interface Folding {
  readonly open: readonly string[];
  readonly close: readonly string[];
}

/** The flow of the loan's money with the way to the hits unfolded and their payees marked. */
export function FlowFocus({ thread }: { readonly thread: Thread }) {
  const { t } = useSpeech();
  const { row, flow_nodes: nodes, evidence } = thread;
  const words = useFlowWords(row);
  const [selected, select] = useState<string | null>(null);
  const [folding, fold] = useState<Folding>({ open: [], close: [] });
  const picture = useRef<Picture | null>(null);
  const payees = evidence.filter((line) => line.of_hit).map((line) => (line.to_account.account === null ? "" : `=${line.to_account.account}`)).join("\n");
  const found = useMemo(() => new Set(payees.split("\n").filter(Boolean)), [payees]);
  const query = {
    by: "account" as const,
    show: [...nodes],
    open: [...folding.open],
    // What lies behind the hits themselves is left to the whole picture.
    close: [...[...found].filter((id) => !folding.open.includes(id)), ...folding.close],
  };
  const toggle = (node: FlowNode) => {
    const id = isSummary(node) ? node.behind : node.node_id;
    if (id === null || node.kind === "rest") return;
    fold((before) =>
      isSummary(node) || !node.open
        ? { open: [...before.open, id], close: before.close.filter((one) => one !== id) }
        : { open: before.open.filter((one) => one !== id), close: [...before.close, id] },
    );
  };
  const { data, error, refetch } = api.useQuery(
    "get",
    "/api/v1/loans/{loan_id}/flow",
    { params: { path: { loan_id: row.loan_id }, query } },
    { placeholderData: keepPreviousData },
  );
  const flow = data?.loan_id === row.loan_id ? data : undefined;
  // A payee whose account is masked is none of the accounts of the picture: then what it suspects is marked.
  const marked = useMemo(() => {
    const shown = flow?.nodes ?? [];
    if (shown.some((node) => found.has(node.node_id))) return found;
    return new Set(shown.filter(isSuspected).map((node) => node.node_id));
  }, [flow, found]);
  const whole = new URLSearchParams(nodes.map((node) => ["s", node]));
  return (
    <section className="card case-part" aria-labelledby="flow-title">
      <div className="case-part-head">
        <h3 id="flow-title">{t("warnings.flow")}</h3>
        <Link to={`/loans/${encodeURIComponent(row.loan_id)}/flow?${whole.toString()}`} className="small">
          {t("warnings.flow_whole")}
        </Link>
      </div>
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !flow ? (
        <Loading rows={6} />
      ) : flow.traced && flow.layered ? (
        <div className="flow-stage flow-focus">
          <div className="flow-main">
            <Suspense fallback={<Loading rows={6} />}>
              <GraphView
                key={row.thread_id}
                flow={flow}
                words={words}
                selected={selected}
                found={marked}
                select={select}
                toggle={toggle}
                point={nothing}
                handle={picture}
              />
            </Suspense>
          </div>
        </div>
      ) : (
        <p className="quiet">{t("warnings.no_flow")}</p>
      )}
    </section>
  );
}
