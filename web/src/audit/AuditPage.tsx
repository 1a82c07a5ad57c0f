import { keepPreviousData } from "@tanstack/react-query";
import { Button, type InputRef, message } from "antd";
import { useEffect, useRef } from "react";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { SavedFilters } from "../table/SavedFilters";
import { useKeys } from "../ui/keys";
import { Failure, Loading, Notice } from "../ui/states";
import { Chain } from "./Chain";
import { EntryDrawer } from "./EntryDrawer";
import { EntryTable, step } from "./EntryTable";
import { PAGE, queryOf, useFilters } from "./entries";
import { Filters } from "./Filters";

const SHIPPED = [
  ["audit.shipped.refused", "outcome=refused"],
  ["audit.shipped.exports", "action=data.export"],
] as const;

/** Who did what to what, when and why; whether the record is intact. */
export default function AuditPage() {
  const { t } = useSpeech();
  const filters = useFilters();
  const [messages, toldHere] = message.useMessage();
  const search = useRef<InputRef | null>(null);
  const { data, error, refetch, isFetching, isPlaceholderData } = api.useQuery(
    "get",
    "/api/v1/audit/entries",
    {
      params: {
        query: {
          ...(queryOf(filters.conditions) as object),
          ...(filters.before && { before: filters.before }),
          limit: PAGE,
        },
      },
    },
    { placeholderData: keepPreviousData, refetchOnMount: "always" },
  );
  useEffect(() => {
    document.title = `${t("audit.title")} · ${t("app.name")}`;
  }, [t]);
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    "/": () => search.current?.focus({ cursor: "all" }),
  });
  return (
    <div className="page audit">
      <div className="page-head">
        <h1>{t("audit.title")}</h1>
        {toldHere}
        <SavedFilters
          place="audit"
          page="/audit"
          text={filters.text}
          shipped={SHIPPED.map(([key, conditions]) => [t(key), conditions] as const)}
          apply={filters.replace}
          say={(said) => void messages.success(said)}
          complain={(said) => void messages.error(said)}
        />
        <ExportButton
          address="/api/v1/audit/entries.xlsx"
          query={() => new URLSearchParams(queryOf(filters.conditions) as Record<string, string>)}
          count={null}
          readers
        />
      </div>
      <Chain open={filters.open} />
      <Filters conditions={filters.conditions} change={filters.change} search={search} />
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && data.items.length > 0 && (
        <>
          <EntryTable items={data.items} busy={isFetching} open={filters.open} shown={filters.entry} />
          <div className="audit-turn">
            {filters.before && <Button onClick={() => filters.turn("")}>{t("audit.newest")}</Button>}
            <Button disabled={!data.next || isPlaceholderData} onClick={() => data.next && filters.turn(data.next)}>
              {t("audit.older")}
            </Button>
          </div>
        </>
      )}
      {data?.items.length === 0 &&
        !error &&
        (filters.narrowed || filters.before ? (
          <Notice
            tone="empty"
            title={t("audit.none")}
            action={
              <Button
                onClick={() =>
                  filters.change(Object.fromEntries(Object.keys(filters.conditions).map((one) => [one, ""])))
                }
              >
                {t("audit.clear")}
              </Button>
            }
          >
            <p>{t("audit.none_hint")}</p>
          </Notice>
        ) : (
          <Notice tone="empty" title={t("audit.empty")}>
            <p>{t("audit.empty_hint")}</p>
          </Notice>
        ))}
      <p className="quiet small audit-keys">
        <kbd>j</kbd> <kbd>k</kbd> {t("audit.key_move")} · <kbd>Enter</kbd> {t("audit.key_open")} · <kbd>/</kbd>{" "}
        {t("audit.key_search")}
      </p>
      {filters.entry !== null && (
        <EntryDrawer entryNo={filters.entry} close={() => filters.open(null)} change={filters.change} />
      )}
    </div>
  );
}
