import { FilterOutlined } from "@ant-design/icons";
import { Alert, Badge, Button, message, Switch } from "antd";
import { useEffect, useRef, useState } from "react";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { Failure, Loading, Notice } from "../ui/states";
import { asQuery, conditionCount, useListState } from "./address";
import { Chips } from "./Chips";
import { ColumnChooser } from "./ColumnChooser";
import { ExportButton } from "./ExportButton";
import { FilterPanel } from "./FilterPanel";
import { LoanTable, type Rows } from "./LoanTable";
import "./loan_list.css";
import { useColumns, useDensity } from "./preferences";
import { SavedFilters } from "./SavedFilters";
import { SearchBox } from "./SearchBox";
import { Totals } from "./Totals";

const PANEL = "loan-filters";

export default function LoansPage() {
  const { t } = useSpeech();
  const { state, text, change, replace } = useListState();
  const [columns, setColumns] = useColumns();
  const [density, setDensity] = useDensity();
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
      <div className="page-head loans-head">
        <h1>{t("loans.title")}</h1>
        {!empty && !error && (
          <>
            <SearchBox search={state.search} change={change} leave={() => rows.current?.enter()} />
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
                {t("loans.filters")}
              </Button>
            </Badge>
            <SavedFilters text={text} apply={replace} say={(said) => void messages.success(said)} />
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
            <ColumnChooser columns={columns} setColumns={setColumns} density={density} setDensity={setDensity} />
            <ExportButton
              text={text}
              columns={columns}
              count={data.total_count}
              complain={(said) => void messages.error(said)}
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
