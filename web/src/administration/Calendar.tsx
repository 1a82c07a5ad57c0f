import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Input, Radio, Table } from "antd";
import dayjs from "dayjs";
import { type FormEvent, useId, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { newKey } from "../accounts/Correction";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { Field } from "../ui/Field";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { Proposed } from "./CreatePerson";
import { Refused } from "./Refused";

type Year = Schemas["CalendarYear"];
type Special = Schemas["CalendarDay"];
type Kind = Special["kind"] | "working" | "weekend";

const CALENDAR = "/api/v1/calendar";
const FORM = "YYYY-MM-DD";
const MONTHS = 12;
const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const;
const WEEK = WEEKDAYS.length;
const SATURDAY = 6;
const FIRST_YEAR = 2004;
/** Years behind those that are made known which a bank may look at. */
const YEARS_AHEAD = 3;
const WORKED: readonly Kind[] = ["working", "make_up", "own_working"];
const MARKED: readonly Special["kind"][] = ["holiday", "make_up", "own_off", "own_working"];
const ACTS = ["off", "working", "law"] as const;
type Act = (typeof ACTS)[number];
const IS_WORKED: Readonly<Record<Act, boolean | null>> = { off: false, working: true, law: null };

/** Monday is 1, Sunday 7. */
function weekday(day: dayjs.Dayjs): (typeof WEEKDAYS)[number] {
  return WEEKDAYS[(day.day() + WEEK - 1) % WEEK] ?? 1;
}

/** Which days of a year are worked: by law, and by what the bank decided for itself. */
export function Calendar() {
  const { t } = useSpeech();
  const [address, setAddress] = useSearchParams();
  const editor = may(useMe(), ["edit_parameters"]);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [made, setMade] = useState<Schemas["ApprovalRequest"] | null>(null);
  const asked = Number(address.get("year")) || undefined;
  const { data, error, refetch } = api.useQuery("get", CALENDAR, { params: { query: asked ? { year: asked } : {} } }, { staleTime: 60_000 });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  const special = new Map(data.days.map((one) => [one.day, one]));
  const turn = (year: number) => {
    setChosen([]);
    setAddress(year === dayjs(data.today).year() ? {} : { year: String(year) }, { replace: true });
  };
  const toggle = (day: string) => setChosen((before) => (before.includes(day) ? before.filter((one) => one !== day) : [...before, day].sort()));
  return (
    <>
      {made && <Proposed request={made} title={t("calendar.is_proposed")} close={() => setMade(null)} />}
      <div className="admin-filters calendar-head">
        <Button aria-label={t("calendar.year_before")} disabled={data.year <= FIRST_YEAR} onClick={() => turn(data.year - 1)}>
          ‹
        </Button>
        <strong className="calendar-year" aria-live="polite">
          {t("calendar.year", { year: data.year })}
        </strong>
        <Button aria-label={t("calendar.year_after")} disabled={data.year >= data.published_until + YEARS_AHEAD} onClick={() => turn(data.year + 1)}>
          ›
        </Button>
        <span className="quiet">{t("calendar.count", { count: data.working_days })}</span>
        <Legend />
      </div>
      {data.is_provisional && <Alert className="alert" type="warning" showIcon title={t("calendar.provisional", { year: data.year })} description={t("calendar.provisional_hint")} />}
      {data.waiting && (
        <Alert
          className="alert"
          type="info"
          showIcon
          title={t("calendar.waiting", { count: data.waiting.days.length })}
          action={<Link to={`/inbox/waiting/${data.waiting.request_id}`}>{t("calendar.open_waiting")}</Link>}
        />
      )}
      {editor && (
        <Propose
          days={chosen}
          waits={data.waiting !== null}
          clear={() => setChosen([])}
          proposed={(request) => {
            setMade(request);
            setChosen([]);
          }}
        />
      )}
      <div className="calendar-months">
        {Array.from({ length: MONTHS }, (_, month) => (
          <Month
            key={`${data.year}-${month + 1}`}
            first={dayjs(`${data.year}-${String(month + 1).padStart(2, "0")}-01`, FORM)}
            data={data}
            special={special}
            chosen={chosen}
            toggle={editor && data.waiting === null ? toggle : null}
          />
        ))}
      </div>
      <OwnDays days={data.days.filter((one) => one.decision !== null)} />
    </>
  );
}

function Legend() {
  const { t, name } = useSpeech();
  return (
    <ul className="calendar-legend" aria-label={t("calendar.legend")}>
      {MARKED.map((kind) => (
        <li key={kind}>
          <span className={`calendar-mark calendar-${kind}`} aria-hidden="true">
            {t(`calendar.mark_${kind}`)}
          </span>
          {name("day_kind", kind)}
        </li>
      ))}
    </ul>
  );
}

interface MonthProps {
  readonly first: dayjs.Dayjs;
  readonly data: Year;
  readonly special: ReadonlyMap<string, Special>;
  readonly chosen: readonly string[];
  readonly toggle: ((day: string) => void) | null;
}

function Month({ first, data, special, chosen, toggle }: MonthProps) {
  const { t } = useSpeech();
  const title = t("calendar.month", { month: first.month() + 1 });
  const blank = weekday(first) - 1;
  const places = Array.from({ length: Math.ceil((blank + first.daysInMonth()) / WEEK) * WEEK }, (_, place) => place - blank);
  const weeks = Array.from({ length: places.length / WEEK }, (_, week) => places.slice(week * WEEK, (week + 1) * WEEK));
  return (
    <section className="card calendar-month" aria-label={`${t("calendar.year", { year: data.year })} ${title}`}>
      <h3>{title}</h3>
      <table>
        <thead>
          <tr>
            {WEEKDAYS.map((one) => (
              <th key={one} scope="col" abbr={t(`calendar.weekday_${one}`)}>
                {t(`calendar.weekday_short_${one}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={`${week[0]}`}>
              {week.map((place) => {
                const day = first.add(place, "day");
                return (
                  <td key={`${place}`}>
                    {day.month() === first.month() && <Day day={day} data={data} told={special.get(day.format(FORM))} chosen={chosen} toggle={toggle} />}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface DayProps extends Omit<MonthProps, "first" | "special"> {
  readonly day: dayjs.Dayjs;
  readonly told: Special | undefined;
}

function Day({ day, data, told, chosen, toggle }: DayProps) {
  const { t, name } = useSpeech();
  const text = day.format(FORM);
  const kind: Kind = told?.kind ?? (weekday(day) >= SATURDAY ? "weekend" : "working");
  const said = [text, t(`calendar.weekday_${weekday(day)}`), name("day_kind", kind), told?.holiday ? name("holiday", told.holiday) : "", told?.decision?.reason ?? ""];
  const label = said.filter((one) => one !== "").join(t("app.comma"));
  const isChosen = chosen.includes(text);
  const parts = (
    <>
      <span className="figures" aria-hidden="true">
        {day.date()}
      </span>
      <span className="calendar-sign" aria-hidden="true">
        {told ? t(`calendar.mark_${told.kind}`) : ""}
      </span>
      <span className="visually-hidden">{label}</span>
    </>
  );
  const looks = [
    "calendar-day",
    WORKED.includes(kind) ? "" : "calendar-free",
    told ? `calendar-${told.kind}` : "",
    text === data.today ? "calendar-today" : "",
    isChosen ? "calendar-chosen" : "",
  ]
    .filter((one) => one !== "")
    .join(" ");
  if (toggle === null || text <= data.today) {
    return (
      <span className={looks} title={label}>
        {parts}
      </span>
    );
  }
  return (
    <button type="button" className={looks} title={label} aria-pressed={isChosen} onClick={() => toggle(text)}>
      {parts}
    </button>
  );
}

/** Days that were chosen, what they are to be, and why; another person decides. */
function Propose({
  days,
  waits,
  clear,
  proposed,
}: {
  readonly days: readonly string[];
  /** Another proposal waits: one at a time is decided. */
  readonly waits: boolean;
  readonly clear: () => void;
  readonly proposed: (request: Schemas["ApprovalRequest"]) => void;
}) {
  const { t } = useSpeech();
  const queries = useQueryClient();
  const [act, setAct] = useState<Act>("off");
  const [reason, setReason] = useState("");
  const [key, setKey] = useState(newKey);
  const [actId, reasonId] = [useId(), useId()];
  const reread = () => {
    for (const path of [CALENDAR, "/api/v1/approvals", "/api/v1/approvals/mine"]) void queries.invalidateQueries({ queryKey: ["get", path] });
  };
  const sending = api.useMutation("post", "/api/v1/calendar/days", {
    onSuccess: (request) => {
      setKey(newKey());
      setReason("");
      reread();
      proposed(request);
    },
    onError: reread,
  });
  const ready = !waits && days.length > 0 && reason.trim() !== "";
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !sending.isPending) sending.mutate({ body: { days: [...days], is_worked: IS_WORKED[act], reason: reason.trim(), request_key: key } });
  };
  const title = t("calendar.change");
  return (
    <form className="card admin-form" aria-label={title} onSubmit={send}>
      <h3>{title}</h3>
      {days.length === 0 ? (
        <p className="quiet">{t("calendar.choose")}</p>
      ) : (
        <p className="figures calendar-chosen-days" role="status">
          {t("calendar.chosen", { count: days.length, days: days.join(t("app.comma")) })}
        </p>
      )}
      <Field id={actId} label={t("calendar.act")}>
        <Radio.Group id={actId} value={act} onChange={(event) => setAct(event.target.value as Act)} options={ACTS.map((one) => ({ value: one, label: t(`calendar.act_${one}`) }))} />
      </Field>
      <Field id={reasonId} label={t("admin.reason")}>
        <Input id={reasonId} required maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
      {sending.error && <Refused error={sending.error} />}
      <div className="own-buttons">
        <Button type="primary" htmlType="submit" disabled={!ready} loading={sending.isPending}>
          {t("admin.propose")}
        </Button>
        <Button disabled={days.length === 0} onClick={clear}>
          {t("calendar.clear")}
        </Button>
      </div>
      <p className="quiet small">{t("calendar.propose_hint")}</p>
    </form>
  );
}

function OwnDays({ days }: { readonly days: readonly Special[] }) {
  const { t, name } = useSpeech();
  if (days.length === 0) return <p className="quiet">{t("calendar.none")}</p>;
  return (
    <Table<Special>
      className="card admin-table"
      aria-label={t("calendar.own")}
      rowKey="day"
      dataSource={[...days]}
      pagination={false}
      scroll={{ x: true }}
      columns={[
        { title: t("calendar.day"), key: "day", className: "figures nowrap", render: (_, row) => row.day },
        { title: t("calendar.kind"), key: "kind", render: (_, row) => name("day_kind", row.kind) },
        { title: t("calendar.by_law"), key: "law", render: (_, row) => t(row.is_worked_by_law ? "calendar.act_working" : "calendar.act_off") },
        { title: t("admin.reason"), key: "reason", render: (_, row) => row.decision?.reason },
        { title: t("calendar.maker"), key: "maker", render: (_, row) => row.decision?.maker_name || row.decision?.maker },
        { title: t("calendar.checker"), key: "checker", render: (_, row) => row.decision?.checker_name || row.decision?.checker },
        { title: t("calendar.decided_at"), key: "at", className: "figures nowrap", render: (_, row) => (row.decision ? instantText(row.decision.decided_at) : "") },
      ]}
    />
  );
}
