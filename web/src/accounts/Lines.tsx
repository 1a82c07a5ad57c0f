import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, DatePicker, Input, Select, type TableProps } from "antd";
import dayjs from "dayjs";
import { useEffect, useRef, useState } from "react";
import { Link, useLocation, useNavigate } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { WideTable } from "../portfolio/WideTable";
import { AccountLink } from "../ui/AccountLink";
import { useMoney } from "../ui/Amount";
import "../ui/calendar";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { conditionsOf, fetchLines } from "./fetching";
import { MergedAway, survivorsIn } from "./MergedAway";
import { PairingTag } from "./PairingTag";
import { Term } from "../ui/Term";
import { useSearchParams } from "../ui/address";

type Line = Schemas["Line"];

const TYPING_MS = 350;
const AMOUNT = /^\d{1,15}(\.\d{1,2})?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Which lines are shown stands in the address. */
function useLineFilters() {
  const [address, setAddress] = useSearchParams();
  const { pathname } = useLocation();
  const date = (name: string) => {
    const text = address.get(name) ?? "";
    return DATE.test(text) && dayjs(text).isValid() ? text : "";
  };
  const direction = address.get("direction");
  const filters = {
    from: date("from"),
    to: date("to"),
    least: AMOUNT.test(address.get("least") ?? "") ? (address.get("least") ?? "") : "",
    most: AMOUNT.test(address.get("most") ?? "") ? (address.get("most") ?? "") : "",
    direction: direction === "credit" || direction === "debit" ? direction : "",
    text: (address.get("text") ?? "").slice(0, 100),
  } as const;
  const change = (values: Readonly<Record<string, string>>) => {
    // Typing that is taken over only now must not lead back a reader who has gone on meanwhile.
    if (window.location.pathname !== pathname) return;
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        for (const [name, value] of Object.entries(values)) {
          if (value) after.set(name, value);
          else after.delete(name);
        }
        return after;
      },
      { replace: true, preventScrollReset: true },
    );
  };
  return { filters, change };
}

export type LineFilters = ReturnType<typeof useLineFilters>["filters"];

/** An account's lines, the newest first, with what the trace says of each. */
export function Lines({ account }: { readonly account: string }) {
  const { t } = useSpeech();
  const { filters, change } = useLineFilters();
  const narrowed = Object.values(filters).some((value) => value !== "");
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetching, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["account lines", account, filters],
    queryFn: ({ pageParam }) => fetchLines(account, filters, pageParam),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: (before) => before,
  });
  const first = data?.pages[0];
  const lines = data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className="card lines" aria-labelledby="account-lines-title">
      <div className="card-head">
        <h2 id="account-lines-title">
          <Term name="statement_line">{t("accounts.lines_title")}</Term>
        </h2>
        {first?.mirrored && <p className="quiet">{t("accounts.lines_mirrored")}</p>}
        {first && (
          <ExportButton
            address={`/api/v1/accounts/${encodeURIComponent(account)}/lines.xlsx`}
            query={() => new URLSearchParams(conditionsOf(filters))}
            count={null}
          />
        )}
      </div>
      <Filters filters={filters} change={change} narrowed={narrowed} />
      {survivorsIn(error).length > 0 ? (
        <MergedAway account={account} survivors={survivorsIn(error)} />
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !first ? (
        <Loading rows={8} />
      ) : (
        <>
          <LineTable lines={lines} page={first} busy={isFetching && !isFetchingNextPage} narrowed={narrowed} />
          {hasNextPage && (
            <div className="more">
              <Button loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                {t("accounts.lines_more")}
              </Button>
            </div>
          )}
        </>
      )}
    </section>
  );
}

interface FilterProps {
  readonly filters: LineFilters;
  readonly change: (values: Readonly<Record<string, string>>) => void;
  readonly narrowed: boolean;
}

function Filters({ filters, change, narrowed }: FilterProps) {
  const { t } = useSpeech();
  return (
    <div className="line-filters" role="search" aria-label={t("accounts.lines_filters")}>
      <DatePicker.RangePicker
        value={[filters.from ? dayjs(filters.from) : null, filters.to ? dayjs(filters.to) : null]}
        allowEmpty={[true, true]}
        placeholder={[t("accounts.lines_date_from"), t("accounts.lines_date_to")]}
        aria-label={t("accounts.lines_dates")}
        onChange={(range) =>
          change({ from: range?.[0]?.format("YYYY-MM-DD") ?? "", to: range?.[1]?.format("YYYY-MM-DD") ?? "" })
        }
      />
      <Select<string>
        aria-label={t("accounts.lines_direction")}
        className="filter"
        value={filters.direction}
        options={[
          { value: "", label: t("accounts.lines_direction_any") },
          { value: "credit", label: t("accounts.lines_credit") },
          { value: "debit", label: t("accounts.lines_debit") },
        ]}
        onChange={(direction) => change({ direction })}
      />
      <AmountInput label={t("accounts.lines_least")} value={filters.least} change={(least) => change({ least })} />
      <AmountInput label={t("accounts.lines_most")} value={filters.most} change={(most) => change({ most })} />
      <Typed label={t("accounts.lines_search")} value={filters.text} change={(text) => change({ text })} />
      {narrowed && (
        <Button
          type="link"
          onClick={() => change({ from: "", to: "", least: "", most: "", direction: "", text: "" })}
        >
          {t("accounts.clear")}
        </Button>
      )}
    </div>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
}

function useTyped(value: string, change: (value: string) => void, fits: (text: string) => boolean) {
  const [text, setText] = useState(value);
  const changing = useRef(change);
  changing.current = change;
  const fitting = useRef(fits);
  fitting.current = fits;
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value || !fitting.current(text.trim())) return;
    const timer = window.setTimeout(() => changing.current(text.trim()), TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [text, value]);
  return [text, setText] as const;
}

