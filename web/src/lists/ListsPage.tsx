import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, type InputRef, message, Segmented, Select } from "antd";
import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { ReasonDialog } from "../accounts/ReasonDialog";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { ExportButton } from "../table/ExportButton";
import { useKeys } from "../ui/keys";
import { Failure, Loading, Notice } from "../ui/states";
import { TypedSearch } from "../ui/TypedSearch";
import { problemText } from "../ui/wording";
import { EntryTable, mayApprove, mayEnd } from "./EntryTable";
import { conditionsOf, type Entry, LISTS, type ListName, PAGE, STATES, useFilters } from "./entries";
import { ProposeForm } from "./ProposeForm";

const ENTRIES = "/api/v1/list-entries";

/** What is kept out of the warnings, whom the bank watches, whom it keeps away from; two people for each entry. */
export default function ListsPage() {
  const { t, name, language } = useSpeech();
  const queries = useQueryClient();
  const me = useMe();
  const proposes = may(me, ["edit_lists"]);
  const approves = may(me, ["approve_lists"]);
  const { filters, change } = useFilters();
  const [proposing, setProposing] = useState(false);
  const [ending, setEnding] = useState<Entry | null>(null);
  const [messages, holder] = message.useMessage();
  const search = useRef<InputRef | null>(null);
  const { data: found, error, refetch, isFetching } = api.useQuery(
    "get",
    ENTRIES,
    {
      params: {
        query: {
          ...(filters.list && { list: filters.list }),
          ...(filters.state && { state: filters.state }),
          search: filters.search,
          offset: (filters.page - 1) * PAGE,
          limit: PAGE,
        },
      },
    },
    { placeholderData: keepPreviousData, refetchOnMount: "always" },
  );
  // What was shown last stays when a question fails, and with it what is being typed.
  const [last, setLast] = useState(found);
  if (found && found !== last) setLast(found);
  const data = found ?? last;
  const reread = () => void queries.invalidateQueries({ queryKey: ["get", ENTRIES] });
  // What was refused was so because somebody else acted meanwhile: the rows are read again too.
  const approve = api.useMutation("post", "/api/v1/list-entries/{entry_id}/approval", { onSettled: reread });
  const end = api.useMutation("post", "/api/v1/list-entries/{entry_id}/ending", {
    onSuccess: () => setEnding(null),
    onSettled: reread,
  });
  useEffect(() => {
    document.title = `${t("lists.title")} · ${t("app.name")}`;
  }, [t]);
  const letGo = (entry: Entry) => {
    end.reset();
    setEnding(entry);
  };
  const putInForce = (entry: Entry) => approve.mutate({ params: { path: { entry_id: entry.entry_id } }, body: { content_hash: entry.content_hash } });
  const focused = () => {
    const id = document.activeElement?.closest<HTMLElement>("tr[data-row-key]")?.dataset["rowKey"];
    return data?.items.find((one) => one.entry_id === id);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    a: () => {
      const entry = focused();
      if (entry && mayApprove(entry, me)) putInForce(entry);
    },
    e: () => {
      const entry = focused();
      if (entry && mayEnd(entry, me)) letGo(entry);
    },
    ...(proposes && { n: () => setProposing(true) }),
    "/": () => search.current?.focus({ cursor: "all" }),
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  const waiting = (list: ListName) => data.counts.find((one) => one.list === list)?.waiting ?? 0;
  const narrowed = filters.list !== "" || filters.state !== "" || filters.search !== "";
  const label = (list: ListName) => {
    const called = name("list_name", list);
    return waiting(list) > 0 ? t("lists.waiting_count", { list: called, count: waiting(list) }) : called;
  };
  return (
    <div className="page lists">
      {holder}
      <p className="crumbs">
        <Link to="/rules">{t("lists.back")}</Link>
      </p>
      <div className="page-head">
        <h1>{t("lists.title")}</h1>
        <span className="list-acts">
          <ExportButton
            address="/api/v1/list-entries.xlsx"
            query={() => conditionsOf(filters)}
            count={data.total_count}
          />
          {proposes && (
            <Button type="primary" aria-expanded={proposing} onClick={() => setProposing(!proposing)}>
              {t("lists.new")}
            </Button>
          )}
        </span>
      </div>
      <p className="quiet small list-hint">{t(`lists.hint.${filters.list || "all"}`)}</p>
      {proposing && (
        <ProposeForm
          key={filters.list}
          entries={data}
          list={filters.list || "watch"}
          close={() => setProposing(false)}
          done={() => {
            setProposing(false);
            void messages.success(t("lists.proposed"));
            reread();
          }}
        />
      )}
      <div className="list-filters">
        <Segmented<ListName | "">
          aria-label={t("lists.which")}
          value={filters.list}
          onChange={(list) => change({ list })}
          options={[{ value: "", label: t("lists.all") }, ...LISTS.map((one) => ({ value: one, label: label(one) }))]}
        />
        <Select
          aria-label={t("lists.state")}
          className="list-state-filter"
          value={filters.state}
          onChange={(state) => change({ state })}
          options={[
            { value: "", label: t("lists.any_state") },
            ...STATES.map((one) => ({ value: one, label: name("list_state", one) })),
          ]}
        />
        <TypedSearch
          box={search}
          label={t("lists.search")}
          value={filters.search}
          change={(text) => change({ search: text })}
          className="lists-search"
        />
      </div>
      {approve.error && (
        <Alert
          type="error"
          showIcon
          closable={{ onClose: approve.reset }}
          title={t("lists.not_done")}
          description={problemText(language, approve.error) || t("error.unreachable")}
        />
      )}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {data.total_count > 0 ? (
        <EntryTable
          entries={data}
          page={filters.page}
          turn={(page) => change({ page: String(page) })}
          approving={approve.isPending ? (approve.variables?.params.path.entry_id ?? "") : ""}
          approve={putInForce}
          end={letGo}
          busy={isFetching}
        />
      ) : narrowed ? (
        <Notice
          tone="empty"
          title={t("lists.none")}
          action={<Button onClick={() => change({ list: "", state: "", search: "" })}>{t("lists.clear")}</Button>}
        >
          <p>{t("lists.none_hint")}</p>
        </Notice>
      ) : (
        <Notice tone="empty" title={t("lists.empty")}>
          <p>{t("lists.empty_hint")}</p>
        </Notice>
      )}
      <p className="quiet small list-keys">
        <kbd>j</kbd> <kbd>k</kbd> {t("lists.key_move")} ·{" "}
        {approves && (
          <>
            <kbd>a</kbd> {t("lists.key_approve")} ·{" "}
          </>
        )}
        {(proposes || approves) && (
          <>
            <kbd>e</kbd> {t("lists.key_end")} ·{" "}
          </>
        )}
        {proposes && (
          <>
            <kbd>n</kbd> {t("lists.key_new")} ·{" "}
          </>
        )}
        <kbd>/</kbd> {t("lists.key_search")}
      </p>
      <ReasonDialog
        open={ending !== null}
        title={t(ending?.state === "waiting" ? "lists.refuse_title" : "lists.end_title")}
        submit={t(ending?.state === "waiting" ? "lists.refuse" : "lists.end")}
        busy={end.isPending}
        error={end.error}
        close={() => setEnding(null)}
        act={(reason) => ending && end.mutate({ params: { path: { entry_id: ending.entry_id } }, body: { reason } })}
      />
    </div>
  );
}

/** Goes from row to row; without a row in focus to the first one. */
function step(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>(".list-table tr[data-row-key]")];
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  rows[here < 0 ? 0 : Math.min(Math.max(here + by, 0), rows.length - 1)]?.focus();
}
