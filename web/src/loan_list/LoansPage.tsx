import { FilterOutlined } from "@ant-design/icons";
import { Alert, Badge, Button, message, Switch } from "antd";
import { useEffect, useRef, useState } from "react";
import { api } from "../api/client";
import { type Key, useSpeech } from "../i18n";
import { ColumnChooser } from "../table/ColumnChooser";
import { ExportButton } from "../table/ExportButton";
import { useDensity } from "../table/kept";
import type { Rows } from "../table/RowsTable";
import { SavedFilters } from "../table/SavedFilters";
import { SearchBox } from "../table/SearchBox";
import { Failure, Loading, Notice } from "../ui/states";
import { asQuery, conditionCount, useListState } from "./address";
import { Chips } from "./Chips";
import { FilterPanel } from "./FilterPanel";
import { LoanTable } from "./LoanTable";
import { COLUMNS, useColumns } from "./preferences";
import { Totals } from "./Totals";

const PANEL = "loan-filters";
/** What many ask for; the texts are those of the address. */
const SHIPPED: readonly (readonly [Key, string])[] = [
  ["loans.shipped.suspected", "suspected=true"],
  ["loans.shipped.market", "pattern=FLOW_SECURITIES&pattern=FLOW_REALESTATE"],
  ["loans.shipped.unseen", "seen_below=50&state=outstanding&state=overdue&sort=balance"],
  ["loans.shipped.trouble", "five_class=special_mention&five_class=substandard&five_class=doubtful&five_class=loss&sort=balance"],
  ["loans.shipped.overdue", "state=overdue&sort=balance"],
];

export default function LoansPage() {
  const { t } = useSpeech();
  const { state, text, change, replace } = useListState();
  const [columns, setColumns] = useColumns();
  const [density, setDensity] = useDensity("loans");
  const [filtering, setFiltering] = useState(false);
  const [messages, holder] = message.useMessage();
  const rows = useRef<Rows>(null);
  const { data, error, isFetching, refetch } = api.useQuery(
    "get",
    "/api/v1/loans",
    { params: { query: { ...asQuery(state), offset: (state.page - 1) * state.size, limit: state.size } } },
    { placeholderData: (before) => before },
  );
  useEffect(() => {
    document.title = `${t("loans.title")} · ${t("app.name")}`;
  }, [t]);
  const conditions = conditionCount(state);
  const narrowed = state.search !== "" || conditions > 0;
  const nothing = data?.total_count === 0;
  const empty = nothing && !narrowed;
  const clear = () => replace("");
  const currencies = data?.totals.map((totals) => totals.currency) ?? [];
  const yuan = currencies.length <= 1 && (currencies[0] ?? "CNY") === "CNY";
  return (
    <div className="page loans-page">
      {holder}
      <div className="page-head list-head">
        <h1>{t("loans.title")}</h1>
        {!empty && !error && (
          <>
            <SearchBox
              search={state.search}
              change={(search) => change({ search })}
              leave={() => rows.current?.enter()}
              label={t("loans.search")}
              hint={t("loans.search_fields")}
            />
            <label className="switch">
              <Switch
                size="small"
                checked={state.suspected}
                onChange={(on) => change({ suspected: on ? "true" : "" })}
                aria-label={t("loans.suspected_only")}
              />
              <span>{t("loans.suspected_only")}</span>
            </label>
            <Badge count={conditions} size="small" color="#0f6b66">
              <Button
                icon={<FilterOutlined aria-hidden />}
                aria-expanded={filtering}
                aria-controls={PANEL}
                onClick={() => setFiltering(!filtering)}
              >
                {t("table.filters")}
              </Button>
            </Badge>
            <SavedFilters
              place="loans"
              page="/loans"
              text={text}
              shipped={SHIPPED.map(([key, conditions]) => [t(key), conditions] as const)}
              apply={replace}
              say={(said) => void messages.success(said)}
              complain={(said) => void messages.error(said)}
            />
          </>
        )}
      </div>
      {!empty && !error && (
        <>
          {filtering && <FilterPanel id={PANEL} state={state} change={change} />}
          <Chips state={state} change={change} clear={clear} />
        </>
      )}
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Loading rows={12} />
      ) : empty ? (
        <Notice tone="empty" title={t("loans.empty_title")}>
          <p>{t("loans.empty_hint")}</p>
        </Notice>
      ) : nothing ? (
        <Notice tone="empty" title={t("loans.none_title")} action={<Button onClick={clear}>{t("loans.clear")}</Button>}>
          <p>{t("loans.none_hint")}</p>
        </Notice>
      ) : (
        <>
          {data.run === null && <Alert type="info" showIcon title={t("loans.untraced")} className="alert" />}
          {data.totals.map((totals) => (
            <Totals key={totals.currency} totals={totals} chosen={state.many.main_pattern} change={change} />
          ))}
          <div className="table-tools">
            <span className="quiet" aria-live="polite">
              {t(yuan ? "loans.found" : "loans.found_other", {
                count: data.total_count.toLocaleString("en"),
                unit: t(yuan ? "unit.list" : "unit.list_other"),
              })}
            </span>
            <ColumnChooser
              all={COLUMNS}
              columns={columns}
              title={(column) => t(`loans.column.${column}` as Key)}
              setColumns={setColumns}
              density={density}
              setDensity={setDensity}
            />
            <ExportButton
              address="/api/v1/loans.xlsx"
              query={() => {
                const query = new URLSearchParams(text);
                for (const column of columns) query.append("columns", column);
                return query;
              }}
              count={data.total_count}
            />
          </div>
          <LoanTable
            ref={rows}
            list={data}
            state={state}
            columns={columns}
            density={density}
            busy={isFetching}
            change={change}
          />
        </>
      )}
    </div>
  );
}
