import { Checkbox, Spin, Table, type TableProps } from "antd";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Amount, useMoney } from "../ui/Amount";
import { ProblemText } from "./ProblemText";
import { type Line, sumFen } from "./groups";
import { Coded } from "../ui/Coded";
import { useSearchParams } from "../ui/address";

type Convention = Schemas["OtherConvention"];
type Counted = Schemas["ConventionLine"];

const COUNTING: readonly Convention[] = ["lifo", "pro_rata", "own_first", "loan_first"];
const ALL: readonly Convention[] = [...COUNTING, "poison"];
const ADDRESS = "by";

interface Props {
  readonly loanId: string;
  readonly runId: string;
  readonly lines: readonly Line[];
  readonly facts: Schemas["LoanFacts"];
}

function isConvention(text: string): text is Convention {
  return (ALL as readonly string[]).includes(text);
}

/** Which conventions stand beside the official one is in the address. */
function useChosen() {
  const [address, setAddress] = useSearchParams();
  const named = address.get(ADDRESS);
  const chosen = named === null ? [...COUNTING] : named.split(",").filter(isConvention);
  const choose = (next: readonly Convention[]) => {
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        after.set(ADDRESS, ALL.filter((one) => next.includes(one)).join(","));
        return after;
      },
      { replace: true, preventScrollReset: true },
    );
  };
  return { chosen, choose };
}

function useCounted(loanId: string, convention: Convention, enabled: boolean) {
  return api.useQuery(
    "get",
    "/api/v1/loans/{loan_id}/conventions/{convention}",
    { params: { path: { loan_id: loanId, convention } } },
    { enabled, staleTime: Number.POSITIVE_INFINITY },
  );
}

interface Row {
  readonly use: string;
  readonly official_fen: string;
  readonly group: string;
}

