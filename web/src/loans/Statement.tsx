import { CheckCircleFilled, RightOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Table, type TableProps, Tooltip } from "antd";
import { useState } from "react";
import { fetchBounds, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount, useMoney } from "../ui/Amount";
import { shareText } from "../ui/money";
import { Coded } from "../ui/Coded";
import { RangeBar, ShareBar } from "../ui/ShareBar";
import { Term, type TermName } from "../ui/Term";
import { EvidencePanel } from "./EvidencePanel";
import { type Line, LINES_MAX, sumFen } from "./groups";

type LoanFacts = Schemas["LoanFacts"];

interface Props {
  readonly facts: LoanFacts;
  readonly runId: string;
  readonly lines: readonly Line[];
  readonly disbursed: string;
  /** What came back to the borrower's side on the way, in fen. */
  readonly returned: string;
  readonly convention: string;
  readonly open: readonly string[];
  readonly change: (uses: readonly string[]) => void;
  /** What a check says of a use, to be said there; without a check nothing. */
  readonly judging?: ((use: string) => React.ReactNode) | undefined;
}

/** A line of the statement, or the one that stands for all that are folded. */
type Shown = Line | Folded;

interface Folded {
  readonly folded: true;
  readonly use: typeof FOLDED;
  readonly lines: readonly Line[];
  readonly amount_fen: string;
}

const FOLDED = "folded-lines";
const PROOFS = ["proven", "not_proven"] as const satisfies readonly TermName[];

function isFolded(row: Shown): row is Folded {
  return "folded" in row;
}

/** At most LINES_MAX rows: beyond them one row stands for the rest, and after it the rest once it is unfolded. */
function shownRows(lines: readonly Line[], unfolded: boolean): Shown[] {
  if (lines.length <= LINES_MAX) return [...lines];
  const rest = lines.slice(LINES_MAX - 1);
  const folded: Folded = { folded: true, use: FOLDED, lines: rest, amount_fen: sumFen(rest).toString() };
  return [...lines.slice(0, LINES_MAX - 1), folded, ...(unfolded ? rest : [])];
}

