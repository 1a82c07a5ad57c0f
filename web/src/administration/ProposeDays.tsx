import { useQueryClient } from "@tanstack/react-query";
import { Button, Input, Radio, Tag } from "antd";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { newKey } from "../accounts/Correction";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { DayPicker } from "../ui/DayPicker";
import { Field } from "../ui/Field";
import { type Act, CALENDAR, changes, dayLater, kindOf, type Told } from "./calendar_days";
import { Refused } from "./Refused";

const IS_WORKED: Readonly<Record<Act, boolean | null>> = { off: false, worked: true, law: null };

interface Props {
  readonly year: number;
  readonly days: ReadonlyMap<string, Told>;
  readonly chosen: readonly string[];
  readonly act: Act;
  readonly today: string;
  readonly setAct: (act: Act) => void;
  readonly choose: (day: string) => void;
  readonly close: () => void;
  readonly proposed: (request: Schemas["ApprovalRequest"]) => void;
}

/** Days that the bank works or not, otherwise than the law says, or as it says again; another person decides. */
export function ProposeDays({ year, days, chosen, act, today, setAct, choose, close, proposed }: Props) {
  const { t, name } = useSpeech();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const [key, setKey] = useState(newKey);
  const [actId, dayId, reasonId] = [useId(), useId(), useId()];
  const form = useRef<HTMLFormElement | null>(null);
  useEffect(() => {
    form.current?.scrollIntoView({ block: "nearest" });
  }, []);
  const reread = () => {
    for (const path of [CALENDAR, "/api/v1/approvals", "/api/v1/approvals/mine"]) void queries.invalidateQueries({ queryKey: ["get", path] });
  };
  const sending = api.useMutation("post", "/api/v1/calendar/days", {
    onSuccess: (request) => {
      setKey(newKey());
      reread();
      proposed(request);
    },
    onError: reread,
  });
  // Days of other years are judged by the answer alone: only this one is told.
  const isTold = (day: string) => day.startsWith(`${year}-`);
  const idle = chosen.filter((day) => isTold(day) && !changes(kindOf(day, days.get(day)), act));
  const ready = chosen.length > 0 && idle.length === 0 && reason.trim() !== "";
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!ready || sending.isPending) return;
    sending.mutate({ body: { days: [...chosen], is_worked: IS_WORKED[act], reason: reason.trim(), request_key: key } });
  };
  return (
    <form ref={form} className="card admin-form" aria-label={t("calendar.change")} onSubmit={send}>
      <h2>{t("calendar.change")}</h2>
      <div className="grant-fields">
        <Field id={actId} label={t("calendar.act")}>
          <Radio.Group
            id={actId}
            value={act}
            onChange={(event) => setAct(event.target.value as Act)}
            options={(["off", "worked", "law"] as const).map((one) => ({ value: one, label: t(`calendar.act_${one}`) }))}
          />
        </Field>
        <Field id={dayId} label={t("calendar.add_day")} hint={t("calendar.add_day_hint")}>
          <DayPicker id={dayId} value="" least={dayLater(today, 1)} change={(day) => day !== "" && !chosen.includes(day) && choose(day)} />
        </Field>
      </div>
      <p className="calendar-chosen" role="status">
        {chosen.length === 0 ? (
          <span className="quiet">{t("calendar.none_chosen")}</span>
        ) : (
          <>
            <span className="quiet">{t("calendar.chosen", { count: chosen.length })}</span>
            {chosen.map((day) => (
              <Tag key={day} closable={{ "aria-label": t("calendar.leave_out", { day }) }} onClose={() => choose(day)} {...(idle.includes(day) && { color: "error" })}>
                <span className="figures">{day}</span>
                {isTold(day) && ` ${name("day_kind", kindOf(day, days.get(day)))}`}
              </Tag>
            ))}
          </>
        )}
      </p>
      {idle.length > 0 && (
        <p className="danger small" role="alert">
          {t("calendar.idle", { days: idle.join(t("app.comma")) })}
        </p>
      )}
      <Field id={reasonId} label={t("admin.reason")} hint={t("calendar.reason_hint")}>
        <Input id={reasonId} required maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
      {sending.error && <Refused error={sending.error} />}
      <div className="own-buttons">
        <Button type="primary" htmlType="submit" disabled={!ready} loading={sending.isPending}>
          {t("admin.propose")}
        </Button>
        <Button onClick={close}>{t("me.cancel")}</Button>
      </div>
      <p className="quiet small">{t("calendar.propose_hint")}</p>
    </form>
  );
}
