import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Input, Radio, Select } from "antd";
import dayjs from "dayjs";
import { type FormEvent, useId, useState } from "react";
import { newKey } from "../accounts/Correction";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { DayPicker } from "../ui/DayPicker";
import { Field } from "../ui/Field";
import { numberOf, typedOf, useParameterText } from "./parameter_text";
import { Refused } from "./Refused";

type Row = Schemas["ParameterRow"];
const LIST = "/api/v1/parameters";
/** What a number may be is told where it is a narrow span: longer ones only keep slips of the pen out. */
const SPAN_DIGITS = 6;

interface Props {
  readonly row: Row;
  /** The business date of the list. */
  readonly today: string;
  readonly close: () => void;
  readonly proposed: (request: Schemas["ApprovalRequest"]) => void;
}

function dayAfter(day: string): string {
  return dayjs(day).add(1, "day").format("YYYY-MM-DD");
}

function useReread() {
  const queries = useQueryClient();
  return () => {
    for (const path of [LIST, "/api/v1/approvals", "/api/v1/approvals/mine"]) void queries.invalidateQueries({ queryKey: ["get", path] });
  };
}

/** A value of a parameter from a day on, in the unit that people read, with what it changes; another person decides. */
export function ProposeParameter({ row, today, close, proposed }: Props) {
  const { t, language } = useSpeech();
  const told = useParameterText();
  const reread = useReread();
  const last = row.periods.at(-1);
  const [typed, setTyped] = useState("");
  const [names, setNames] = useState<readonly string[]>(last?.names ?? []);
  const [inclusive, setInclusive] = useState(last?.inclusive ?? true);
  const [day, setDay] = useState(dayAfter(today));
  const [basis, setBasis] = useState("");
  const [reason, setReason] = useState("");
  const [key, setKey] = useState(newKey);
  const [valueId, dayId, basisId, reasonId, countsId] = [useId(), useId(), useId(), useId(), useId()];
  const sending = api.useMutation("post", "/api/v1/parameters/{parameter_name}/values", {
    onSuccess: (request) => {
      setKey(newKey());
      reread();
      proposed(request);
    },
    onError: reread,
  });
  const isList = row.unit === "classes";
  const number = isList ? null : numberOf(typed, row.unit);
  const wrong = !isList && typed !== "" && number === null;
  const valued = isList ? names.length > 0 : number !== null;
  const ready = valued && day !== "" && basis.trim() !== "" && reason.trim() !== "";
  const before = row.periods.find((one) => one.effective_from <= day && (one.effective_to === null || day <= one.effective_to));
  const next = row.periods.find((one) => one.effective_from > day);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!ready || sending.isPending) return;
    sending.mutate({
      params: { path: { parameter_name: row.name } },
      body: {
        number,
        names: isList ? [...names] : [],
        inclusive,
        effective_from: day,
        basis: basis.trim(),
        reason: reason.trim(),
        request_key: key,
      },
    });
  };
  const title = t("admin.parameter_change", { meaning: row[language === "zh" ? "meaning_chinese" : "meaning"] });
  return (
    <form className="card admin-form" aria-label={title} onSubmit={send}>
      <h3>{title}</h3>
      {row.is_law && <Alert type="warning" showIcon title={t("admin.parameter_law")} />}
      <div className="grant-fields">
        <Field
          id={valueId}
          label={t("admin.parameter_new_value")}
          hint={
            row.least !== null && row.most !== null && row.most.length <= SPAN_DIGITS
              ? t("admin.parameter_span", { least: typedOf(row.least, row.unit), most: typedOf(row.most, row.unit), unit: told.typedUnit(row.unit) })
              : undefined
          }
        >
          {isList ? (
            <Select<string[]>
              id={valueId}
              mode="multiple"
              aria-label={t("admin.parameter_new_value")}
              value={[...names]}
              onChange={setNames}
              optionFilterProp="label"
              options={row.choices.map((one) => ({ value: one, label: told.word(one) }))}
            />
          ) : (
            <Input
              id={valueId}
              required
              inputMode="decimal"
              maxLength={30}
              suffix={told.typedUnit(row.unit)}
              status={wrong ? "error" : ""}
              aria-invalid={wrong}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        {!isList && !row.counting_is_fixed && (
          <Field id={countsId} label={t("admin.parameter_counts")}>
            <Radio.Group
              id={countsId}
              value={inclusive}
              onChange={(event) => setInclusive(Boolean(event.target.value))}
              options={[
                { value: true, label: t("admin.parameter_at_least") },
                { value: false, label: t("admin.parameter_beyond") },
              ]}
            />
          </Field>
        )}
        <Field id={dayId} label={t("admin.parameter_day")} hint={t("admin.parameter_day_hint")}>
          <DayPicker id={dayId} required value={day} least={dayAfter(today)} change={setDay} />
        </Field>
      </div>
      {wrong && (
        <p className="danger small" role="alert">
          {t("admin.parameter_no_number")}
        </p>
      )}
      <p className="parameter-preview" role="status">
        {before && <span className="difference-before">{told.whole(row.unit, before)}</span>}
        {" → "}
        <span className="difference-after">{valued ? told.whole(row.unit, { number, names, inclusive }) : "…"}</span>
        {day !== "" && <span className="quiet"> {next ? t("admin.parameter_from_to", { from: day, to: dayBefore(next.effective_from) }) : t("admin.parameter_from", { from: day })}</span>}
      </p>
      <Field id={basisId} label={t("admin.parameter_basis")} hint={t(row.is_law ? "admin.parameter_basis_law" : "admin.parameter_basis_own")}>
        <Input id={basisId} required maxLength={1000} value={basis} onChange={(event) => setBasis(event.target.value)} />
      </Field>
      <Field id={reasonId} label={t("admin.reason")}>
        <Input id={reasonId} required maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
      {sending.error && <Refused error={sending.error} />}
      <div className="own-buttons">
        <Button type="primary" htmlType="submit" disabled={!ready} loading={sending.isPending}>
          {t("admin.propose")}
        </Button>
        <Button onClick={close}>{t("me.cancel")}</Button>
      </div>
      <p className="quiet small">{t("admin.parameter_propose_hint")}</p>
    </form>
  );
}

function dayBefore(day: string): string {
  return dayjs(day).subtract(1, "day").format("YYYY-MM-DD");
}

/** That a planned value does not come. */
export function WithdrawParameter({
  row,
  change,
  close,
  proposed,
}: Omit<Props, "today"> & { readonly change: Schemas["ParameterPeriod"] }) {
  const { t, language } = useSpeech();
  const told = useParameterText();
  const reread = useReread();
  const [reason, setReason] = useState("");
  const [key, setKey] = useState(newKey);
  const reasonId = useId();
  const sending = api.useMutation("post", "/api/v1/parameters/{parameter_name}/withdrawals", {
    onSuccess: (request) => {
      setKey(newKey());
      reread();
      proposed(request);
    },
    onError: reread,
  });
  const ready = reason.trim() !== "" && change.decision !== null;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!ready || sending.isPending || change.decision === null) return;
    sending.mutate({
      params: { path: { parameter_name: row.name } },
      body: { change_id: change.decision.change_id, reason: reason.trim(), request_key: key },
    });
  };
  const title = t("admin.parameter_withdrawal", { meaning: row[language === "zh" ? "meaning_chinese" : "meaning"] });
  return (
    <form className="card admin-form" aria-label={title} onSubmit={send}>
      <h3>{title}</h3>
      <p className="parameter-preview">
        <span className="difference-before">{told.whole(row.unit, change)}</span> <span className="quiet">{t("admin.parameter_from", { from: change.effective_from })}</span>
      </p>
      <Field id={reasonId} label={t("admin.reason")}>
        <Input id={reasonId} required maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
      {sending.error && <Refused error={sending.error} />}
      <div className="own-buttons">
        <Button type="primary" danger htmlType="submit" disabled={!ready} loading={sending.isPending}>
          {t("admin.propose")}
        </Button>
        <Button onClick={close}>{t("me.cancel")}</Button>
      </div>
      <p className="quiet small">{t("admin.parameter_propose_hint")}</p>
    </form>
  );
}
