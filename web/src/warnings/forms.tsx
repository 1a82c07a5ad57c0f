import { Button, Input, Radio, Select } from "antd";
import { type FormEvent, type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useSpeech } from "../i18n";
import { DayPicker } from "../ui/DayPicker";
import type { Act } from "./Acts";
import { LEVELS, type Level } from "./asked";

export interface FormProps {
  readonly busy: boolean;
  readonly send: (act: Act) => void;
  readonly cancel: () => void;
}

interface FrameProps extends FormProps {
  readonly submit: string;
  readonly ready: boolean;
  readonly act: () => Act;
  readonly children: ReactNode;
}

/** Escape closes the list of a field first, then the form around it. */
export function leaves(event: KeyboardEvent): boolean {
  return event.key === "Escape" && (event.target as HTMLElement).getAttribute("aria-expanded") !== "true";
}

/** A form that stands under the button that opened it; Enter sends it, Escape closes it. */
function Form({ busy, send, cancel, submit, ready, act, children }: FrameProps) {
  const { t } = useSpeech();
  const sent = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !busy) send(act());
  };
  return (
    <form className="act-form" onSubmit={sent} onKeyDown={(event) => leaves(event) && cancel()}>
      {children}
      <span className="acts-row">
        <Button type="primary" htmlType="submit" disabled={!ready} loading={busy}>
          {submit}
        </Button>
        <Button onClick={cancel}>{t("warnings.cancel")}</Button>
      </span>
    </form>
  );
}

interface TextProps {
  readonly label: string;
  readonly value: string;
  readonly change: (text: string) => void;
  readonly required?: boolean;
  readonly focused?: boolean;
}

/** Words of a person; Ctrl+Enter sends the form around them. */
function Text({ label, value, change, required = false, focused = false }: TextProps) {
  const id = useId();
  return (
    <label className="field" htmlFor={id}>
      <span>{label}</span>
      <Input.TextArea
        id={id}
        value={value}
        rows={2}
        maxLength={1000}
        required={required}
        aria-required={required}
        autoFocus={focused}
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
        }}
      />
    </label>
  );
}

interface DisposeProps extends FormProps {
  readonly disposition: "true_positive" | "false_alarm" | "pending";
  readonly reasons: readonly string[];
}

export function DisposeForm({ disposition, reasons, ...form }: DisposeProps) {
  const { t, name } = useSpeech();
  const [reason, setReason] = useState("");
  const [text, setText] = useState("");
  const false_ = disposition === "false_alarm";
  const why = useRef<HTMLFieldSetElement>(null);
  useEffect(() => why.current?.querySelector<HTMLElement>("input[type=radio]")?.focus(), []);
  return (
    <Form
      {...form}
      submit={t("warnings.confirm", { what: name("disposition", disposition) })}
      ready={!false_ || reason !== ""}
      act={() => ({ act: "dispose", disposition, reason, text: text.trim() })}
    >
      <p className="quiet small">{name("disposition_meaning", disposition)}</p>
      {false_ && (
        <fieldset className="reasons" ref={why}>
          <legend>{t("warnings.false_why")}</legend>
          <Radio.Group
            value={reason}
            onChange={(event) => setReason(String(event.target.value))}
            options={reasons.map((one) => ({ value: one, label: name("false_alarm", one) }))}
          />
        </fieldset>
      )}
      <Text label={t("warnings.note")} value={text} change={setText} focused={!false_} />
    </Form>
  );
}

interface ReasonProps extends FormProps {
  readonly label: string;
  readonly submit: string;
  readonly act: (reason: string) => Act;
}

export function ReasonForm({ label, submit, act, ...form }: ReasonProps) {
  const [reason, setReason] = useState("");
  return (
    <Form {...form} submit={submit} ready={reason.trim() !== ""} act={() => act(reason.trim())}>
      <Text label={label} value={reason} change={setReason} required focused />
    </Form>
  );
}

interface MeasureProps extends FormProps {
  readonly measures: readonly string[];
  readonly called: readonly string[];
}

export function MeasureForm({ measures, called, ...form }: MeasureProps) {
  const { t, name } = useSpeech();
  const [measure, setMeasure] = useState(called[0] ?? "");
  const [text, setText] = useState("");
  const option = (one: string) => ({ value: one, label: name("warning_measure", one) });
  return (
    <Form
      {...form}
      submit={t("warnings.measure_enter")}
      ready={measure !== ""}
      act={() => ({ act: "measure", measure, text: text.trim() })}
    >
      <Select
        aria-label={t("warnings.measures")}
        value={measure || null}
        onChange={setMeasure}
        options={[
          { label: t("warnings.measures_called"), options: called.map(option) },
          { label: t("warnings.measures_other"), options: measures.filter((one) => !called.includes(one)).map(option) },
        ]}
      />
      <Text label={t("warnings.note")} value={text} change={setText} />
    </Form>
  );
}

export function LowerForm({ level, ...form }: FormProps & { readonly level: Level }) {
  const { t, name } = useSpeech();
  const lower = LEVELS.slice(LEVELS.indexOf(level) + 1);
  const [chosen, setChosen] = useState<Level>(lower[0] ?? "blue");
  const [reason, setReason] = useState("");
  return (
    <Form
      {...form}
      submit={t("warnings.lower_propose")}
      ready={reason.trim() !== ""}
      act={() => ({ act: "propose_lowering", level: chosen, reason: reason.trim() })}
    >
      <Radio.Group
        aria-label={t("warnings.lower_to")}
        value={chosen}
        onChange={(event) => setChosen(event.target.value as Level)}
        options={lower.map((one) => ({ value: one, label: name("warning_level", one) }))}
      />
      <Text label={t("warnings.reason")} value={reason} change={setReason} required focused />
    </Form>
  );
}

const DAY_MS = 86_400_000;

/** The business date so many days from now. */
export function dayFromNow(days: number): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(new Date(Date.now() + days * DAY_MS));
}

export function SnoozeForm({ most, ...form }: FormProps & { readonly most: string }) {
  const { t } = useSpeech();
  const [until, setUntil] = useState([dayFromNow(7), most].sort()[0] ?? most);
  const [reason, setReason] = useState("");
  return (
    <Form
      {...form}
      submit={t("warnings.snooze")}
      ready={reason.trim() !== "" && until !== ""}
      act={() => ({ act: "snooze", until, reason: reason.trim() })}
    >
      <DayField label={t("warnings.snooze_until")} value={until} least={dayFromNow(1)} most={most} change={setUntil} />
      <Text label={t("warnings.reason")} value={reason} change={setReason} required />
    </Form>
  );
}

interface DayProps {
  readonly label: string;
  readonly value: string;
  readonly least?: string;
  readonly most?: string;
  readonly change: (day: string) => void;
}

export function DayField({ label, value, least, most, change }: DayProps) {
  const id = useId();
  return (
    <label className="field" htmlFor={id}>
      <span>{label}</span>
      <DayPicker id={id} value={value} least={least} most={most} required change={change} />
    </label>
  );
}

export function HearingForm(form: FormProps) {
  const { t } = useSpeech();
  const [on, setOn] = useState(dayFromNow(0));
  const [note, setNote] = useState("");
  return (
    <Form
      {...form}
      submit={t("warnings.hearing_enter")}
      ready={note.trim() !== "" && on !== ""}
      act={() => ({ act: "record_hearing", on, note: note.trim() })}
    >
      <DayField label={t("warnings.hearing_on")} value={on} most={dayFromNow(0)} change={setOn} />
      <Text label={t("warnings.hearing_note")} value={note} change={setNote} required />
    </Form>
  );
}
