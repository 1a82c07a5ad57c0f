import { keepPreviousData } from "@tanstack/react-query";
import { Button, type InputRef, message } from "antd";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link } from "react-router";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { SavedFilters } from "../table/SavedFilters";
import { useKeys } from "../ui/keys";
import { Failure, Loading, Notice, problemCode } from "../ui/states";
import type { Act } from "./acting";
import { queryOf, useQueueAddress } from "./address";
import { CheckWork } from "./CheckWork";
import { Queue } from "./Queue";

const PAGE = 50;
const MOST = 200;
const SHIPPED = [
  ["checks.mine", "mine=true"],
  ["checks.only_overdue", "overdue=true"],
] as const;

/** The loan checks: the queue, one check laid out to be done, its conclusion. */
export default function ChecksPage() {
  const { t } = useSpeech();
  const [messages, toldHere] = message.useMessage();
  const { filters, change, text, replace, checkId, to, open, home } = useQueueAddress();
  const [limit, setLimit] = useState(PAGE);
  const search = useRef<InputRef | null>(null);
  const listed = api.useQuery(
    "get",
    "/api/v1/checks",
    { params: { query: { ...queryOf(filters), limit } } },
    { placeholderData: keepPreviousData, refetchOnMount: "always" },
  );
  const list = listed.data;
  const items = useMemo(() => list?.items ?? [], [list]);
  // Without a check in the address the most urgent one is shown, and stays when it leaves the queue.
  const first = listed.isPlaceholderData ? "" : (items[0]?.check_id ?? "");
  const current = checkId || first;
  const pin = useRef(open);
  pin.current = open;
  useEffect(() => {
    if (!checkId && first) pin.current(first, true);
  }, [checkId, first]);
  const one = api.useQuery(
    "get",
    "/api/v1/checks/{check_id}",
    { params: { path: { check_id: current } } },
    { enabled: current !== "", refetchOnMount: "always" },
  );
  useEffect(() => {
    document.title = `${t("checks.title")} · ${t("app.name")}`;
  }, [t]);
  const step = useCallback(
    (by: number) => {
      const here = shown(current);
      const place = items.findIndex((row) => row.check_id === here);
      const row = items[place < 0 ? 0 : place + by];
      if (row) open(row.check_id);
    },
    [items, current, open],
  );
  const next = useCallback(() => {
    const here = shown(current);
    const place = items.findIndex((row) => row.check_id === here);
    const row = place < 0 ? items[0] : (items[place + 1] ?? items.find((other) => other.check_id !== here));
    if (row) open(row.check_id);
  }, [items, current, open]);
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    n: next,
    "/": () => search.current?.focus({ cursor: "all" }),
  });
  const waiting = items.filter((row) => row.check_id !== current).length;
  const done = (act: Act) => {
    if (act.act === "submit" || act.act === "close" || act.act === "return") {
      if (waiting > 0) next();
    }
  };
  return (
    <div className="page checks">
      <div className="page-head">
        <h1>{t("checks.title")}</h1>
        {list && list.overdue_count > 0 && (
          <span className="overdue-count">{t("checks.overdue_count", { count: list.overdue_count })}</span>
        )}
        {toldHere}
        <SavedFilters
          place="checks"
          page="/checks"
          text={text}
          shipped={SHIPPED.map(([key, conditions]) => [t(key), conditions] as const)}
          apply={replace}
          say={(said) => void messages.success(said)}
          complain={(said) => void messages.error(said)}
        />
      </div>
      {listed.error && !list ? (
        <Failure error={listed.error} retry={() => void listed.refetch()} />
      ) : !list ? (
        <Loading rows={12} />
      ) : (
        <div className="check-columns">
          <Queue
            list={list}
            filters={filters}
            change={change}
            current={current}
            to={to}
            search={search}
            more={() => setLimit((before) => Math.min(MOST, before + PAGE))}
          />
          {current === "" ? (
            <Notice tone="empty" title={t(filters.state === "open" ? "checks.none_open" : "checks.none_here")}>
              <p>{t("checks.nothing_hint")}</p>
            </Notice>
          ) : one.error && !one.data ? (
            problemCode(one.error) === "not_found" ? (
              <Notice tone="empty" title={t("checks.missing")} action={<Link to={home}>{t("checks.back")}</Link>} />
            ) : (
              <Failure error={one.error} retry={() => void one.refetch()} />
            )
          ) : !one.data || one.data.row.check_id !== current ? (
            <Loading rows={12} />
          ) : (
            <CheckWork key={current} check={one.data} goesOn={waiting > 0} done={done}>
              <Button className="next-check" block onClick={next} disabled={waiting === 0}>
                {t("checks.next", { count: waiting })} <kbd>n</kbd>
              </Button>
            </CheckWork>
          )}
        </div>
      )}
    </div>
  );
}

/** The check of the address: keys that follow each other at once are quicker than what is drawn. */
function shown(current: string): string {
  return /^\/checks\/([0-9a-f]+)/.exec(window.location.pathname)?.[1] ?? current;
}
