import { FilterOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Alert, Badge, Button, message, Table } from "antd";
import { useRef, useState } from "react";
import { fetcher, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ColumnChooser } from "../table/ColumnChooser";
import { ExportButton } from "../table/ExportButton";
import { acceptColumns, useDensity, useKept } from "../table/kept";
import { type Rows, RowsTable } from "../table/RowsTable";
import { SavedFilters } from "../table/SavedFilters";
import { SearchBox } from "../table/SearchBox";
import { Amount } from "../ui/Amount";
import { Failure, Loading, Notice } from "../ui/states";
import { asParams, conditionCount, type Column, type Ledger, useLedgerState } from "./address";
import { Chips } from "./Chips";
import { opened, type Row, useTableColumns } from "./columns";
import { FilterPanel } from "./FilterPanel";
import { useShipped } from "./shipped";
import { useTold } from "./words";

const PANEL = "ledger-filters";
const WIDE_PX = 1600;
/** Notes that explain; the others say what the figures lack. */
const QUIET_NOTES: readonly string[] = ["capital", "limits"];

/** What fits the window, until the reader chooses. */
function usual(ledger: Ledger): readonly string[] {
  const wide = window.innerWidth >= WIDE_PX;
  return ledger.columns.filter((column) => column.from_narrow || (wide && column.from_wide)).map((column) => column.field);
}

export function LedgerView({ ledger }: { readonly ledger: Ledger }) {
  const { t, language } = useSpeech();
  const told = useTold();
  const { state, text, change, replace } = useLedgerState(ledger);
  const all = ledger.columns.map((column) => column.field);
  const [fields, setFields] = useKept<readonly string[]>(
    `loantrail.ledgers.${ledger.name}.columns`,
    () => usual(ledger),
    (kept) => acceptColumns(all, kept),
  );
  const [density, setDensity] = useDensity("ledgers");
  const [filtering, setFiltering] = useState(false);
  const [messages, holder] = message.useMessage();
  const shipped = useShipped(ledger.name);
  const rows = useRef<Rows>(null);
  const query = asParams(state);
  query.set("offset", String((state.page - 1) * state.size));
  query.set("limit", String(state.size));
  const asked = query.toString();
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ["ledger", ledger.name, asked],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }): Promise<Schemas["LedgerPage"]> => {
      const { data: page, error: problem } = await fetcher.GET(`/api/v1/ledgers/${ledger.name}`, {
        signal,
        // The parameters are those of the description, which the server checks.
        querySerializer: () => asked,
      });
      if (!page) throw problem;
      return page;
    },
  });
  const shown = fields.flatMap((field) => ledger.columns.filter((column) => column.field === field));
  const columns = useTableColumns(shown, state, data?.labels ?? {});
  const conditions = conditionCount(state);
  const narrowed = state.search !== "" || conditions > 0;
  const nothing = data?.total_count === 0;
  const empty = nothing && !narrowed;
  const clear = () => replace("");
  const currencies = data?.sums.map((one) => one.currency) ?? [];
  const yuan = currencies.length <= 1 && (currencies[0] ?? "CNY") === "CNY";
  return (
    <>
      {holder}
      <div className="page-head list-head">
        <h1>{told(ledger)}</h1>
        {!empty && !error && (
          <>
            <SearchBox
              search={state.search}
              change={(search) => change({ search })}
              leave={() => rows.current?.enter()}
              label={language === "zh" ? ledger.search_chinese : ledger.search_english}
            />
            <Badge count={conditions} size="small" color="#0f6b66">
              <Button icon={<FilterOutlined aria-hidden />} aria-expanded={filtering} aria-controls={PANEL} onClick={() => setFiltering(!filtering)}>
                {t("table.filters")}
              </Button>
            </Badge>
            <SavedFilters
              place={`ledgers/${ledger.name}`}
              page={`/ledgers/${ledger.name}`}
              text={text}
              shipped={shipped}
              apply={replace}
              say={(said) => void messages.success(said)}
              complain={(said) => void messages.error(said)}
            />
          </>
        )}
      </div>
      {!empty && !error && (
        <>
          {filtering && <FilterPanel id={PANEL} ledger={ledger} state={state} change={change} />}
          <Chips ledger={ledger} state={state} labels={data?.labels} change={change} clear={clear} />
        </>
      )}
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Loading rows={12} />
      ) : empty ? (
        <Notice tone="empty" title={t("ledger.empty_title")}>
          <p>{t("ledger.empty_hint")}</p>
        </Notice>
      ) : nothing ? (
        <Notice tone="empty" title={t("ledger.none_title")} action={<Button onClick={clear}>{t("loans.clear")}</Button>}>
          <p>{t("ledger.none_hint")}</p>
        </Notice>
      ) : (
        <>
          {data.notes.map((note) =>
            QUIET_NOTES.includes(note.code) ? (
              <p key={note.code} className="quiet ledger-note">
                {told(note)}
              </p>
            ) : (
              <Alert key={note.code} type="warning" showIcon title={told(note)} className="alert" />
            ),
          )}
          <div className="table-tools">
            <span className="quiet" aria-live="polite">
              {t(yuan ? "ledger.found" : "ledger.found_other", {
                count: data.total_count.toLocaleString("en"),
                unit: t(yuan ? "unit.list" : "unit.list_other"),
              })}
            </span>
            <ColumnChooser
              all={all}
              columns={fields}
              title={(field) => told(ledger.columns.find((column) => column.field === field) as Column)}
              setColumns={setFields}
              density={density}
              setDensity={setDensity}
            />
            <ExportButton
              address={`/api/v1/ledgers/${ledger.name}.xlsx`}
              query={() => {
                const wanted = asParams(state);
                for (const field of fields) wanted.append("columns", field);
                return wanted;
              }}
              count={data.total_count}
            />
          </div>
          <RowsTable<Row>
            ref={rows}
            className="ledger"
            rows={data.rows}
            rowKey={(row) => row.key}
            columns={columns}
            density={density}
            busy={isFetching}
            page={state.page}
            size={state.size}
            total={data.total_count}
            sort={state.sort}
            ascending={state.ascending}
            turn={(page, size) => change({ page: page > 1 ? String(page) : "", ...(size === state.size ? {} : { size: String(size) }) })}
            order={(sort, ascending) => change({ sort, direction: ascending ? "ascending" : "descending" })}
            opens={(row) => opened(ledger.columns[0], row)}
            summary={() => <Sums sums={data.sums} shown={shown} />}
          />
        </>
      )}
    </>
  );
}

