import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Input, Modal, Select, Table } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading, Notice } from "../ui/states";
import { useAddress } from "./address";
import { RefusalPanel } from "./RefusalPanel";
import { SearchBox } from "./SearchBox";
import { baseName, countText } from "./size";
import { State } from "./Stage";

type List = Schemas["RefusalList"];
type Row = Schemas["RefusalRow"];
type Standing = Schemas["RefusalState"];
const PAGE = 50;
const STATES: readonly Standing[] = ["open", "corrected", "replayed", "dismissed", "all"];

/** Refused rows by reason; the one that the address names is open beside them. */
export function Refusals({ item }: { readonly item: string | undefined }) {
  const { t } = useSpeech();
  const open = useNavigate();
  const { address, change, page } = useAddress();
  const state = STATES.find((one) => one === address.get("state")) ?? "open";
  const reason = address.get("reason") ?? "";
  const record = address.get("record") ?? "";
  const search = address.get("search") ?? "";
  const { data, error, isFetching, refetch } = api.useQuery(
    "get",
    "/api/v1/refusals",
    {
      params: {
        query: { state, reason, record_type: record, search, offset: (page - 1) * PAGE, limit: PAGE },
      },
    },
    { placeholderData: (before) => before, refetchOnMount: "always" },
  );
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  const query = address.toString() ? `?${address.toString()}` : "";
  const place = data.items.findIndex((one) => one.refusal_id === item);
  const to = (row: Row | undefined) =>
    row ? () => void open(`/imports/refusals/${row.refusal_id}${query}`, { replace: true }) : undefined;
  const narrowed = reason !== "" || record !== "" || search !== "" || state !== "open";
  return (
    <>
      {data.counts.length > 0 && (
        <Filters counts={data.counts} total={data.total_count} state={state} reason={reason} record={record} search={search} change={change} />
      )}
      {data.total_count === 0 ? (
        <Notice
          tone="empty"
          title={t(narrowed ? "imports.refusals_filtered" : "imports.refusals_none")}
          action={
            narrowed && (
              <Button onClick={() => change({ state: "", reason: "", record: "", search: "" })}>
                {t("imports.filter.clear")}
              </Button>
            )
          }
        >
          {!narrowed && <p>{t("imports.refusals_none_hint")}</p>}
        </Notice>
      ) : (
        <Rows list={data} page={page} busy={isFetching} query={query} turn={(next) => change({ page: String(next) })} />
      )}
      {item && (
        <RefusalPanel
          key={item}
          refusalId={item}
          close={() => void open(`/imports/refusals${query}`, { replace: true })}
          previous={place > 0 ? to(data.items[place - 1]) : undefined}
          next={place >= 0 ? to(data.items[place + 1]) : undefined}
        />
      )}
    </>
  );
}

interface FilterProps {
  readonly counts: List["counts"];
  /** How many are found. */
  readonly total: number;
  readonly state: Standing;
  readonly reason: string;
  readonly record: string;
  readonly search: string;
  readonly change: (values: Readonly<Record<string, string>>) => void;
}

function Filters({ counts, total, state, reason, record, search, change }: FilterProps) {
  const { t, name } = useSpeech();
  const fits = (one: List["counts"][number], but: "state" | "reason" | "record") =>
    (but === "state" || state === "all" || one.state === state) &&
    (but === "reason" || !reason || one.reason === reason) &&
    (but === "record" || !record || (one.record_type || "file") === record);
  const summed = (but: "state" | "reason" | "record", key: (one: List["counts"][number]) => string) => {
    const sums = new Map<string, number>();
    for (const one of counts) if (fits(one, but)) sums.set(key(one), (sums.get(key(one)) ?? 0) + one.count);
    return sums;
  };
  const states = summed("state", (one) => one.state);
  const reasons = summed("reason", (one) => one.reason);
  const records = summed("record", (one) => one.record_type || "file");
  const all = [...states.values()].reduce((sum, count) => sum + count, 0);
  const choices = (list: "refusal_reason" | "record_type", sums: ReadonlyMap<string, number>) =>
    [...sums].map(([value, count]) => ({
      value,
      label: `${list === "record_type" ? name("record_type", value) : name("refusal_reason", value)}  ${countText(count)}`,
    }));
  return (
    <div className="imports-filters">
      <Select<Standing>
        aria-label={t("imports.filter.state")}
        value={state}
        onChange={(chosen) => change({ state: chosen === "open" ? "" : chosen })}
        options={STATES.map((one) => ({
          value: one,
          label: `${name("refusal_state", one)}  ${countText(one === "all" ? all : (states.get(one) ?? 0))}`,
        }))}
        className="filter-state"
      />
      <Select
        aria-label={t("imports.filter.reason")}
        value={reason}
        onChange={(chosen) => change({ reason: chosen })}
        options={[{ value: "", label: t("imports.filter.any_reason") }, ...choices("refusal_reason", reasons)]}
        popupMatchSelectWidth={false}
        className="filter-reason"
      />
      <Select
        aria-label={t("imports.filter.record")}
        value={record}
        onChange={(chosen) => change({ record: chosen })}
        options={[{ value: "", label: t("imports.filter.any_record") }, ...choices("record_type", records)]}
        popupMatchSelectWidth={false}
        className="filter-record"
      />
      <SearchBox value={search} label={t("imports.filter.file")} onChange={(text) => change({ search: text })} />
      <ExportButton
        address="/api/v1/refusals.xlsx"
        query={() => new URLSearchParams({ state, reason, record_type: record, search })}
        count={total}
      />
    </div>
  );
}

