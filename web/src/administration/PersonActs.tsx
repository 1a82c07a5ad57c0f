import { Button, Checkbox, Input, Select } from "antd";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Field } from "../ui/Field";
import { MergeNote } from "../ui/MergeNote";
import { useMerging } from "../ui/merging";
import { asGrant, type Grant, GrantFields, NO_GRANT } from "./GrantFields";
import { type Change, usePropose } from "./proposing";
import { Refused } from "./Refused";
import { useUnits } from "./units";

export type Opened =
  | { readonly act: "assign" | "edit" | "reset" | "suspend" | "resume" | "leave" }
  | { readonly act: "withdraw"; readonly assignment: string; readonly role: string }
  | null;

interface Props {
  readonly person: Schemas["PersonRow"];
  readonly opened: NonNullable<Opened>;
  readonly close: () => void;
  readonly proposed: (request: Schemas["ApprovalRequest"]) => void;
  readonly done: (left?: Schemas["LeavingAnswer"]) => void;
}

/** One act about a person: a proposal for a second administrator, or what one of them does alone. */
export function PersonActs(props: Props) {
  switch (props.opened.act) {
    case "assign":
      return <Assign {...props} />;
    case "edit":
      return <Edit {...props} />;
    case "reset":
      return <Reset {...props} />;
    case "withdraw":
      return <Withdraw {...props} opened={props.opened} />;
    case "resume":
      return <Resume {...props} />;
    case "suspend":
      return <Suspend {...props} />;
    case "leave":
      return <Leave {...props} />;
  }
}

interface FormProps {
  readonly title: string;
  readonly hint: string;
  readonly submit: string;
  readonly ready: boolean;
  readonly busy: boolean;
  readonly error: unknown;
  readonly danger?: boolean;
  readonly close: () => void;
  readonly send: () => void;
  readonly children?: ReactNode;
}

function Form({ title, hint, submit, ready, busy, error, danger = false, close, send, children }: FormProps) {
  const { t } = useSpeech();
  const sent = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !busy) send();
  };
  return (
    <form className="admin-form person-form" aria-label={title} onSubmit={sent}>
      <h3>{title}</h3>
      {children}
      <p className="quiet small">{hint}</p>
      {error !== null && error !== undefined && <Refused error={error} />}
      <div className="own-buttons">
        <Button type="primary" danger={danger} htmlType="submit" disabled={!ready} loading={busy}>
          {submit}
        </Button>
        <Button onClick={close}>{t("me.cancel")}</Button>
      </div>
    </form>
  );
}

/** A form that ends in a proposal, always with its reason. */
function Proposing({
  change,
  proposed,
  children,
  ...form
}: Omit<FormProps, "busy" | "error" | "send" | "submit" | "hint"> & {
  readonly change: () => Change | null;
  readonly proposed: Props["proposed"];
}) {
  const { t } = useSpeech();
  const [reason, setReason] = useState("");
  const field = useId();
  const { propose, busy, error } = usePropose(proposed);
  return (
    <Form
      {...form}
      hint={t("admin.propose_hint")}
      submit={t("admin.propose")}
      ready={form.ready && reason.trim() !== ""}
      busy={busy}
      error={error}
      send={() => {
        const wanted = change();
        if (wanted) propose(wanted, reason.trim());
      }}
    >
      {children}
      <Field id={field} label={t("admin.reason")}>
        <Input id={field} required maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
    </Form>
  );
}

function Assign({ person, close, proposed }: Props) {
  const { t } = useSpeech();
  const [grant, setGrant] = useState<Grant>(NO_GRANT);
  return (
    <Proposing
      title={t("admin.assign")}
      ready={grant.role !== null}
      close={close}
      proposed={proposed}
      change={() => {
        const role = asGrant(grant);
        return role && { kind: "assign", person_id: person.person_id, version: person.version, grant: role };
      }}
    >
      <GrantFields value={grant} change={setGrant} />
    </Proposing>
  );
}

function Withdraw({ person, close, proposed, opened }: Props & { readonly opened: { readonly assignment: string; readonly role: string } }) {
  const { t } = useSpeech();
  return (
    <Proposing
      title={t("admin.withdraw_title", { role: opened.role })}
      ready
      close={close}
      proposed={proposed}
      change={() => ({ kind: "withdraw", person_id: person.person_id, version: person.version, assignment_id: opened.assignment })}
    />
  );
}

