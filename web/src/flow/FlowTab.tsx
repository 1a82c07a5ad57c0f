import { Button, Segmented } from "antd";
import { Suspense, useEffect, useMemo, useRef, useState } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { GraphView, SankeyView } from "../parts";
import { ExportButton } from "../table/ExportButton";
import { Amount, useMoney } from "../ui/Amount";
import { OneLine } from "../ui/OneLine";
import { Failure, Loading, Notice } from "../ui/states";
import { edgeId } from "./edges";
import { EdgeTable } from "./EdgeTable";
import { FlowSearch } from "./FlowSearch";
import { Legend, tonesIn } from "./Legend";
import { type Picture, type Pointed, savePicture } from "./picture";
import { SidePanel } from "./SidePanel";
import { TimeStrip } from "./TimeStrip";
import { scaleOf } from "./thickness";
import { type Flow, type FlowNode, isSuspected, palette } from "./tones";
import { flowQuery, useFlow, useFlowView, type View, VIEWS } from "./use_flow";
import { type FlowWords, useFlowWords } from "./words";
import { Unmasking } from "../loans/Unmasking";
import { shownAccount } from "../ui/masked_account";

interface Props {
  readonly loanId: string;
  readonly facts: Schemas["LoanFacts"];
}

/** Where the loan's money went: as a graph, as a Sankey diagram, as a table. */
export default function FlowTab({ loanId, facts }: Props) {
  const { t } = useSpeech();
  const shown = useFlowView();
  const by = shown.view === "sankey" ? "hop" : "account";
  const { data, error, refetch, isPlaceholderData } = useFlow(loanId, by, shown);
  const flow = data && data.by === by && data.loan_id === loanId ? data : undefined;
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!flow) return <Loading rows={12} />;
  if (!flow.traced || !flow.layered) {
    return (
      <Notice tone="empty" title={t(flow.traced ? "flow.no_paths" : facts.disbursements.length > 0 ? "flow.not_traced" : "flow.not_disbursed")}>
        <p>{t(flow.traced ? "flow.no_paths_hint" : facts.disbursements.length > 0 ? "flow.not_traced_hint" : "flow.not_disbursed_hint")}</p>
      </Notice>
    );
  }
  return <Drawn flow={flow} facts={facts} shown={shown} waiting={isPlaceholderData} />;
}

interface DrawnProps {
  readonly flow: Flow;
  readonly facts: Schemas["LoanFacts"];
  readonly shown: ReturnType<typeof useFlowView>;
  readonly waiting: boolean;
}

function Drawn({ flow, facts, shown, waiting }: DrawnProps) {
  const { t } = useSpeech();
  const words = useFlowWords(facts);
  const [selected, select] = useState<string | null>(null);
  const [highlighted, highlight] = useState<readonly string[]>([]);
  const [pointed, point] = useState<Pointed | null>(null);
  const [wanted, want] = useState<string | null>(null);
  const picture = useRef<Picture | null>(null);
  const stage = useRef<HTMLDivElement>(null);
  const found = useMemo(() => new Set(highlighted), [highlighted]);
  const { view } = shown;
  useEffect(() => {
    select(null);
    point(null);
  }, [view]);
  useEffect(() => {
    if (wanted === null || !flow.nodes.some((node) => node.node_id === wanted)) return;
    select(wanted);
    want(null);
    // After the picture with it has been drawn. Not taken back when `wanted` is cleared, which happens at once.
    window.setTimeout(() => picture.current?.show(wanted), 120);
  }, [wanted, flow]);
  const reveal = (path: readonly string[]) => {
    shown.reveal(path);
    want(path[path.length - 1] ?? null);
  };
  const pathTo = (id: string): string[] => {
    const path = [id];
    for (let at = selected; at !== null; at = flow.nodes.find((node) => node.node_id === at)?.behind ?? null) {
      if (at !== "loan") path.unshift(at);
    }
    return path;
  };
  const toggle = (node: FlowNode) => {
    point(null);
    shown.toggle(node);
  };
  const panel = selected !== null && (
    <SidePanel
      flow={flow}
      facts={facts}
      words={words}
      selected={selected}
      select={select}
      toggle={toggle}
      show={(id) => reveal(pathTo(id))}
    />
  );
  const common = { flow, words, select, toggle, point, handle: picture };
  return (
    <div className="flow card" ref={stage}>
      <div className="flow-bar">
        <Segmented<View>
          aria-label={t("flow.view")}
          options={VIEWS.map((value) => ({ value, label: t(`flow_view.${value}`) }))}
          value={view}
          onChange={shown.setView}
        />
        <FlowSearch loanId={flow.loan_id} by={flow.by} facts={facts} choose={({ path }) => reveal(path)} highlight={highlight} />
        <Tools flow={flow} facts={facts} view={view} picture={picture} stage={stage} shown={shown} />
      </div>
      <div className="flow-sums">
        <Totals flow={flow} facts={facts} />
        <TimeStrip days={flow.days} facts={facts} since={flow.since} until={flow.until} change={shown.setRange} />
      </div>
      <div className={waiting ? "flow-stage waiting" : "flow-stage"} aria-busy={waiting}>
        <div className="flow-main">
          <Suspense fallback={<Loading rows={10} />}>
            {view === "graph" && <GraphView {...common} selected={selected} found={found} />}
            {view === "sankey" && <SankeyView {...common} />}
            {view === "table" && <EdgeTable flow={flow} facts={facts} words={words} selected={selected} select={select} toggle={toggle} />}
          </Suspense>
          {pointed && view !== "table" && <Hover flow={flow} facts={facts} words={words} pointed={pointed} />}
        </div>
        {panel && <div className="flow-side">{panel}</div>}
      </div>
      <Legend flow={flow} facts={facts} scaled={view === "graph"} />
      {view === "graph" && <p className="flow-keys quiet small">{t("flow.keys")}</p>}
    </div>
  );
}