interface RowsProps {
  readonly list: List;
  readonly page: number;
  readonly busy: boolean;
  readonly query: string;
  readonly turn: (page: number) => void;
}

function Rows({ list, page, busy, query, turn }: RowsProps) {
  const { t, name } = useSpeech();
  const settles = may(useMe(), ["take_data"]);
  const queries = useQueryClient();
  const [chosen, choose] = useState<readonly string[]>([]);
  const [dismissing, setDismissing] = useState(false);
  const [told, tell] = useState<string | null>(null);
  const done = () => {
    choose([]);
    setDismissing(false);
    void queries.invalidateQueries({ queryKey: ["get", "/api/v1/refusals"] });
  };
  const replay = api.useMutation("post", "/api/v1/refusal-replays", {
    onSuccess: (result) => {
      done();
      tell(
        t("imports.result.many", {
          accepted: countText(result.items.filter((one) => one.outcome !== "refused").length),
          refused: countText(result.items.filter((one) => one.outcome === "refused").length),
        }),
      );
    },
  });
  const dismiss = api.useMutation("post", "/api/v1/refusal-dismissals", {
    onSuccess: (result) => {
      done();
      tell(t("imports.result.dismissed", { count: countText(result.dismissed_count) }));
    },
  });
  const [note, setNote] = useState("");
  const settled = (row: Row) => row.state === "replayed" || row.state === "dismissed";
  const unsettled = list.items.filter((row) => !settled(row)).map((row) => row.refusal_id);
  const ticked = chosen.filter((one) => unsettled.includes(one));
  const problem = replay.error ?? dismiss.error;
  return (
    <>
      {problem && <Failure error={problem} />}
      {told && (
        <Alert type="info" showIcon title={told} className="alert" closable={{ onClose: () => tell(null) }} role="status" />
      )}
      {ticked.length > 0 && (
        <div className="imports-chosen" role="status">
          <span>{t("imports.selected", { count: ticked.length })}</span>
          <Button
            size="small"
            loading={replay.isPending}
            onClick={() => replay.mutate({ body: { refusal_ids: [...ticked] } })}
          >
            {t("imports.replay_selected")}
          </Button>
          <Button size="small" onClick={() => setDismissing(true)}>
            {t("imports.dismiss_selected")}
          </Button>
        </div>
      )}
      <Table<Row>
        className="card refusals"
        rowKey="refusal_id"
        dataSource={[...list.items]}
        loading={{ spinning: busy, delay: 300 }}
        pagination={{
          current: page,
          pageSize: PAGE,
          total: list.total_count,
          hideOnSinglePage: true,
          showSizeChanger: false,
          onChange: turn,
          showTotal: (count) => t("imports.total", { count: countText(count) }),
        }}
        columns={[
          {
            title: (
              <Checkbox
                aria-label={t("imports.select_all")}
                disabled={unsettled.length === 0}
                checked={ticked.length > 0 && ticked.length === unsettled.length}
                indeterminate={ticked.length > 0 && ticked.length < unsettled.length}
                onChange={(event) => choose(event.target.checked ? unsettled : [])}
              />
            ),
            key: "tick",
            hidden: !settles,
            width: 44,
            render: (_, row) => (
              <Checkbox
                aria-label={t("imports.select_row", { row: row.position })}
                disabled={settled(row)}
                checked={ticked.includes(row.refusal_id)}
                onChange={(event) =>
                  choose(
                    event.target.checked
                      ? [...ticked, row.refusal_id]
                      : ticked.filter((one) => one !== row.refusal_id),
                  )
                }
              />
            ),
          },
          {
            title: t("imports.column.reason"),
            key: "reason",
            render: (_, row) => (
              <Link
                to={`/imports/refusals/${row.refusal_id}${query}`}
                title={t("imports.open_refusal", { file: baseName(row.source_file), row: row.position })}
                className="refusal-link"
              >
                {name("refusal_reason", row.reason)}
              </Link>
            ),
          },
          {
            title: t("imports.column.record"),
            key: "record",
            className: "nowrap",
            render: (_, row) => name("record_type", row.record_type || "file"),
          },
          { title: t("imports.column.field"), dataIndex: "field", className: "refusal-field" },
          {
            title: t("imports.column.original"),
            key: "original",
            render: (_, row) => <code className="preview">{row.preview || "–"}</code>,
          },
          {
            title: t("imports.column.file"),
            key: "file",
            render: (_, row) => (
              <span title={row.source_file} className="refusal-file">
                {baseName(row.source_file)}
              </span>
            ),
          },
          {
            title: t("imports.column.row"),
            key: "row",
            align: "right",
            className: "figures",
            render: (_, row) => (row.position === 0 ? "–" : countText(row.position)),
          },
          {
            title: t("imports.column.state"),
            key: "state",
            render: (_, row) => <State value={row.state} text={name("refusal_state", row.state)} />,
          },
        ]}
      />
      <Modal
        open={dismissing}
        title={t("imports.dismiss_title")}
        okText={t("imports.dismiss")}
        cancelText={t("imports.cancel")}
        okButtonProps={{ disabled: note.trim() === "", loading: dismiss.isPending }}
        onCancel={() => setDismissing(false)}
        onOk={() => dismiss.mutate({ body: { refusal_ids: [...ticked], note } })}
      >
        <Input.TextArea
          aria-label={t("imports.dismiss_title")}
          placeholder={t("imports.dismiss_hint")}
          rows={3}
          maxLength={2000}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
      </Modal>
    </>
  );
}
