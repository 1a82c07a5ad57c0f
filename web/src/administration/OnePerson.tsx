import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { type ReactNode, useId, useState } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { dayText } from "../identity/days";
import { may, useMe } from "../identity/me";
import { useRoleName } from "../identity/roles";
import { Failure, Loading, Notice, problemCode } from "../ui/states";
import { instantText } from "../ui/time";
import { Proposed } from "./CreatePerson";
import { type Opened, PersonActs } from "./PersonActs";
import { useUnits } from "./units";

const ONE = "/api/v1/persons/{person_id}";
type Detail = Schemas["PersonDetail"];

/** A person with all roles, and what an administrator can do about them. */
export function OnePerson({ id, close }: { readonly id: string; readonly close: () => void }) {
  const { t } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", ONE, { params: { path: { person_id: id } } }, { refetchOnMount: "always" });
  if (error && !data) {
    return problemCode(error) === "not_found" ? (
      <Notice tone="empty" title={t("admin.no_person", { id })} action={<Button onClick={close}>{t("inbox.close")}</Button>} />
    ) : (
      <Failure error={error} retry={() => void refetch()} />
    );
  }
  if (!data) return <Loading rows={8} />;
  return <Shown detail={data} close={close} />;
}

function Shown({ detail, close }: { readonly detail: Detail; readonly close: () => void }) {
  const { t, name } = useSpeech();
  const me = useMe();
  const queries = useQueryClient();
  const called = useRoleName();
  const units = useUnits();
  const heading = useId();
  const [opened, open] = useState<Opened>(null);
  const [request, setRequest] = useState<Schemas["ApprovalRequest"] | null>(null);
  const [left, setLeft] = useState<Schemas["LeavingAnswer"] | null>(null);
  const { person } = detail;
  const reread = () => {
    for (const path of [ONE, "/api/v1/persons", "/api/v1/keys"]) void queries.invalidateQueries({ queryKey: ["get", path] });
  };
  const show = (form: Opened) => {
    setRequest(null);
    open(JSON.stringify(form) === JSON.stringify(opened) ? null : form);
  };
  const unlock = api.useMutation("post", "/api/v1/persons/{person_id}/unlocking", { onSettled: reread });
  const edits = may(me, ["edit_people"]);
  const stops = may(me, ["edit_people", "approve_people"]);
  const is = person.state;
  const button = (form: NonNullable<Opened>, label: string, danger = false) => (
    <Button size="small" danger={danger} aria-expanded={opened?.act === form.act} onClick={() => show(form)}>
      {label}
    </Button>
  );
  return (
    <section className="card proposal" aria-labelledby={heading}>
      <div className="proposal-head">
        <h2 id={heading}>
          {person.name} <span className="quiet figures small">{person.person_id}</span>
        </h2>
        <Button size="small" onClick={close}>
          {t("inbox.close")}
        </Button>
      </div>
      {request && <Proposed request={request} close={() => setRequest(null)} />}
      {left && <Left answer={left} />}
      <dl className="facts">
        <Fact label={t("admin.state")}>
          {name("person_state", is)}
          {person.left_at && ` · ${instantText(person.left_at)}`}
        </Fact>
        <Fact label={t("admin.staff_number")}>{person.staff_id ?? t("admin.not_on_list")}</Fact>
        <Fact label={t("admin.unit")}>{person.unit_id ? units.name(person.unit_id) : "–"}</Fact>
        <Fact label={t("admin.sign_in")}>
          {person.has_password ? t(person.must_change_password ? "admin.one_time_password" : "admin.by_password") : t("admin.no_password")}
          {person.openid_subject && ` · ${t("sign_in_way.openid")} (${person.openid_subject})`}
          {person.second_factor_on && ` · ${t("me.factor")}`}
        </Fact>
        <Fact label={t("admin.sessions")}>{t("admin.sessions_count", { count: detail.sessions })}</Fact>
        {person.locked_until && (
          <Fact label={t("admin.locked")}>
            <span className="danger figures">{t("admin.locked_until", { time: instantText(person.locked_until) })}</span>{" "}
            {edits && (
              <Button size="small" loading={unlock.isPending} onClick={() => unlock.mutate({ params: { path: { person_id: person.person_id } } })}>
                {t("admin.unlock")}
              </Button>
            )}
          </Fact>
        )}
        <Fact label={t("admin.made")}>
          {person.made_by} · <span className="figures">{instantText(person.made_at)}</span>
        </Fact>
      </dl>
      <h3>{t("admin.roles")}</h3>
      {person.roles.length === 0 && <p className="quiet">{t("app.no_role")}</p>}
      <ul className="role-list">
        {person.roles.map((one) => (
          <li key={one.assignment_id}>
            <span>
              {called(one.role)} · {one.unit_id ? units.name(one.unit_id) : t("admin.whole_bank")}
              <span className="quiet small figures">
                {" "}
                {t("admin.role_period", { from: dayText(one.valid_from), until: one.valid_to ? dayText(one.valid_to) : t("admin.open_end") })}
                {!one.in_force && ` · ${name("delegation_state", "coming")}`}
              </span>
            </span>
            {edits && is !== "left" && (
              <Button
                size="small"
                aria-expanded={opened?.act === "withdraw" && opened.assignment === one.assignment_id}
                onClick={() => show({ act: "withdraw", assignment: one.assignment_id, role: called(one.role) })}
              >
                {t("admin.withdraw")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {detail.earlier_roles.length > 0 && (
        <details>
          <summary className="quiet small">{t("admin.earlier_roles", { count: detail.earlier_roles.length })}</summary>
          <ul className="role-list quiet small">
            {detail.earlier_roles.map((one) => (
              <li key={one.assignment_id}>
                {called(one.role)} · {one.unit_id ? units.name(one.unit_id) : t("admin.whole_bank")} ·{" "}
                {t("admin.role_period", { from: dayText(one.valid_from), until: one.valid_to ? dayText(one.valid_to) : "" })}
              </li>
            ))}
          </ul>
        </details>
      )}
      {detail.delegations.length > 0 && (
        <>
          <h3>{t("me.delegation")}</h3>
          <ul className="role-list">
            {detail.delegations.map((one) => (
              <li key={one.delegation_id}>
                <span>
                  {t("admin.delegation", { from: one.from_name, to: one.to_name })}
                  <span className="quiet small figures">
                    {" "}
                    {t("admin.role_period", { from: dayText(one.valid_from), until: dayText(one.ended_at ?? one.valid_to) })} · {one.reason}
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {is !== "left" && person.person_id !== me.person_id && (
        <div className="person-acts">
          {edits && is === "active" && button({ act: "assign" }, t("admin.assign"))}
          {edits && button({ act: "edit" }, t("admin.edit"))}
          {edits && button({ act: "reset" }, t("admin.reset"))}
          {stops && is === "active" && button({ act: "suspend" }, t("admin.suspend"), true)}
          {edits && is === "suspended" && button({ act: "resume" }, t("admin.resume"))}
          {edits && button({ act: "leave" }, t("admin.leave"), true)}
        </div>
      )}
      {unlock.error && <Alert type="error" showIcon role="alert" title={t("me.not_done")} />}
      {opened && (
        <PersonActs
          key={JSON.stringify(opened)}
          person={person}
          opened={opened}
          close={() => open(null)}
          proposed={(made) => {
            setRequest(made);
            open(null);
            reread();
          }}
          done={(answer) => {
            if (answer) setLeft(answer);
            open(null);
            reread();
          }}
        />
      )}
    </section>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What somebody who left had in hand. */
function Left({ answer }: { readonly answer: Schemas["LeavingAnswer"] }) {
  const { t } = useSpeech();
  return (
    <Alert
      className="alert"
      type={answer.loans.length + answer.warnings.length + answer.checks.length > 0 ? "warning" : "success"}
      showIcon
      role="status"
      title={t("admin.left", { sessions: answer.sessions_ended, keys: answer.keys_ended, delegations: answer.delegations_ended })}
      description={
        <>
          {answer.loans.length > 0 && <p>{t("admin.left_loans", { count: answer.loans.length })}</p>}
          {answer.warnings.length > 0 && <p>{t("admin.left_warnings", { count: answer.warnings.length })}</p>}
          {answer.checks.length > 0 && <p>{t("admin.left_checks", { count: answer.checks.length })}</p>}
        </>
      }
    />
  );
}