/** Where the money rests, by use: the sum is what was paid out, to the fen. */
function Totals({ flow, facts }: { readonly flow: Flow; readonly facts: Schemas["LoanFacts"] }) {
  const { t, name } = useSpeech();
  return (
    <OneLine className="flow-totals">
      <span className="flow-total">
        {t("flow.disbursed")} <Amount fen={flow.disbursed_fen} form="full" {...facts} />
      </span>
      <span className="flow-total quiet">{t("flow.rests_at")}</span>
      {flow.lines.map((share) => (
        <span key={share.use} className="flow-total">
          {name("use", share.use)} <Amount fen={share.amount_fen} form="exact" {...facts} />
        </span>
      ))}
    </OneLine>
  );
}

interface HoverProps {
  readonly flow: Flow;
  readonly facts: Schemas["LoanFacts"];
  readonly words: FlowWords;
  readonly pointed: Pointed;
}

/** The whole name and the exact amounts of what is under the pointer. */
function Hover({ flow, facts, words, pointed }: HoverProps) {
  const { t } = useSpeech();
  const money = useMoney(facts);
  const node = flow.nodes.find((one) => one.node_id === pointed.id);
  const edge = flow.edges.find((one) => edgeId(one) === pointed.id);
  const titleOf = (id: string) => {
    const one = flow.nodes.find((each) => each.node_id === id);
    return one ? words.title(one) : "";
  };
  const { x, y, width, height } = pointed;
  // Beside the pointer, on the side where there is room.
  const place = {
    ...(x > width * 0.6 ? { right: width - x + 16 } : { left: x + 16 }),
    ...(y > height * 0.6 ? { bottom: height - y + 16 } : { top: y + 16 }),
  };
  if (node) {
    return (
      <div className="flow-hover" style={place} role="tooltip">
        <strong>{words.title(node)}</strong>
        {node.account && <span className="figures">{shownAccount(node.account)}</span>}
        {node.kind !== "loan" && <span>{words.meaning(node)}</span>}
        {node.patterns.length > 0 && (
          <span className="danger">
            {t("flow.suspected")}: {words.patterns(node.patterns)}
          </span>
        )}
        {node.before_fen !== "0" && <Line label={t("flow.before")} text={money.hover(node.before_fen)} />}
        {node.kind !== "loan" && <Line label={t("flow.in")} text={money.hover(node.in_fen)} />}
        <Line label={t("flow.out")} text={money.hover(node.out_fen)} />
        {node.kind !== "loan" && <Line label={t("flow.rests")} text={money.hover(node.resting_fen)} />}
      </div>
    );
  }
  if (!edge) return null;
  return (
    <div className="flow-hover" style={place} role="tooltip">
      <strong>{`${titleOf(edge.source)} → ${titleOf(edge.target)}`}</strong>
      <span className="figures">{money.hover(edge.amount_fen)}</span>
      <span className="figures">
        {words.count(edge.transaction_count)} · {words.span(edge)}
      </span>
      <span>{words.uses(edge)}</span>
      {edge.patterns.length > 0 && (
        <span className="danger">
          {t("flow.suspected")}: {words.patterns(edge.patterns)}
        </span>
      )}
    </div>
  );
}

