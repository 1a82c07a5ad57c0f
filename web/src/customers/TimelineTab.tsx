import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Select } from "antd";
import { Link } from "react-router";
import { fetcher, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useMoney } from "../ui/Amount";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading, Notice } from "../ui/states";
import { instantText } from "../ui/time";
import { customerAddress } from "./address";
import { useSearchParams } from "../ui/address";

type Event = Schemas["TimelineEvent"];

const PAGE = 50;
const KINDS = [
  "contract_signed",
  "disbursed",
  "repaid",
  "warning",
  "check",
  "guarantee",
  "relation",
  "relation_ended",
  "dispute_sheet",
  "contact",
] as const;
type Kind = (typeof KINDS)[number];

async function fetchEvents(partyId: string, kinds: readonly Kind[], cursor: string): Promise<Schemas["CustomerTimeline"]> {
  const { data, error } = await fetcher.GET("/api/v1/customers/{party_id}/timeline", {
    params: { path: { party_id: partyId }, query: { cursor, limit: PAGE, ...(kinds.length > 0 && { kind: [...kinds] }) } },
  });
  if (!data) throw error;
  return data;
}

/** What happened with the customer, the latest first. */
export function TimelineTab({ partyId }: { readonly partyId: string }) {
  const { t, name } = useSpeech();
  const [address, setAddress] = useSearchParams();
  const kinds = KINDS.filter((one) => address.getAll("kind").includes(one));
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["get", "/api/v1/customers/{party_id}/timeline", partyId, kinds.join()],
    queryFn: ({ pageParam }) => fetchEvents(partyId, kinds, pageParam),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
  const events = data?.pages.flatMap((page) => page.items) ?? [];
  const days: { day: string; events: Event[] }[] = [];
  for (const event of events) {
    const day = instantText(event.at).slice(0, 10);
    const last = days[days.length - 1];
    if (last?.day === day) last.events.push(event);
    else days.push({ day, events: [event] });
  }
  return (
    <section className="card box timeline-card" aria-label={t("customers.tab.timeline")}>
      <div className="card-title">
        <Select<Kind[]>
          mode="multiple"
          allowClear
          className="timeline-kinds"
          aria-label={t("customers.timeline.kinds")}
          placeholder={t("customers.timeline.kinds")} // the hint in the field while all kinds are shown
          value={kinds}
          options={KINDS.map((one) => ({ value: one, label: name("timeline_kind", one) }))}
          onChange={(chosen) =>
            setAddress(
              (before) => {
                const after = new URLSearchParams(before);
                after.delete("kind");
                for (const one of chosen) after.append("kind", one);
                return after;
              },
              { replace: true, preventScrollReset: true },
            )
          }
        />
        <ExportButton
          address={`/api/v1/customers/${encodeURIComponent(partyId)}/timeline.xlsx`}
          query={() => new URLSearchParams(kinds.map((one) => ["kind", one]))}
          count={null}
        />
      </div>
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Loading rows={10} />
      ) : events.length === 0 ? (
        <Notice tone="empty" title={t("customers.timeline.none")} />
      ) : (
        <>
          <ol className="customer-timeline">
            {days.map(({ day, events: those }) => (
              <li key={day}>
                <span className="timeline-day figures">{day}</span>
                <ul>
                  {those.map((event) => (
                    <Told key={event.event_id} event={event} />
                  ))}
                </ul>
              </li>
            ))}
          </ol>
          {hasNextPage && (
            <p className="empty-line">
              <Button loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                {t("customers.timeline.more")}
              </Button>
            </p>
          )}
        </>
      )}
    </section>
  );
}

function Told({ event }: { readonly event: Event }) {
  const { t, name } = useSpeech();
  const money = useMoney(event.amount ?? { currency: "CNY", minor_digits: 2 });
  const amount = event.amount && (
    <span className="figures timeline-amount" title={money.hover(event.amount.amount_fen)}>
      {money.full(event.amount.amount_fen)}
    </span>
  );
  const other =
    event.other_party_id === null ? (
      <span className="quiet">{t("customers.hidden_party")}</span>
    ) : (
      <Link to={customerAddress(event.other_party_id)}>{event.other_name}</Link>
    );
  const words: Readonly<Record<string, React.ReactNode>> = {
    contract_signed: (
      <>
        {name("product", event.code)} {event.text && <span className="quiet">{event.text}</span>}
      </>
    ),
    disbursed: name("payment_mode", event.code),
    repaid: event.code ? t("customers.timeline.with_penalty") : null,
    warning: (
      <>
        {event.thread_id ? (
          <Link to={`/warnings/${encodeURIComponent(event.thread_id)}`}>{name("warning_kind", event.code)}</Link>
        ) : (
          name("warning_kind", event.code)
        )}
        {event.level && <span className="quiet"> {name("warning_level", event.level)}</span>}
      </>
    ),
    check: (
      <>
        {name("check_kind", event.text)}{" "}
        {event.check_id ? (
          <Link to={`/checks/${encodeURIComponent(event.check_id)}`}>{name("check_event", event.code)}</Link>
        ) : (
          name("check_event", event.code)
        )}
      </>
    ),
    guarantee: (
      <>
        {t(event.code === "given" ? "customers.timeline.guarantee_given" : "customers.timeline.guarantee_received")} {other}{" "}
        <span className="quiet">{name("guarantee_kind", event.text)}</span>
      </>
    ),
    relation: (
      <>
        {name("relation_of", event.code)} {other}
      </>
    ),
    relation_ended: (
      <>
        {name("relation_of", event.code)} {other}
      </>
    ),
    dispute_sheet: event.sheet_id ? (
      <>
        <Link to={`/disputes/${encodeURIComponent(event.sheet_id)}`}>{event.text}</Link>{" "}
        <span className="quiet">{name("use", event.code)}</span>
      </>
    ) : null,
    contact: (
      <>
        {name("contact_way", event.code)}
        <span className="timeline-said">{event.text}</span>
      </>
    ),
  };
  return (
    <li className={`timeline-event timeline-${event.kind}`}>
      <span className="timeline-time figures quiet">{event.whole_day ? "" : instantText(event.at).slice(11, 16)}</span>
      <span className="timeline-kind">{name("timeline_kind", event.kind)}</span>
      <span className="timeline-words">
        {words[event.kind]}
        {event.loan_id && (
          <>
            {" "}
            <Link className="loan-id" to={`/loans/${encodeURIComponent(event.loan_id)}`}>
              {event.loan_id}
            </Link>
          </>
        )}
        {event.by && <span className="quiet small"> {event.by}</span>}
      </span>
      {amount}
    </li>
  );
}