/** The statement by other conventions beside the official one, and what changes in each line. */
export function Conventions({ loanId, lines, facts }: Props) {
  const { t, name } = useSpeech();
  const { chosen, choose } = useChosen();
  // One query per convention: each column fills when its count is done.
  const answers: Readonly<Record<Convention, ReturnType<typeof useCounted>>> = {
    lifo: useCounted(loanId, "lifo", chosen.includes("lifo")),
    pro_rata: useCounted(loanId, "pro_rata", chosen.includes("pro_rata")),
    own_first: useCounted(loanId, "own_first", chosen.includes("own_first")),
    loan_first: useCounted(loanId, "loan_first", chosen.includes("loan_first")),
    poison: useCounted(loanId, "poison", chosen.includes("poison")),
  };
  const shown = ALL.filter((one) => chosen.includes(one));
  const official = new Set(lines.map((line) => line.use));
  const added = new Map<string, Row>();
  for (const convention of shown) {
    for (const line of answers[convention].data?.lines ?? []) {
      if (!official.has(line.use)) added.set(line.use, { use: line.use, official_fen: "0", group: "other" });
    }
  }
  const rows: Row[] = [
    ...lines.map((line) => ({ use: line.use, official_fen: line.amount_fen, group: line.group })),
    ...added.values(),
  ];
  const columns: NonNullable<TableProps<Row>["columns"]> = [
    {
      key: "use",
      title: t("statement.use"),
      render: (_, row) => (
        <span className="use">
          <span className={`dot tone-${row.group}`} aria-hidden="true" />
          <span className="use-name">{name("use", row.use)}</span>
        </span>
      ),
    },
    {
      key: "official",
      title: (
        <>
          <Coded list="convention" code="fifo" />
          <span className="column-note">{t("conventions.official")}</span>
        </>
      ),
      align: "right",
      className: "cell-official",
      render: (_, row) => <Amount fen={row.official_fen} form="exact" {...facts} />,
    },
    ...shown.map((convention) => ({
      key: convention,
      title: (
        <>
          <Coded list="convention" code={convention} />
          <span className="column-note">
            {t(convention === "poison" ? "conventions.reach_only" : "conventions.analysis_only")}
          </span>
        </>
      ),
      align: "right" as const,
      render: (_: unknown, row: Row) => {
        const line = answers[convention].data?.lines.find((one) => one.use === row.use);
        // Two lines, as what comes in its place, so that the rows below stay where they are.
        if (answers[convention].isPending) {
          return (
            <span className="quiet">
              …<br />
              {"\u00a0"}
            </span>
          );
        }
        if (answers[convention].isError) return <span className="quiet">–</span>;
        return <Cell line={line} taint={convention === "poison"} facts={facts} />;
      },
    })),
  ];
  const pending = shown.filter((one) => answers[one].isPending);
  const failed = shown.filter((one) => answers[one].isError);
  return (
    <section className="card" aria-labelledby="conventions-title">
      <div className="card-head">
        <h2 id="conventions-title">{t("conventions.title")}</h2>
        <span className="analysis-mark">{t("conventions.analysis_only")}</span>
        <p className="quiet">{t("conventions.explain")}</p>
      </div>
      <fieldset className="convention-choice">
        <legend className="quiet">{t("conventions.compare")}</legend>
        <Checkbox.Group<Convention>
          value={chosen}
          onChange={choose}
          options={ALL.map((one) => ({ value: one, label: name("convention", one) }))}
        />
        <ExportButton
          address={`/api/v1/loans/${encodeURIComponent(loanId)}/conventions.xlsx`}
          query={() => new URLSearchParams(shown.map((one) => ["by", one]))}
          count={shown.length === 0 ? 0 : rows.length}
        />
      </fieldset>
      <div className="convention-progress" role="status">
        {pending.length > 0 && (
          <>
            <Spin size="small" />{" "}
            {t("conventions.computing", {
              conventions: pending.map((one) => name("convention", one)).join(t("statement.list_separator")),
            })}
          </>
        )}
      </div>
      <div className="table-scroll">
        <Table<Row>
          className="statement conventions"
          rowKey="use"
          columns={columns}
          dataSource={rows}
          pagination={false}
          size="middle"
          summary={() => (
            <Table.Summary.Row className="total">
              <Table.Summary.Cell index={0}>{t("statement.total")}</Table.Summary.Cell>
              <Table.Summary.Cell index={1} align="right" className="cell-official">
                <Amount fen={sumFen(lines).toString()} form="exact" {...facts} />
              </Table.Summary.Cell>
              {shown.map((one, position) => (
                <Table.Summary.Cell key={one} index={position + 2} align="right">
                  {one === "poison" || !answers[one].data ? (
                    <span className="quiet">–</span>
                  ) : (
                    <Amount fen={summed(answers[one].data.lines)} form="exact" {...facts} />
                  )}
                </Table.Summary.Cell>
              ))}
            </Table.Summary.Row>
          )}
        />
      </div>
      {failed.map((one) => (
        <ProblemText
          key={one}
          title={t("conventions.failed", { convention: name("convention", one) })}
          error={answers[one].error}
          retry={() => void answers[one].refetch()}
        />
      ))}
      {chosen.includes("poison") && <p className="memo quiet">{t("conventions.poison_hint")}</p>}
    </section>
  );
}

function summed(lines: readonly Counted[]): string {
  return lines.reduce((sum, line) => sum + BigInt(line.amount_fen ?? "0"), 0n).toString();
}

interface CellProps {
  readonly line: Counted | undefined;
  readonly taint: boolean;
  readonly facts: Schemas["LoanFacts"];
}

function Cell({ line, taint, facts }: CellProps) {
  const { t } = useSpeech();
  const money = useMoney(facts);
  if (taint) {
    const places = line?.place_count ?? 0;
    return places > 0 ? (
      <span className="figures">{t(places === 1 ? "conventions.places_one" : "conventions.places", { places })}</span>
    ) : (
      <span className="quiet">{t("conventions.not_reached")}</span>
    );
  }
  const amount = line?.amount_fen ?? "0";
  const difference = BigInt(line?.difference_fen ?? "0");
  return (
    <>
      <Amount fen={amount} form="exact" {...facts} />
      <span
        className={difference === 0n ? "convention-difference quiet figures" : "convention-difference figures"}
        title={money.hover(difference.toString())}
      >
        {difference === 0n
          ? t("conventions.same")
          : `${difference > 0n ? "+" : "−"}${money.exact((difference > 0n ? difference : -difference).toString())}`}
      </span>
    </>
  );
}
