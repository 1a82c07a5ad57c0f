import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Alert, Button, type InputRef, message } from "antd";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link } from "react-router";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { anewOnMount } from "../queries";
import { SavedFilters } from "../table/SavedFilters";
import { useKeys } from "../ui/keys";
import type { Person } from "../ui/PersonSelect";
import { Failure, Loading, Notice, problemCode } from "../ui/states";
import { Acts, type Opened } from "./Acts";
import { useQueueAddress } from "./address";
import { PAGE, queueAsked, warningAsked } from "./asked";
import { Case } from "./Case";
import { ChannelTrouble } from "./ChannelTrouble";
import { Queue } from "./Queue";
import { useWarningStream } from "./stream";
import { VolumeDialog } from "./Volume";
import { Term } from "../ui/Term";

const MOST = 200;
const SHIPPED = [
  ["warnings.only_overdue", "overdue=true"],
  ["warnings.nobodys", "owner=none"],
] as const;

/** The warning centre: the queue, one warning laid out for a decision, what to do about it. */
export default function WarningsPage() {
  const { t } = useSpeech();
  const me = useMe();
  const [messages, toldHere] = message.useMessage();
  const { filters, change, text, replace, threadId, to, open, home } = useQueueAddress();
  const [limit, setLimit] = useState(PAGE);
  const [volume, showVolume] = useState(false);
  const [form, openForm] = useState<Opened>(null);
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const search = useRef<InputRef | null>(null);
  const listed = useQuery({
    ...queueAsked(filters, limit),
    placeholderData: keepPreviousData, // the rows before stay until those of other filters are there
    ...anewOnMount,
  });
  const list = listed.data;
  const items = useMemo(() => list?.items ?? [], [list]);
  // Without a warning in the address the most urgent one is shown, and stays when it leaves the queue.
  const first = listed.isPlaceholderData ? "" : (items[0]?.thread_id ?? "");
  const current = threadId || first;
  const pin = useRef(open);
  pin.current = open;
  useEffect(() => {
    if (!threadId && first) pin.current(first, true);
  }, [threadId, first]);
  const one = useQuery({ ...warningAsked(current), enabled: current !== "", ...anewOnMount });
  const live = useWarningStream(list?.last_event, (event) => {
    if (event.kind !== "changed") setFresh((before) => new Set([...before, event.thread_id]));
  });
  const assigning = api.useMutation("post", "/api/v1/warning-assignments", {
    onSettled: () => {
      void listed.refetch();
      void one.refetch();
    },
  });
  const assign = (ids: readonly string[], person: Person) =>
    assigning.mutate({ body: { thread_ids: [...ids], to: person.staff_id, request_key: crypto.randomUUID() } });
  const refused = assigning.data?.filter((row) => row.refused !== "") ?? [];
  useEffect(() => {
    document.title = `${t("warnings.title")} · ${t("app.name")}`;
  }, [t]);
  useEffect(() => openForm(null), [current]);
  useEffect(() => {
    setFresh((before) => (before.has(current) ? new Set([...before].filter((id) => id !== current)) : before));
  }, [current]);
  const step = useCallback(
    (by: number) => {
      const here = shown(current);
      const place = items.findIndex((row) => row.thread_id === here);
      const row = items[place < 0 ? 0 : place + by];
      if (row) open(row.thread_id);
    },
    [items, current, open],
  );
  const next = useCallback(() => {
    const here = shown(current);
    const place = items.findIndex((row) => row.thread_id === here);
    const row = place < 0 ? items[0] : (items[place + 1] ?? items.find((other) => other.thread_id !== here));
    if (row) open(row.thread_id);
  }, [items, current, open]);
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    n: next,
    ...(may(me, ["act_on_warnings"]) && {
      "1": () => openForm("true_positive"),
      "2": () => openForm("false_alarm"),
      "3": () => openForm("pending"),
    }),
    "/": () => search.current?.focus({ cursor: "all" }),
  });
  const waiting = Math.max(0, (list?.total_count ?? 0) - (items.some((row) => row.thread_id === current) ? 1 : 0));
  return (
    <div className="page warnings">
      <div className="page-head">
        <h1>
          <Term name="early_warning">{t("warnings.title")}</Term>
        </h1>
        {list && list.overdue_count > 0 && (
          <span className="overdue-count">{t("warnings.overdue_count", { count: list.overdue_count })}</span>
        )}
        {may(me, ["read_rules"]) && <Link to="/lists?list=allow">{t("warnings.allow_list")}</Link>}
        {toldHere}
        <SavedFilters
          place="warnings"
          page="/warnings"
          text={text}
          shipped={SHIPPED.map(([key, conditions]) => [t(key), conditions] as const)}
          apply={replace}
          say={(said) => void messages.success(said)}
          complain={(said) => void messages.error(said)}
        />
        <Button onClick={() => showVolume(true)}>{t("warnings.volume")}</Button>
      </div>
      <ChannelTrouble />
      <VolumeDialog open={volume} close={() => showVolume(false)} />
      {assigning.error && <Failure error={assigning.error} />}
      {refused.length > 0 && (
        <Alert type="warning" showIcon closable className="alert" title={t("warnings.not_assigned", { count: refused.length })} />
      )}
      {listed.error && !list ? (
        <Failure error={listed.error} retry={() => void listed.refetch()} />
      ) : !list ? (
        <Loading rows={12} />
      ) : (
        <div className="warning-columns">
          <Queue
            list={list}
            filters={filters}
            change={change}
            current={current}
            to={to}
            live={live}
            fresh={fresh}
            search={search}
            assign={assign}
            assigning={assigning.isPending}
            more={() => setLimit((before) => Math.min(MOST, before + PAGE))}
          />
          {current === "" ? (
            <Notice tone="empty" title={t(filters.state === "open" ? "warnings.nothing" : "warnings.none_here")}>
              <p>{t("warnings.nothing_hint")}</p>
            </Notice>
          ) : one.error && !one.data ? (
            problemCode(one.error) === "not_found" ? (
              <Notice tone="empty" title={t("warnings.missing")} action={<Link to={home}>{t("warnings.back")}</Link>} />
            ) : (
              <Failure error={one.error} retry={() => void one.refetch()} />
            )
          ) : !one.data || one.data.row.thread_id !== current ? (
            <Loading rows={12} />
          ) : (
            <>
              <Case thread={one.data} />
              <Acts key={current} thread={one.data} opened={form} open={openForm} next={next} left={waiting} />
            </>
          )}
        </div>
      )}
    </div>
  );
}

/** The warning of the address: keys that follow each other at once are quicker than what is drawn. */
function shown(current: string): string {
  return /^\/warnings\/([0-9a-f]+)/.exec(window.location.pathname)?.[1] ?? current;
}
