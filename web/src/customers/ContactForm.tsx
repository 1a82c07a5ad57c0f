import { Alert, Button, Input, Select } from "antd";
import { type ReactNode, useId, useMemo, useState } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { DayPicker } from "../ui/DayPicker";
import { instantText } from "../ui/time";
import { problemText } from "../ui/wording";

type Way = Schemas["ContactWay"];
type Entry = Schemas["ContactEntry"];

const WAYS: readonly Way[] = ["visit", "phone", "message", "meeting", "letter", "other"];
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

interface Props {
  readonly page: Schemas["CustomerPage"];
  /** The entry whose place the new one takes. */
  readonly corrected: Entry | null;
  readonly close: () => void;
  readonly done: () => void;
}

/** Asks for what was said with the customer. Times are the bank's, wherever the writer sits. */
export function ContactForm({ page, corrected, close, done }: Props) {
  const { t, name, language } = useSpeech();
  const started = useMemo(() => instantText(corrected?.happened_at ?? new Date().toISOString()), [corrected]);
  const [key] = useState(() => crypto.randomUUID());
  const [way, setWay] = useState<Way>(corrected?.way ?? "visit");
  const [day, setDay] = useState(started.slice(0, 10));
  const [time, setTime] = useState(started.slice(11, 16));
  const [spokeWith, setSpokeWith] = useState(corrected?.spoke_with ?? "");
  const [said, setSaid] = useState(corrected?.said ?? "");
  const [nextStep, setNextStep] = useState(corrected?.next_step ?? "");
  const [nextOn, setNextOn] = useState(corrected?.next_on ?? "");
  const [loan, setLoan] = useState(corrected?.loan_id ?? "");
  const [asked, setAsked] = useState(false);
  const sending = api.useMutation("post", "/api/v1/customers/{party_id}/contacts");
  const missing = {
    when: day === "" || !TIME.test(time),
    said: said.trim() === "",
    next: nextOn !== "" && nextStep.trim() === "",
  };
  const send = () => {
    setAsked(true);
    if (missing.when || missing.said || missing.next) return;
    sending.mutate(
      {
        params: { path: { party_id: page.facts.party_id } },
        body: {
          way,
          happened_at: `${day}T${time}:00+08:00`,
          spoke_with: spokeWith,
          said,
          next_step: nextStep,
          next_on: nextOn || null,
          loan_id: loan || null,
          corrects: corrected?.contact_id ?? null,
          request_key: key,
        },
      },
      { onSuccess: done },
    );
  };
  return (
    <form
      className="card box contact-form"
      noValidate
      aria-label={t(corrected ? "customers.contact.correct_title" : "customers.contact.new")}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <h2>{t(corrected ? "customers.contact.correct_title" : "customers.contact.new")}</h2>
      {corrected && <p className="quiet small">{t("customers.contact.correct_hint")}</p>}
      <div className="contact-fields">
        <Field label={t("customers.contact.way")}>
          {(id) => (
            <Select<Way>
              id={id}
              value={way}
              options={WAYS.map((one) => ({ value: one, label: name("contact_way", one) }))}
              onChange={setWay}
            />
          )}
        </Field>
        <Field label={t("customers.contact.day")}>
          {(id) => <DayPicker id={id} value={day} required change={setDay} />}
        </Field>
        <Field label={t("customers.contact.time")} problem={asked && missing.when ? t("customers.contact.when_missing") : ""}>
          {(id, described) => (
            <Input
              id={id}
              value={time}
              maxLength={5}
              placeholder="14:30"
              aria-describedby={described}
              status={asked && missing.when ? "error" : ""}
              onChange={(event) => setTime(event.target.value)}
            />
          )}
        </Field>
        <Field label={t("customers.contact.spoke_with")}>
          {(id) => <Input id={id} value={spokeWith} maxLength={100} onChange={(event) => setSpokeWith(event.target.value)} />}
        </Field>
        <Field label={t("customers.contact.loan")}>
          {(id) => (
            <Select<string>
              id={id}
              value={loan}
              popupMatchSelectWidth={false}
              options={[
                { value: "", label: t("customers.contact.no_loan") },
                ...page.loans.map((one) => ({ value: one.loan_id, label: `${one.loan_id} ${name("product", one.product)}` })),
              ]}
              onChange={setLoan}
            />
          )}
        </Field>
      </div>
      <Field label={t("customers.contact.said")} problem={asked && missing.said ? t("customers.contact.said_missing") : ""}>
        {(id, described) => (
          <Input.TextArea
            id={id}
            rows={4}
            maxLength={4000}
            value={said}
            required
            aria-required
            aria-invalid={asked && missing.said}
            aria-describedby={described}
            status={asked && missing.said ? "error" : ""}
            onChange={(event) => setSaid(event.target.value)}
          />
        )}
      </Field>
      <div className="contact-fields next">
        <Field label={t("customers.contact.next_step")} problem={asked && missing.next ? t("customers.contact.next_missing") : ""}>
          {(id, described) => (
            <Input
              id={id}
              maxLength={1000}
              value={nextStep}
              aria-describedby={described}
              status={asked && missing.next ? "error" : ""}
              onChange={(event) => setNextStep(event.target.value)}
            />
          )}
        </Field>
        <Field label={t("customers.contact.next_on")}>
          {(id) => <DayPicker id={id} value={nextOn} least={day} change={setNextOn} />}
        </Field>
      </div>
      {sending.error && (
        <Alert
          type="error"
          showIcon
          className="alert"
          title={t("customers.contact.failed")}
          description={problemText(language, sending.error) || t("error.unreachable")}
        />
      )}
      <div className="contact-acts">
        <Button type="primary" htmlType="submit" loading={sending.isPending}>
          {t("customers.contact.save")}
        </Button>
        <Button onClick={close}>{t("customers.contact.cancel")}</Button>
      </div>
    </form>
  );
}

interface FieldProps {
  readonly label: string;
  readonly problem?: string;
  readonly children: (id: string, described: string | undefined) => ReactNode;
}

function Field({ label, problem = "", children }: FieldProps) {
  const id = useId();
  return (
    <div className="contact-field">
      <label htmlFor={id}>{label}</label>
      {children(id, problem ? `${id}-problem` : undefined)}
      {problem && (
        <span id={`${id}-problem`} className="danger small" role="alert">
          {problem}
        </span>
      )}
    </div>
  );
}