function Edit({ person, close, proposed }: Props) {
  const { t } = useSpeech();
  const units = useUnits();
  const merging = useMerging({ name: person.name, unit: person.unit_id ?? "", subject: person.openid_subject ?? "" });
  const { content, put, clashes } = merging;
  const [nameId, unitId, subjectId] = [useId(), useId(), useId()];
  const labels = { name: t("me.name"), unit: t("admin.unit"), subject: t("admin.openid_subject") };
  return (
    <Proposing
      title={t("admin.edit")}
      ready={content.name.trim() !== "" && clashes.length === 0}
      close={close}
      proposed={proposed}
      change={() => ({
        kind: "edit",
        person_id: person.person_id,
        version: person.version,
        name: content.name.trim(),
        unit_id: content.unit || null,
        openid_subject: content.subject.trim() || null,
      })}
    >
      <MergeNote
        merging={merging}
        label={(field) => labels[field]}
        shown={(field, value) => (field === "unit" && value ? units.name(value) : value)}
      />
      <Field id={nameId} label={labels.name}>
        <Input id={nameId} required maxLength={100} value={content.name} onChange={(event) => put("name", event.target.value)} />
      </Field>
      <Field id={unitId} label={labels.unit}>
        <Select<string>
          id={unitId}
          value={content.unit}
          showSearch={{ optionFilterProp: "label" }}
          onChange={(unit) => put("unit", unit)}
          options={[{ value: "", label: "–" }, ...(units.data ?? []).map((one) => ({ value: one.unit_id, label: units.name(one.unit_id) }))]}
        />
      </Field>
      <Field id={subjectId} label={labels.subject}>
        <Input id={subjectId} maxLength={255} value={content.subject} onChange={(event) => put("subject", event.target.value)} />
      </Field>
    </Proposing>
  );
}

function Reset({ person, close, proposed }: Props) {
  const { t } = useSpeech();
  const [password, setPassword] = useState(true);
  const [factor, setFactor] = useState(false);
  return (
    <Proposing
      title={t("admin.reset")}
      ready={password || factor}
      close={close}
      proposed={proposed}
      change={() => ({ kind: "reset_sign_in", person_id: person.person_id, version: person.version, password, second_factor: factor })}
    >
      <Checkbox checked={password} onChange={(event) => setPassword(event.target.checked)}>
        {t("admin.reset_password")}
      </Checkbox>
      <Checkbox checked={factor} disabled={!person.second_factor_on} onChange={(event) => setFactor(event.target.checked)}>
        {t("admin.reset_factor")}
      </Checkbox>
    </Proposing>
  );
}

function Resume({ person, close, proposed }: Props) {
  const { t } = useSpeech();
  return (
    <Proposing
      title={t("admin.resume")}
      ready
      close={close}
      proposed={proposed}
      change={() => ({ kind: "resume", person_id: person.person_id, version: person.version })}
    />
  );
}

function Suspend({ person, close, done }: Props) {
  const { t } = useSpeech();
  const suspend = api.useMutation("post", "/api/v1/persons/{person_id}/suspension", { onSuccess: () => done() });
  return (
    <Form
      title={t("admin.suspend")}
      hint={t("admin.suspend_hint")}
      submit={t("admin.suspend")}
      danger
      ready
      busy={suspend.isPending}
      error={suspend.error}
      close={close}
      send={() => suspend.mutate({ params: { path: { person_id: person.person_id } }, body: { version: person.version } })}
    />
  );
}

function Leave({ person, close, done }: Props) {
  const { t } = useSpeech();
  const [sure, setSure] = useState(false);
  const leave = api.useMutation("post", "/api/v1/persons/{person_id}/leaving", { onSuccess: (answer) => done(answer) });
  return (
    <Form
      title={t("admin.leave")}
      hint={t("admin.leave_hint")}
      submit={t("admin.leave")}
      danger
      ready={sure}
      busy={leave.isPending}
      error={leave.error}
      close={close}
      send={() => leave.mutate({ params: { path: { person_id: person.person_id } }, body: { version: person.version } })}
    >
      <Checkbox checked={sure} onChange={(event) => setSure(event.target.checked)}>
        {t("admin.leave_sure", { name: person.name })}
      </Checkbox>
    </Form>
  );
}