/** The use-of-proceeds statement: one line per use, each with its bounds, its basis and its evidence. */
export function Statement({ facts, runId, lines, disbursed, returned, convention, open, change, judging }: Props) {
  const { t, name } = useSpeech();
  const money = useMoney(facts);
  const [unfoldedByHand, setUnfolded] = useState(false);
  const hidden = new Set(lines.slice(LINES_MAX - 1).map((line) => line.use));
  const unfolded = unfoldedByHand || (lines.length > LINES_MAX && open.some((use) => hidden.has(use)));
  const total = sumFen(lines);
  const toggle = (use: string) => change(open.includes(use) ? open.filter((one) => one !== use) : [...open, use]);
  const fold = () => {
    if (unfolded) change(open.filter((use) => !hidden.has(use)));
    setUnfolded(!unfolded);
  };
  const columns: NonNullable<TableProps<Shown>["columns"]> = [
    {
      key: "use",
      title: t("statement.use"),
      render: (_, row) =>
        isFolded(row) ? (
          <FoldedUse row={row} open={unfolded} toggle={fold} />
        ) : (
          <Use line={row} open={open.includes(row.use)} toggle={() => toggle(row.use)} />
        ),
    },
    {
      key: "amount",
      title: t("statement.amount", { currency: facts.currency }),
      align: "right",
      render: (_, row) => <Amount fen={row.amount_fen} form="exact" {...facts} />,
    },
    {
      key: "share",
      title: t("statement.share"),
      className: "cell-share",
      render: (_, row) => (
        <span className="bar-and-figure">
          <ShareBar part={BigInt(row.amount_fen)} whole={total} tone={isFolded(row) ? "other" : row.group} />
          <span className="figures">{shareText(BigInt(row.amount_fen), total)}</span>
        </span>
      ),
    },
    {
      key: "bounds",
      title: <Term name="bounds">{t("statement.bounds", { currency: facts.currency })}</Term>,
      align: "right",
      render: (_, row) =>
        isFolded(row) ? <span className="quiet">–</span> : <Bounds line={row} facts={facts} total={total} />,
    },
    {
      key: "basis",
      title: <Term name="basis">{t("statement.basis")}</Term>,
      className: "cell-basis",
      render: (_, row) => (isFolded(row) ? <span className="quiet">–</span> : <Basis line={row} />),
    },
    {
      key: "voucher",
      title: <Term name="voucher">{t("statement.voucher")}</Term>,
      className: "cell-basis",
      render: (_, row) =>
        isFolded(row) || !row.voucher ? (
          <span className="quiet">–</span>
        ) : (
          <span className="voucher">{row.voucher}</span>
        ),
    },
    ...(judging
      ? [
          {
            key: "judging",
            title: t("checks.column"),
            className: "cell-judging",
            render: (_: unknown, row: Shown) => (isFolded(row) ? <span className="quiet">–</span> : judging(row.use)),
          },
        ]
      : []),
  ];
  return (
    <>
      <div className="card-head">
        <h2 id="statement-title">
          <Term name="statement">{t("statement.title")}</Term>
        </h2>
        <p className="quiet">{t("statement.explain", { convention: name("convention", convention.toLowerCase()) })}</p>
        <p className="quiet proof-legend">
          {PROOFS.map((proof) => (
            <span key={proof}>
              <ProofMark proven={proof === "proven"} /> <Term name={proof} />
            </span>
          ))}
        </p>
      </div>
      <div className="table-scroll">
        <Table<Shown>
          className="statement"
          rowKey="use"
          columns={columns}
          dataSource={shownRows(lines, unfolded)}
          pagination={false}
          size="middle"
          expandable={{
            expandedRowKeys: [...open],
            showExpandColumn: false,
            expandRowByClick: false,
            rowExpandable: (row) => !isFolded(row),
            expandedRowRender: (row) =>
              isFolded(row) ? null : <EvidencePanel loanId={facts.loan_id} runId={runId} line={row} facts={facts} />,
          }}
          onRow={(row) => ({
            onClick: (event) => {
              const onControl = event.target instanceof Element && event.target.closest("button, a");
              if (onControl || window.getSelection()?.toString() !== "") return;
              if (isFolded(row)) fold();
              else toggle(row.use);
            },
          })}
          summary={() => <Total total={total} disbursed={BigInt(disbursed)} facts={facts} columns={columns.length} />}
        />
      </div>
      {BigInt(returned) > 0n && (
        <p className="memo quiet" title={t("loan.returned_hint")}>
          <Term name="returned">{t("loan.returned")}</Term>{" "}
          <span className="figures" title={money.hover(returned)}>
            {money.full(returned)}
          </span>{" "}
          · {t("loan.returned_hint")}
        </p>
      )}
    </>
  );
}

interface FoldedProps {
  readonly row: Folded;
  readonly open: boolean;
  readonly toggle: () => void;
}

function FoldedUse({ row, open, toggle }: FoldedProps) {
  const { t, name } = useSpeech();
  const count = row.lines.length;
  const separator = t("statement.list_separator");
  return (
    <span className="use">
      <Button
        type="text"
        size="small"
        className={open ? "expander open" : "expander"}
        icon={<RightOutlined aria-hidden />}
        aria-expanded={open}
        aria-label={t(open ? "statement.fold" : "statement.unfold", { count })}
        onClick={toggle}
      />
      <span className="dot tone-other" aria-hidden="true" />
      <span>
        <span className="use-name">{t("statement.others", { count })}</span>
        <span className="use-group">{row.lines.map((line) => name("use", line.use)).join(separator)}</span>
      </span>
    </span>
  );
}

function Use({ line, open, toggle }: { readonly line: Line; readonly open: boolean; readonly toggle: () => void }) {
  const { t, name } = useSpeech();
  const use = name("use", line.use);
  return (
    <span className="use">
      <Button
        type="text"
        size="small"
        className={open ? "expander open" : "expander"}
        icon={<RightOutlined aria-hidden />}
        aria-expanded={open}
        aria-label={t(open ? "statement.collapse" : "statement.expand", { use })}
        onClick={toggle}
      />
      <span className={`dot tone-${line.group}`} aria-hidden="true" />
      <span>
        <span className="use-name">
          <Coded list="use" code={line.use} />
        </span>
        {line.patterns.length > 0 ? (
          <span className="use-group use-suspected">
            {t("statement.suspected", {
              patterns: line.patterns.map((pattern) => name("pattern", pattern)).join(t("statement.list_separator")),
            })}
          </span>
        ) : (
          <span className="use-group" title={line.group === "restricted" ? t("group.restricted_hint") : undefined}>
            {t(`group.${line.group}`)}
          </span>
        )}
      </span>
    </span>
  );
}

