import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, type InputRef, message } from "antd";
import { useEffect, useRef, useState } from "react";
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
import { isNarrowed, NO_FILTERS, warningAsked } from "./asked";
import { Case } from "./Case";
import { ChannelTrouble } from "./ChannelTrouble";
import { useKeptFocus } from "./focus";
import { Queue } from "./Queue";
import { useQueueRows } from "./queue_rows";
import { useWarningStream } from "./stream";
import { VolumeDialog } from "./Volume";
import { Term } from "../ui/Term";

const SHIPPED = [
  ["warnings.only_overdue", "overdue=true"],
  ["warnings.nobodys", "owner=none"],
  ["warnings.ours", "ours=true"],
] as const;

/** The warning centre: the queue, one warning laid out for a decision, what to do about it. */
export default function WarningsPage() {
  const { t } = useSpeech();
  const me = useMe();
  const queries = useQueryClient();
  const [messages, toldHere] = message.useMessage();
  const { filters, change, text, replace, threadId, to, open, home } = useQueueAddress();
  const [volume, showVolume] = useState(false);
  const [asked, ask] = useState<{ readonly of: string; readonly form: Opened }>({ of: "", form: null });
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const search = useRef<InputRef | null>(null);
  const page = useRef<HTMLDivElement>(null);
  useKeptFocus(page);
  const { listed, items, left, step: following, more, waiting } = useQueueRows(filters, text);
  const list = listed.data;
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
      void queries.invalidateQueries({ queryKey: ["get", "/api/v1/warnings"] });
      void one.refetch();
    },
  });
  const assign = (ids: readonly string[], person: Person, done: () => void) =>
    assigning.mutate(
      { body: { thread_ids: [...ids], to: person.staff_id, request_key: crypto.randomUUID() } },
      {
        onSuccess: (rows) => {
          done();
          const count = rows.filter((row) => row.refused === "").length;
          if (count > 0) void messages.success(t("warnings.assigned", { count, name: person.name }));
        },
      },
    );
  const refused = assigning.data?.filter((row) => row.refused !== "") ?? [];
  useEffect(() => {
    document.title = `${t("warnings.title")} · ${t("app.name")}`;
  }, [t]);
  // Of the warning that the reader went to, though it may not be drawn yet; whoever goes on leaves it.
  const form = asked.of === current ? asked.form : null;
  const openForm = (wanted: Opened) => ask({ of: shown(current), form: wanted });
  useEffect(() => ask((before) => (before.of === current ? before : { of: current, form: null })), [current]);
  useEffect(() => {
    setFresh((before) => (before.has(current) ? new Set([...before].filter((id) => id !== current)) : before));
  }, [current]);
  // What stood around the warning while it was in the queue: a judged one leaves it, and what followed comes next.
  const around = useRef({ id: "", before: [] as string[], after: [] as string[] });
  const ids = items.map((row) => row.thread_id);
  const at = ids.indexOf(current);
  if (at >= 0) around.current = { id: current, before: ids.slice(0, at).reverse(), after: ids.slice(at + 1) };
  const beside = (by: 1 | -1): string | undefined => {
    const here = shown(current);
    const place = ids.indexOf(here);
    if (place >= 0) return ids[place + by];
    const { id, before, after } = around.current;
    return id === here ? (by > 0 ? after : before).find((other) => ids.includes(other)) : ids[0];
  };
  const step = (by: 1 | -1) => {
    const id = beside(by);
    if (id) open(id);
    else if (by > 0 && left > 0) more();
  };
  const next = () => {
    const id = beside(1) ?? ids.find((other) => other !== shown(current));
    if (id) open(id);
  };
  const judge = (wanted: Opened) => {
    // Where the form is open already the keys go on in it.
    if (form === wanted) page.current?.querySelector<HTMLElement>(".act-form input, .act-form textarea")?.focus();
    else openForm(wanted);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    n: next,
    ...(one.data?.row.thread_id === current && one.data.duty.may_judge && {
      "1": () => judge("true_positive"),
      "2": () => judge("false_alarm"),
      "3": () => judge("pending"),
    }),
    "/": () => search.current?.focus({ cursor: "all" }),
  });
  const others = Math.max(0, (list?.total_count ?? 0) - (at >= 0 ? 1 : 0));
  return (
    <div ref={page} className="page warnings">
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
            items={items}
            filters={filters}
            change={change}
            current={current}
            to={to}
            live={live}
            fresh={fresh}
            search={search}
            assign={assign}
            assigning={assigning.isPending}
            step={following}
            left={left}
            waiting={waiting}
            more={more}
          />
          {current === "" ? (
            isNarrowed(filters) ? (
              <Notice
                tone="empty"
                title={t("warnings.none_here")}
                action={
                  <Button type="primary" onClick={() => change(NO_FILTERS)}>
                    {t("warnings.clear")}
                  </Button>
                }
              >
                <p>{t("warnings.none_here_hint")}</p>
              </Notice>
            ) : (
              <Notice tone="empty" title={t("warnings.nothing")}>
                <p>{t("warnings.nothing_hint")}</p>
              </Notice>
            )
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
              <Acts key={current} thread={one.data} opened={form} open={openForm} next={next} left={others} />
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
