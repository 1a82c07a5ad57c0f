import { Alert, Button, Checkbox, Input } from "antd";
import { type FormEvent, useId, useState } from "react";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Field } from "../ui/Field";
import { type Person, PersonSelect } from "../ui/PersonSelect";
import { asGrant, type Grant, GrantFields, NO_GRANT } from "./GrantFields";
import { usePropose } from "./proposing";
import { Refused } from "./Refused";

const NAME_FORM = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

/** A new person, of the staff list or not of it; a security administrator lets them in. */
export function CreatePerson({ close }: { readonly close: () => void }) {
  const { t } = useSpeech();
  const [staff, setStaff] = useState<Person | null>(null);
  const [id, setId] = useState("");
  const [called, setCalled] = useState("");
  const [subject, setSubject] = useState("");
  const [password, setPassword] = useState(true);
  const [grant, setGrant] = useState<Grant>(NO_GRANT);
  const [reason, setReason] = useState("");
  const [made, setMade] = useState<Schemas["ApprovalRequest"] | null>(null);
  const [staffId, idId, nameId, subjectId, reasonId] = [useId(), useId(), useId(), useId(), useId()];
  const { propose, busy, error } = usePropose(setMade);
  const wellFormed = NAME_FORM.test(id);
  const ready = wellFormed && (staff !== null || called.trim() !== "") && reason.trim() !== "";
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!ready) return;
    const role = asGrant(grant);
    propose(
      {
        kind: "create",
        person_id: id,
        staff_id: staff?.staff_id ?? null,
        name: called.trim(),
        unit_id: null,
        openid_subject: subject.trim() || null,
        with_password: password,
        roles: role ? [role] : [],
      },
      reason.trim(),
    );
  };
  if (made) return <Proposed request={made} close={close} />;
  return (
    <form className="card admin-form" aria-label={t("admin.new_person")} onSubmit={send}>
      <div className="grant-fields">
        <Field id={staffId} label={t("admin.staff")}>
          <PersonSelect
            label={t("admin.staff")}
            hint={t("admin.staff_none")}
            value={staff}
            choose={(one) => {
              setStaff(one);
              if (one && id === "") setId(one.staff_id);
            }}
          />
        </Field>
        <Field id={idId} label={t("sign_in.name")}>
          <Input
            id={idId}
            required
            maxLength={64}
            status={id !== "" && !wellFormed ? "error" : ""}
            aria-invalid={id !== "" && !wellFormed}
            value={id}
            onChange={(event) => setId(event.target.value.trim())}
          />
        </Field>
        {staff === null && (
          <Field id={nameId} label={t("me.name")}>
            <Input id={nameId} required maxLength={100} value={called} onChange={(event) => setCalled(event.target.value)} />
          </Field>
        )}
        <Field id={subjectId} label={t("admin.openid_subject")}>
          <Input id={subjectId} maxLength={255} value={subject} onChange={(event) => setSubject(event.target.value)} />
        </Field>
      </div>
      <Checkbox checked={password} onChange={(event) => setPassword(event.target.checked)}>
        {t("admin.with_password")}
      </Checkbox>
      <h3>{t("admin.first_role")}</h3>
      <GrantFields value={grant} change={setGrant} />
      <Field id={reasonId} label={t("admin.reason")}>
        <Input id={reasonId} required maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
      {error && <Refused error={error} />}
      <div className="own-buttons">
        <Button type="primary" htmlType="submit" disabled={!ready} loading={busy}>
          {t("admin.propose")}
        </Button>
        <Button onClick={close}>{t("me.cancel")}</Button>
      </div>
      <p className="quiet small">{t("admin.propose_hint")}</p>
    </form>
  );
}

/** Said after a proposal was made. */
export function Proposed({
  request,
  title,
  close,
}: {
  readonly request: Schemas["ApprovalRequest"];
  readonly title?: string;
  readonly close: () => void;
}) {
  const { t, language } = useSpeech();
  return (
    <Alert
      className="alert"
      type="success"
      showIcon
      role="status"
      closable={{ onClose: close }}
      title={title ?? t("admin.proposed")}
      description={<Link to={`/inbox/mine/${request.request_id}`}>{request[language === "zh" ? "title_chinese" : "title_english"]}</Link>}
    />
  );
}