function Line({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <span className="flow-hover-line">
      <span>{label}</span>
      <span className="figures">{text}</span>
    </span>
  );
}

interface ToolsProps {
  readonly flow: Flow;
  readonly facts: Schemas["LoanFacts"];
  readonly view: View;
  readonly picture: React.RefObject<Picture | null>;
  readonly stage: React.RefObject<HTMLDivElement | null>;
  readonly shown: ReturnType<typeof useFlowView>;
}

function Tools({ flow, facts, view, picture, stage, shown }: ToolsProps) {
  const { t, name } = useSpeech();
  const money = useMoney(facts);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  const save = async () => {
    setBusy(true);
    setFailed(false);
    try {
      const image = await picture.current?.image();
      if (!image) return;
      const colours = palette();
      const last = flow.until ?? flow.days[flow.days.length - 1]?.day ?? "";
      await savePicture(image, `${flow.loan_id}-${view}.png`, {
        title: t("flow.picture_title", { borrower: facts.borrower_name }),
        lines: [
          t("flow.picture_facts", { loan: flow.loan_id, amount: money.full(flow.disbursed_fen) }),
          t("flow.picture_basis", {
            convention: name("convention", flow.convention ?? ""),
            data: flow.data_date ?? "–",
            first: flow.since ?? flow.days[0]?.day ?? "",
            last,
          }),
        ],
        legend: [
          ...tonesIn(flow)
            .filter((tone) => tone !== "summary")
            .map((tone) => ({
              kind: "chip" as const,
              colour: colours[tone],
              letter: name("flow_letter", tone),
              word: name("flow_tone", tone),
            })),
          ...(flow.nodes.some(isSuspected)
            ? [{ kind: "flag" as const, colour: colours.danger, letter: t("flow.suspected"), word: t("flow.suspected_means") }]
            : []),
          ...(view === "graph" ? scaleOf(flow) : []).map(({ fen, thickness }) => ({
            kind: "line" as const,
            colour: colours.pooled,
            thickness,
            word: money.short(fen),
          })),
        ],
        font: colours.font,
      });
    } catch {
      setFailed(true);
    } finally {
      setBusy(false);
    }
  };
  const large = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void stage.current?.requestFullscreen();
  };
  return (
    <div className="flow-tools" role="toolbar" aria-label={t("flow.tools")}>
      {shown.changed && (
        <Button size="small" onClick={shown.reset}>
          {t("flow.reset")}
        </Button>
      )}
      {view === "graph" && (
        <>
          <Button size="small" aria-label={t("flow.zoom_out")} title={t("flow.zoom_out")} onClick={() => picture.current?.zoom(false)}>
            −
          </Button>
          <Button size="small" aria-label={t("flow.zoom_in")} title={t("flow.zoom_in")} onClick={() => picture.current?.zoom(true)}>
            +
          </Button>
          <Button size="small" onClick={() => picture.current?.fit()}>
            {t("flow.fit")}
          </Button>
        </>
      )}
      <Unmasking loanId={flow.loan_id} />
      <Button size="small" onClick={large}>
        {t("flow.fullscreen")}
      </Button>
      {view === "table" && (
        <ExportButton
          small
          address={`/api/v1/loans/${encodeURIComponent(flow.loan_id)}/flow.xlsx`}
          query={() => flowQuery("account", shown)}
          count={flow.edges.length}
        />
      )}
      {view !== "table" && (
        <Button size="small" loading={busy} onClick={() => void save()}>
          {t("flow.save")}
        </Button>
      )}
      {failed && (
        <span role="alert" className="danger small">
          {t("flow.save_failed")}
        </span>
      )}
    </div>
  );
}
