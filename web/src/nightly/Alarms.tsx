import { useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { State } from "../imports/Stage";
import { ExportButton } from "../table/ExportButton";
import { Failure } from "../ui/states";
import { Term } from "../ui/Term";
import { instantText } from "../ui/time";

type Alarm = Schemas["NightlyAlarm"];

/** What was wrong with a delivery, in plain words; a person says that it is seen to. */
export function Alarms({ date, alarms }: { readonly date: string; readonly alarms: readonly Alarm[] }) {
  const { t } = useSpeech();
  const order = ["open", "acknowledged", "resolved"];
  const sorted = [...alarms].sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
  return (
    <section className="card" aria-labelledby="alarms-title">
      <div className="card-head">
        <h2 id="alarms-title">
          <Term name="alarm">{t("nightly.alarms")}</Term>
        </h2>
        {alarms.length === 0 ? (
          <p className="quiet">{t("nightly.alarms_none")}</p>
        ) : (
          <ExportButton address={`/api/v1/nightly/${date}/alarms.xlsx`} count={alarms.length} />
        )}
      </div>
      {alarms.length > 0 && (
        <ul className="alarms">
          {sorted.map((alarm) => (
            <OneAlarm key={alarm.alarm_id} alarm={alarm} />
          ))}
        </ul>
      )}
    </section>
  );
}

function OneAlarm({ alarm }: { readonly alarm: Alarm }) {
  const { t, name, language } = useSpeech();
  const acknowledges = may(useMe(), ["take_data"]);
  const queries = useQueryClient();
  const [note, setNote] = useState<string | null>(null);
  const acknowledge = api.useMutation("post", "/api/v1/nightly/alarms/{alarm_id}/acknowledgement", {
    onSuccess: () => {
      setNote(null);
      void queries.invalidateQueries({ queryKey: ["get", "/api/v1/nightly/{business_date}"] });
      void queries.invalidateQueries({ queryKey: ["get", "/api/v1/nightly"] });
    },
  });
  const submit = () =>
    acknowledge.mutate({ params: { path: { alarm_id: alarm.alarm_id } }, body: { note: note ?? "" } });
  const remedy = language === "zh" ? alarm.remedy_chinese : alarm.remedy_english;
  const settled = alarm.changed_at && alarm.changed_by && alarm.state !== "open";
  return (
    <li className={`alarm alarm-${alarm.severity} alarm-${alarm.state}`}>
      <span className="severity">{name("severity", alarm.severity)}</span>
      <div className="alarm-words">
        <p title={alarm.code}>{language === "zh" ? alarm.words_chinese : alarm.words_english}</p>
        {alarm.state !== "resolved" && remedy && (
          <p className="remedy small">{t("nightly.remedy", { remedy })}</p>
        )}
        <p className="quiet small">
          {alarm.holds_back && alarm.state !== "resolved" && `${t("nightly.holds_back")} · `}
          {instantText(alarm.created_at)}
          {alarm.raised_at !== alarm.created_at &&
            ` · ${t("nightly.raised_again", { time: instantText(alarm.raised_at) })}`}
          {settled &&
            ` · ${t(alarm.note ? "nightly.changed" : "nightly.changed_plain", {
              time: instantText(alarm.changed_at ?? ""),
              // What a run found gone no person resolved.
              by: alarm.state === "resolved" ? t("nightly.by_run") : (alarm.changed_by ?? ""),
              note: alarm.note ?? "",
            })}`}
        </p>
        {note !== null && (
          <form
            className="acknowledging"
            onSubmit={(event) => {
              event.preventDefault();
              submit();
            }}
          >
            <Input
              autoFocus
              aria-label={t("nightly.acknowledge_title")}
              placeholder={t("nightly.acknowledge_hint")}
              maxLength={2000}
              value={note}
              onChange={(event) => setNote(event.target.value)}
              onKeyDown={(event) => event.key === "Escape" && setNote(null)}
            />
            <Button type="primary" htmlType="submit" disabled={!note.trim()} loading={acknowledge.isPending}>
              {t("nightly.acknowledge")}
            </Button>
            <Button onClick={() => setNote(null)}>{t("nightly.cancel")}</Button>
          </form>
        )}
        {acknowledge.error && <Failure error={acknowledge.error} />}
      </div>
      {alarm.state === "open" && acknowledges ? (
        note === null && (
          <Button size="small" onClick={() => setNote("")}>
            {t("nightly.acknowledge")}
          </Button>
        )
      ) : (
        <State value={alarm.state} text={name("alarm_state", alarm.state)} />
      )}
    </li>
  );
}
