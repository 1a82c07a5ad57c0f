import { LeftOutlined, RightOutlined } from "@ant-design/icons";
import { keepPreviousData } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { useRef, useState } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { useKeys } from "../ui/keys";
import { Failure, Loading } from "../ui/states";
import { CalendarMonth, type Choosing, Sign } from "./CalendarMonth";
import { Proposed } from "./CreatePerson";
import { type Act, CALENDAR, dayLater, isOwn, isWorked, kindOf, type Told, type Year } from "./calendar_days";
import { OwnDays } from "./OwnDays";
import { ProposeDays } from "./ProposeDays";
import { useSearchParams } from "../ui/address";

const FIRST_YEAR = 2004;
const LAST_YEAR = 2199;
const MONTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as const;
const SIGNS = ["holiday", "make_up", "own_off", "own_working"] as const;

/** Which days of a year are worked: by law, and by what the bank decided for itself. */
export function WorkingCalendar() {
  const [address, setAddress] = useSearchParams();
  const asked = Number(address.get("year"));
  const wanted = asked >= FIRST_YEAR && asked <= LAST_YEAR ? asked : undefined;
  const { data, error, refetch } = api.useQuery(
    "get",
    CALENDAR,
    { params: { query: wanted === undefined ? {} : { year: wanted } } },
    { staleTime: 60_000, placeholderData: keepPreviousData }, // the year that was open stays to be seen until the next one is there
  );
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  return <Shown data={data} open={(year) => setAddress({ year: String(year) }, { replace: true })} />;
}

function Shown({ data, open }: { readonly data: Year; readonly open: (year: number) => void }) {
  const { t } = useSpeech();
  const editor = may(useMe(), ["edit_parameters"]);
  const [act, setAct] = useState<Act | null>(null);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [reached, setReached] = useState("");
  const [made, setMade] = useState<Schemas["ApprovalRequest"] | null>(null);
  const months = useRef<HTMLDivElement | null>(null);
  const { year, today, waiting } = data;
  const days: ReadonlyMap<string, Told> = new Map(data.days.map((one) => [one.day, one]));
  const turn = (to: number) => to >= FIRST_YEAR && to <= LAST_YEAR && open(to);
  useKeys({ "[": () => turn(year - 1), "]": () => turn(year + 1) });
  const shut = () => {
    setAct(null);
    setChosen([]);
  };
  const choose = (day: string) => {
    setReached(day);
    if (chosen.includes(day)) return setChosen(chosen.filter((one) => one !== day));
    setChosen([...chosen, day].sort());
    // What the first day is says what is most likely wanted of it.
    const kind = kindOf(day, days.get(day));
    if (act === null) setAct(isOwn(kind) ? "law" : isWorked(kind) ? "off" : "worked");
  };
  const first = year === Number(today.slice(0, 4)) ? dayLater(today, 1) : `${year}-01-01`;
  const choosing: Choosing = {
    chosen: new Set(chosen),
    reached: reached.startsWith(`${year}-`) ? reached : first,
    choose,
    reach: (day, steps) => {
      const to = months.current?.querySelector<HTMLButtonElement>(`[data-day="${dayLater(day, steps)}"]`);
      if (!to) return;
      setReached(dayLater(day, steps));
      to.focus();
    },
  };
  return (
    <>
      {made && <Proposed request={made} title={t("admin.parameter_is_proposed")} close={() => setMade(null)} />}
      <div className="admin-filters">
        <div className="calendar-years">
          <Button icon={<LeftOutlined />} aria-label={t("calendar.year_before")} title={`${t("calendar.year_before")} [`} disabled={year <= FIRST_YEAR} onClick={() => turn(year - 1)} />
          <h2 className="figures" aria-live="polite">
            {t("calendar.year", { year })}
          </h2>
          <Button icon={<RightOutlined />} aria-label={t("calendar.year_after")} title={`${t("calendar.year_after")} ]`} disabled={year >= LAST_YEAR} onClick={() => turn(year + 1)} />
          {String(year) !== today.slice(0, 4) && <Button onClick={() => turn(Number(today.slice(0, 4)))}>{t("calendar.this_year")}</Button>}
        </div>
        <p className="quiet admin-note">{t("calendar.count", { count: data.working_days })}</p>
        {editor && waiting === null && act === null && (
          <Button type="primary" className="admin-new" onClick={() => setAct("off")}>
            {t("calendar.change")}
          </Button>
        )}
      </div>
      <Legend />
      {data.is_provisional && (
        <Alert className="alert" type="warning" showIcon title={t("calendar.provisional", { year })} description={t("calendar.provisional_hint", { until: data.published_until })} />
      )}
      {waiting && (
        <Alert
          className="alert"
          type="info"
          showIcon
          title={t("calendar.waiting", { count: waiting.days.length })}
          description={<Link to={`/inbox/waiting/${waiting.request_id}`}>{t("calendar.open_waiting")}</Link>}
        />
      )}
      {editor && act !== null && (
        <ProposeDays
          year={year}
          days={days}
          chosen={chosen}
          act={act}
          today={today}
          setAct={setAct}
          choose={choose}
          close={shut}
          proposed={(request) => {
            setMade(request);
            shut();
          }}
        />
      )}
      <div className="calendar-months" ref={months}>
        {MONTHS.map((month) => (
          <CalendarMonth
            key={month}
            year={year}
            month={month}
            days={days}
            today={today}
            isProvisional={data.is_provisional}
            waiting={new Set(waiting?.days ?? [])}
            choosing={editor && waiting === null ? choosing : null}
          />
        ))}
      </div>
      <OwnDays
        days={data.days}
        today={today}
        takeBack={
          editor && waiting === null
            ? (day) => {
                setAct("law");
                setChosen([day]);
              }
            : null
        }
      />
    </>
  );
}

function Legend() {
  const { t, name } = useSpeech();
  return (
    <ul className="calendar-legend small" aria-label={t("calendar.legend")}>
      {SIGNS.map((kind) => (
        <li key={kind}>
          <Sign kind={kind} /> {name("day_kind", kind)}
        </li>
      ))}
      <li>
        <span className="calendar-sign calendar-sign-waits">{t("calendar.sign_waits")}</span> {t("calendar.waits")}
      </li>
      <li>
        <span className="verified calendar-sign-provisional">{t("calendar.provisional_short")}</span> {t("calendar.provisional_legend")}
      </li>
    </ul>
  );
}