interface BoundsProps {
  readonly line: Line;
  readonly facts: LoanFacts;
  readonly total: bigint;
}

/** The stored bounds, else a button that asks for them. */
function Bounds({ line, facts, total }: BoundsProps) {
  const { t, name } = useSpeech();
  const money = useMoney(facts);
  const queries = useQueryClient();
  const request = useMutation({
    mutationFn: () => fetchBounds(facts.loan_id, line.use),
    // The server computed every line of the loan: read them all again.
    onSuccess: () => queries.invalidateQueries({ queryKey: ["get", "/api/v1/loans/{loan_id}"] }),
  });
  const { least_fen, most_fen, proven } = line.least_fen === null && request.data ? request.data : line;
  if (least_fen === null || most_fen === null) {
    return request.data ? (
      <span className="quiet">{t("statement.bounds_absent")}</span>
    ) : (
      <>
        {request.isError && <span className="bounds-failed">{t("statement.bounds_failed")}</span>}
        <Button
          size="small"
          loading={request.isPending}
          onClick={() => request.mutate()}
          aria-label={t("statement.bounds_of", { use: name("use", line.use) })}
        >
          {t("statement.bounds_request")}
        </Button>
      </>
    );
  }
  return (
    <span className="bounds">
      <span className="bounds-figures figures">
        <span title={money.hover(least_fen)}>{money.exact(least_fen)}</span>
        {" – "}
        <span title={money.hover(most_fen)}>{money.exact(most_fen)}</span>
        <Proof proven={proven} />
      </span>
      <RangeBar
        least={BigInt(least_fen)}
        most={BigInt(most_fen)}
        counted={BigInt(line.amount_fen)}
        whole={total}
        tone={line.group}
      />
    </span>
  );
}

function Proof({ proven }: { readonly proven: boolean | null }) {
  const { t } = useSpeech();
  const [text, hint] = proven
    ? (["statement.proven", "statement.proven_hint"] as const)
    : (["statement.not_proven", "statement.not_proven_hint"] as const);
  return (
    <Tooltip title={`${t(text)}：${t(hint)}`}>
      <span role="img" className={proven ? "proof proven" : "proof"} tabIndex={0} aria-label={`${t(text)}. ${t(hint)}`}>
        <ProofMark proven={proven} />
      </span>
    </Tooltip>
  );
}

/** What stands for proven and not proven in the table, in its legend too. */
function ProofMark({ proven }: { readonly proven: boolean | null }) {
  return proven ? (
    <CheckCircleFilled className="proof-mark" aria-hidden />
  ) : (
    <span className="ring" aria-hidden="true" />
  );
}

function Basis({ line }: { readonly line: Line }) {
  const { name } = useSpeech();
  const bases = (line.basis ?? "").split(/[,;]\s*/).filter((one) => one !== "" && one !== "none");
  return (
    <>
      {bases.length > 0 ? bases.map((one) => name("basis", one)).join(" · ") : <span className="quiet">–</span>}
    </>
  );
}

interface TotalProps {
  readonly total: bigint;
  readonly disbursed: bigint;
  readonly facts: LoanFacts;
  readonly columns: number;
}

function Total({ total, disbursed, facts, columns }: TotalProps) {
  const { t } = useSpeech();
  const money = useMoney(facts);
  return (
    <Table.Summary.Row className="total">
      <Table.Summary.Cell index={0}>{t("statement.total")}</Table.Summary.Cell>
      <Table.Summary.Cell index={1} align="right">
        <Amount fen={total.toString()} form="exact" {...facts} />
      </Table.Summary.Cell>
      <Table.Summary.Cell index={2} colSpan={columns - 2}>
        {total === disbursed ? (
          <span className="matches">
            <CheckCircleFilled aria-hidden /> {t("statement.total_matches")}
          </span>
        ) : (
          <strong className="danger">
            {t("statement.total_differs", { difference: money.full((total - disbursed).toString()) })}
          </strong>
        )}
      </Table.Summary.Cell>
    </Table.Summary.Row>
  );
}