interface SumsProps {
  readonly sums: readonly Schemas["LedgerSum"][];
  readonly shown: readonly Column[];
}

/** The foot: sums over every row that was found, a line for each currency. */
function Sums({ sums, shown }: SumsProps) {
  const { t } = useSpeech();
  return (
    <Table.Summary fixed="bottom">
      {sums.map((sum) => (
        <Table.Summary.Row key={sum.currency} className="ledger-sums">
          {shown.map((column, place) => {
            const total = column.summed ? sum.sums[column.field] : undefined;
            return (
              <Table.Summary.Cell key={column.field} index={place} {...(place > 0 ? { align: "right" as const } : {})}>
                {place === 0 ? (
                  <strong>
                    {sums.length > 1
                      ? t("ledger.sum_of", { currency: sum.currency, count: sum.row_count.toLocaleString("en") })
                      : t("ledger.sum", { count: sum.row_count.toLocaleString("en") })}
                  </strong>
                ) : total === undefined ? null : column.kind === "amount" ? (
                  <strong className="figures">
                    <Amount fen={total} form="list" {...sum} />
                  </strong>
                ) : (
                  <strong className="figures">{Number(total).toLocaleString("en")}</strong>
                )}
              </Table.Summary.Cell>
            );
          })}
        </Table.Summary.Row>
      ))}
    </Table.Summary>
  );
}
