import { Button, type InputRef, message, Select } from "antd";
import { useEffect, useRef } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import type { Change } from "../table/list_address";
import { SavedFilters } from "../table/SavedFilters";
import { Amount } from "../ui/Amount";
import { useClearing } from "../ui/clearing";
import { Figure } from "../ui/Figure";
import { useKeys } from "../ui/keys";
import { Failure, Loading, Notice } from "../ui/states";
import { TypedSearch } from "../ui/TypedSearch";
import { useUnitName } from "../ui/unit";
import {
  BORROWINGS,
  type Borrowing,
  CLASSES,
  CLEARED,
  isNarrowed,
  KINDS,
  LEVELS,
  PAGE,
  type State,
  useListState,
} from "./address";
import { CustomerTable, type Rows } from "./CustomerTable";

/** What many ask for, ready to choose. */
const SHIPPED = [
  ["customers.shipped.warned", "level=red&level=orange"],
  ["customers.shipped.trouble", "five_class=special_mention&five_class=substandard&five_class=doubtful&five_class=loss"],
  ["customers.shipped.overdue", "borrowing=now&sort=overdue"],
] as const;

export default function CustomersPage() {
  const { t } = useSpeech();
  const { state, change, text, replace } = useListState();
  const [messages, toldHere] = message.useMessage();
  const search = useRef<InputRef>(null);
  const rows = useRef<Rows>(null);
  const { data, error, isFetching, refetch } = api.useQuery(
    "get",
    "/api/v1/customers",
    {
      params: {
        query: {
          search: state.search,
          borrowing: state.borrowing,
          ...(state.kinds.length > 0 && { kind: state.kinds }),
          ...(state.units.length > 0 && { unit: state.units }),
          ...(state.industries.length > 0 && { industry: state.industries }),
          ...(state.levels.length > 0 && { level: state.levels }),
          ...(state.classes.length > 0 && { five_class: state.classes }),
          sort: state.sort,
          direction: state.ascending ? "ascending" : "descending",
          offset: (state.page - 1) * PAGE,
          limit: PAGE,
        },
      },
    },
    { placeholderData: (before) => before },
  );
  useEffect(() => {
    document.title = `${t("customers.title")} · ${t("app.name")}`;
  }, [t]);
  useKeys({
    "/": () => search.current?.focus({ cursor: "all" }),
    j: () => rows.current?.enter(),
  });
  const narrowed = isNarrowed(state);
  const clear = () => change(CLEARED);
  return (
    <div className="page customers-area">
      {toldHere}
      <div className="page-head">
        <h1>{t("customers.title")}</h1>
        <TypedSearch
          box={search}
          className="search"
          label={t("customers.search")}
          value={state.search}
          change={(text) => change({ search: text })}
        />
        <SavedFilters
          place="customers"
          page="/customers"
          text={text}
          shipped={SHIPPED.map(([key, conditions]) => [t(key), conditions] as const)}
          apply={replace}
          say={(said) => void messages.success(said)}
          complain={(said) => void messages.error(said)}
        />
        {data && (
          <ExportButton
            address="/api/v1/customers.xlsx"
            query={() => new URLSearchParams(text)}
            count={data.total_count}
          />
        )}
      </div>
      <Filters state={state} change={change} narrowed={narrowed} clear={clear} />
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Loading rows={12} />
      ) : data.total_count === 0 ? (
        <Notice
          tone="empty"
          title={t(narrowed ? "customers.none_title" : "customers.empty_title")}
          action={narrowed && <Button onClick={clear}>{t("customers.clear")}</Button>}
        >
          <p>{t(narrowed ? "customers.none_hint" : "customers.empty_hint")}</p>
        </Notice>
      ) : (
        <>
          <Totals list={data} />
          <CustomerTable ref={rows} list={data} state={state} busy={isFetching} change={change} />
        </>
      )}
    </div>
  );
}

function Totals({ list }: { readonly list: Schemas["CustomerList"] }) {
  const { t } = useSpeech();
  return (
    <dl className="card figures-row customers-totals">
      <Figure
        label={t("customers.total.count")}
        note={t("customers.total.borrowers", { count: list.borrower_count.toLocaleString("en") })}
      >
        {list.total_count.toLocaleString("en")}
      </Figure>
      {list.totals.flatMap((sums) => {
        const named = (text: string) => (sums.currency === "CNY" ? text : `${text} (${sums.currency})`);
        return [
          <Figure key={`${sums.currency} limit`} label={named(t("customers.limit"))} hint={t("customers.limit_hint")}>
            <Amount fen={sums.limit_fen} form="short" {...sums} />
          </Figure>,
          <Figure key={`${sums.currency} balance`} label={named(t("customers.balance"))}>
            <Amount fen={sums.balance_fen} form="short" {...sums} />
          </Figure>,
          <Figure
            key={`${sums.currency} overdue`}
            label={named(t("customers.overdue_balance"))}
            hint={t("customers.overdue_balance_hint")}
            danger={sums.overdue_balance_fen !== "0"}
          >
            <Amount fen={sums.overdue_balance_fen} form="short" {...sums} />
          </Figure>,
        ];
      })}
    </dl>
  );
}

interface FilterProps {
  readonly state: State;
  readonly change: Change;
  readonly narrowed: boolean;
  readonly clear: () => void;
}

function Filters({ state, change, narrowed, clear }: FilterProps) {
  const { t, name, language } = useSpeech();
  const clearing = useClearing();
  const unitName = useUnitName();
  const { data } = api.useQuery("get", "/api/v1/customer-choices", {}, { staleTime: 300_000 });
  const many = (label: string, field: string, value: readonly string[], options: { value: string; label: string }[]) => (
    <Select<string[]>
      mode="multiple"
      allowClear={clearing}
      maxTagCount="responsive"
      aria-label={label}
      placeholder={label}
      className="filter"
      popupMatchSelectWidth={false}
      optionFilterProp="label"
      value={[...value]}
      options={options}
      onChange={(chosen) => change({ [field]: chosen })}
    />
  );
  const counted = (label: string, count: number) => `${label} (${count.toLocaleString("en")})`;
  return (
    <div className="list-filters" role="group" aria-label={t("customers.filters")}>
      <Select<Borrowing>
        aria-label={t("customers.borrowing")}
        className="filter"
        value={state.borrowing}
        options={BORROWINGS.map((one) => ({ value: one, label: name("borrowing", one) }))}
        onChange={(one) => change({ borrowing: one === "any" ? "" : one })}
      />
      {many(
        t("customers.kind"),
        "kind",
        state.kinds,
        KINDS.map((one) => ({ value: one, label: name("party_kind", one) })),
      )}
      {many(
        t("customers.unit"),
        "unit",
        state.units,
        (data?.units ?? []).map((unit) => {
          const text = unitName(unit.value, unit.name);
          return { value: unit.value, label: unit.customer_count > 0 ? counted(text, unit.customer_count) : text };
        }),
      )}
      {many(
        t("customers.industry"),
        "industry",
        state.industries,
        (data?.industries ?? []).map((one) => ({
          value: one.value,
          label: counted(language === "zh" ? one.chinese : one.english, one.customer_count),
        })),
      )}
      {many(
        t("customers.level"),
        "level",
        state.levels,
        LEVELS.map((one) => ({ value: one, label: name("warning_level", one) })),
      )}
      {many(
        t("customers.class"),
        "five_class",
        state.classes,
        CLASSES.map((one) => ({ value: one, label: name("five_class", one) })),
      )}
      {narrowed && (
        <Button type="link" onClick={clear}>
          {t("customers.clear")}
        </Button>
      )}
    </div>
  );
}