function Typed({ label, value, change }: FieldProps) {
  const [text, setText] = useTyped(value, change, () => true);
  return (
    <Input
      allowClear
      className="search"
      placeholder={label}
      aria-label={label}
      maxLength={100}
      value={text}
      onChange={(event) => setText(event.target.value)}
    />
  );
}

function AmountInput({ label, value, change }: FieldProps) {
  const { t } = useSpeech();
  const fits = (text: string) => text === "" || AMOUNT.test(text);
  const [text, setText] = useTyped(value, change, fits);
  const wrong = !fits(text.trim().replace(/,/g, ""));
  return (
    <Input
      allowClear
      className="amount-input figures"
      inputMode="decimal"
      placeholder={label}
      aria-label={label}
      aria-invalid={wrong}
      status={wrong ? "error" : ""}
      title={wrong ? t("accounts.lines_bad_amount") : undefined}
      maxLength={22}
      value={text}
      onChange={(event) => setText(event.target.value.replace(/,/g, ""))}
    />
  );
}

interface TableState {
  readonly lines: readonly Line[];
  readonly page: Schemas["LinePage"];
  readonly busy: boolean;
  readonly narrowed: boolean;
}

function LineTable({ lines, page, busy, narrowed }: TableState) {
  const { t, name } = useSpeech();
  const money = useMoney(page);
  const open = useNavigate();
  const currency = page.currency;
  const figure = (fen: string) => (
    <span className="amount" title={money.hover(fen)}>
      {money.exact(fen)}
    </span>
  );
  const none = <span className="quiet">–</span>;
  const columns: NonNullable<TableProps<Line>["columns"]> = [
    {
      key: "time",
      title: t("accounts.lines_time"),
      className: "figures nowrap",
      render: (_, line) => (
        <Link
          to={`/transactions/${line.transfer_id}`}
          aria-label={t("accounts.lines_open_label", { time: instantText(line.booked_at) })}
        >
          {instantText(line.booked_at)}
        </Link>
      ),
    },
    {
      key: "in",
      title: <Term name="credit">{t("accounts.lines_in_column", { currency })}</Term>,
      align: "right",
      className: "figures",
      render: (_, line) => (line.direction === "credit" ? figure(line.amount_fen) : null),
    },
    {
      key: "out",
      title: <Term name="debit">{t("accounts.lines_out_column", { currency })}</Term>,
      align: "right",
      className: "figures",
      render: (_, line) => (line.direction === "debit" ? figure(line.amount_fen) : null),
    },
    ...(page.mirrored
      ? []
      : [
          {
            key: "balance",
            title: <Term name="running_balance">{t("accounts.lines_balance", { currency })}</Term>,
            align: "right" as const,
            className: "figures",
            render: (_: unknown, line: Line) =>
              line.balance_fen === null ? (
                none
              ) : (
                <span
                  className={line.balance_computed ? "computed" : undefined}
                  title={line.balance_computed ? t("accounts.lines_balance_computed") : undefined}
                >
                  {figure(line.balance_fen)}
                </span>
              ),
          },
        ]),
    {
      key: "other",
      title: <Term name="counterparty">{t("accounts.lines_counterparty")}</Term>,
      className: "cell-party",
      render: (_, line) => (
        <span className="party">
          <span className={line.counterparty.name ? "party-name" : "party-name quiet"}>
            {line.counterparty.name ?? t(line.counterparty.account ? "accounts.unnamed" : "accounts.no_account")}
          </span>
          {line.counterparty.account && (
            <AccountLink className="party-account figures" account={line.counterparty.account} />
          )}
        </span>
      ),
    },
    { key: "text", title: t("accounts.lines_text"), className: "cell-text", render: (_, line) => line.purpose_text ?? none },
    {
      key: "loan",
      title: t("accounts.lines_loan", { currency }),
      align: "right",
      className: "figures",
      render: (_, line) =>
        line.loan_fen === "0" ? (
          none
        ) : (
          <span className="loan-in-line">
            <strong>{figure(line.loan_fen)}</strong>
            {line.loan_count > 1 && (
              <span className="quiet small">{t("accounts.lines_loans_in", { count: line.loan_count })}</span>
            )}
          </span>
        ),
    },
    {
      key: "class",
      title: t("accounts.lines_class"),
      render: (_, line) =>
        line.destination_class ? (
          <span title={line.basis ? name("basis", line.basis) : undefined}>
            {name("use", line.destination_class)}
            {line.basis === "correction" && <span className="quiet small"> {name("basis", line.basis)}</span>}
          </span>
        ) : (
          none
        ),
    },
    {
      key: "pairing",
      title: t("accounts.lines_pairing"),
      render: (_, line) => <PairingTag state={line.pairing} basis={line.pairing_basis} />,
    },
  ];
  return (
    <WideTable<Line>
      plain
      className="loans line-table"
      size="small"
      rowKey="line_id"
      columns={columns}
      dataSource={[...lines]}
      loading={{ spinning: busy, delay: 300 }}
      locale={{ emptyText: t(narrowed ? "accounts.lines_none" : "accounts.lines_empty") }}
      onRow={(line) => ({
        onClick: (event) => {
          const onLink = event.target instanceof Element && event.target.closest("a");
          if (!onLink && window.getSelection()?.toString() === "") void open(`/transactions/${line.transfer_id}`);
        },
      })}
    />
  );
}
