import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { useKeys } from "../ui/keys";
import { PersonSelect } from "../ui/PersonSelect";
import { problemCode } from "../ui/states";
import { Term } from "../ui/Term";
import { problemText } from "../ui/wording";
import type { Thread } from "./asked";
import { AllowForm } from "./AllowForm";
import { useRoles } from "./Duty";
import { Finding } from "./Finding";
import { DisposeForm, LowerForm, MeasureForm, ReasonForm, SnoozeForm } from "./forms";

type Wanted = Schemas[
  | "AssignAct" | "SnoozeAct" | "WakeAct" | "DisposeAct" | "MeasureAct" | "LowerAct" | "ApproveLoweringAct"
  | "RefuseLoweringAct" | "FindingAct" | "HearingAct" | "ApproveFindingAct" | "RefuseFindingAct" | "CloseAct"
  | "ReopenAct"
];
type WithoutKeys<One> = One extends unknown ? Omit<One, "version" | "request_key"> : never;
export type Act = WithoutKeys<Wanted>;
export type Opened =
  | "true_positive" | "false_alarm" | "pending" | "measure" | "snooze" | "lower" | "refuse_lowering" | "close"
  | "reopen" | "allow" | "propose_finding" | "record_hearing" | "refuse_finding" | null;

/** Sends an act once: the same key until it was answered. */
export function useAct(thread: Thread, done: (acted: Schemas["ActedOn"]) => void) {
  const queries = useQueryClient();
  const again = useCallback(() => {
    for (const path of ["/api/v1/warnings", "/api/v1/warnings/{thread_id}", "/api/v1/warnings/volume"]) {
      void queries.invalidateQueries({ queryKey: ["get", path] });
    }
  }, [queries]);
  const sending = api.useMutation("post", "/api/v1/warnings/{thread_id}/acts", {
    onSettled: again,
    onSuccess: done,
  });
  const send = (act: Act) =>
    sending.mutate({
      params: { path: { thread_id: thread.row.thread_id } },
      body: { ...act, version: thread.row.version, request_key: crypto.randomUUID() } as Wanted,
    });
  return { send, busy: sending.isPending, error: sending.error, forget: sending.reset };
}

interface Props {
  readonly thread: Thread;
  readonly opened: Opened;
  readonly open: (form: Opened) => void;
  readonly next: () => void;
  readonly left: number;
}

/** What a person does about the warning. */
export function Acts({ thread, opened, open, next, left }: Props) {
  const { t, name } = useSpeech();
  const { row, choices } = thread;
  const me = useMe();
  const acts = may(me, ["act_on_warnings"]);
  const { may_judge: judges, may_check: checks, may_close: closes } = thread.duty;
  const roles = useRoles();
  const assigns = may(me, ["assign_warnings"]);
  const box = useRef<HTMLElement>(null);
  // The version that was made of the warning here: whatever somebody else makes of it is not what is said.
  const [made, setMade] = useState<number | null>(null);
  const { send, busy, error, forget } = useAct(thread, (acted) => {
    open(null);
    setMade(acted.version);
  });
  // A key of the page opens a form too: what was said of the act before goes.
  useEffect(() => {
    if (opened === null) return;
    forget();
    setMade(null);
  }, [opened, forget]);
  const close = () => {
    // The form goes with what has the focus in it: the button that opened it has it again.
    box.current?.querySelector<HTMLElement>("button[aria-expanded=true]:not(form *)")?.focus();
    forget();
    open(null);
  };
  useKeys(opened === null ? {} : { Escape: close });
  const show = (form: Opened) => (opened === form ? close() : open(form));
  const live = row.state === "open" || row.state === "snoozed";
  const form = { busy, send, cancel: close };
  return (
    <aside ref={box} className="acts card" aria-labelledby="acts-title">
      {/* It stays where it is, whatever comes and goes below. */}
      <div className="acts-head">
        <h2 id="acts-title">{t("warnings.acts")}</h2>
        <Button className="next" type="primary" onClick={next}>
          {t("warnings.next", { count: left })} <kbd>n</kbd>
        </Button>
      </div>
      <div role="status" className="acts-said">
        {made !== null && row.version <= made && !error && <Alert type="success" showIcon title={t("warnings.done")} />}
      </div>
      {error && <Refused error={error} />}
      {!live && (
        <>
          <p className="quiet">{t(row.state === "closed" ? "warnings.is_closed" : "warnings.is_superseded")}</p>
          {acts && (
            <Button onClick={() => show("reopen")} aria-expanded={opened === "reopen"}>
              {t("warnings.reopen")}
            </Button>
          )}
          {opened === "reopen" && (
            <ReasonForm {...form} label={t("warnings.reopen_why")} submit={t("warnings.reopen")} act={(reason) => ({ act: "reopen", reason })} />
          )}
        </>
      )}
      {live && (
        <>
          {acts && !judges && <p className="quiet small">{t("warnings.others_answer", { roles: roles(thread.duty.owner_roles) })}</p>}
          {judges && (
            <div className="dispose" role="group" aria-label={t("warnings.dispose")}>
              {(["true_positive", "false_alarm", "pending"] as const).map((one, place) => (
                <Button
                  key={one}
                  className={`dispose-${one}`}
                  type={row.disposition === one ? "primary" : "default"}
                  aria-pressed={row.disposition === one}
                  aria-expanded={opened === one}
                  onClick={() => show(one)}
                >
                  {name("disposition", one)} <kbd>{place + 1}</kbd>
                </Button>
              ))}
            </div>
          )}
          {!judges && !row.disposition && <p className="quiet small">{t("warnings.not_disposed")}</p>}
          {(opened === "true_positive" || opened === "false_alarm" || opened === "pending") && (
            <DisposeForm key={opened} {...form} disposition={opened} reasons={choices.false_alarm_reasons} />
          )}
          {row.disposition && (
            <p className="small">
              {t("warnings.disposed_by", { disposition: name("disposition", row.disposition), by: thread.disposed_by_name })}
              {thread.disposition_reason && ` · ${name("false_alarm", thread.disposition_reason)}`}
            </p>
          )}
          {row.disposition === "false_alarm" && may(me, ["edit_lists"]) && (
            <>
              <Button type="link" className="as-text" onClick={() => show("allow")} aria-expanded={opened === "allow"}>
                {t("warnings.allow")}
              </Button>
              {opened === "allow" && <AllowForm thread={thread} close={close} />}
            </>
          )}
          {thread.may_close && (
            <Waiting who={thread.disposed_by_name} mine={thread.disposed_by === me.acting}>
              {closes && (
                <Button type="primary" onClick={() => show("close")} aria-expanded={opened === "close"}>
                  {t("warnings.close")}
                </Button>
              )}
              {judges && !closes && <p className="quiet small">{t("warnings.closed_by_checker")}</p>}
              {opened === "close" && (
                <ReasonForm {...form} label={t("warnings.close_why")} submit={t("warnings.close")} act={(reason) => ({ act: "close", reason })} />
              )}
            </Waiting>
          )}
          <Finding thread={thread} opened={opened} show={show} form={form} />
          <section className="acts-part">
            <h3>{t("warnings.measures")}</h3>
            {thread.measures.length > 0 && (
              <p className="small">{[...new Set(thread.measures)].map((one) => name("warning_measure", one)).join(" · ")}</p>
            )}
            <p className="quiet small">
              {t("warnings.called_for", {
                level: name("warning_level", row.level),
                measures: choices.called_for.map((one) => name("warning_measure", one)).join(" · "),
              })}
            </p>
            {acts && (
              <Button onClick={() => show("measure")} aria-expanded={opened === "measure"}>
                {t("warnings.measure")}
              </Button>
            )}
            {opened === "measure" && <MeasureForm {...form} measures={choices.measures} called={choices.called_for} />}
          </section>
          <section className="acts-part">
            <h3>{t("warnings.assignee")}</h3>
            {assigns ? (
              <PersonSelect
                label={t("warnings.assign_to")}
                hint={t("warnings.nobodys")}
                value={row.assignee ? { staff_id: row.assignee, name: row.assignee_name } : null}
                choose={(person) => {
                  forget();
                  send({ act: "assign", to: person?.staff_id ?? "" });
                }}
              />
            ) : (
              <p className="small">{row.assignee_name || t("warnings.nobodys")}</p>
            )}
            {judges && me.staff_id !== null && row.assignee !== me.staff_id && (
              <Button size="small" type="text" onClick={() => send({ act: "assign", to: me.acting })}>
                {t("warnings.assign_me")}
              </Button>
            )}
          </section>
          {(thread.lowering || (acts && row.level !== "blue")) && (
            <section className="acts-part">
              <h3>
                <Term name="warning_level">{t("warnings.level")}</Term>
              </h3>
              {thread.lowering ? (
                <Waiting
                  who={thread.lowering.by_name}
                  mine={thread.lowering.by === me.acting}
                  asked={t("warnings.lowering_asked", {
                    level: name("warning_level", thread.lowering.level),
                    by: thread.lowering.by_name,
                    reason: thread.lowering.reason,
                  })}
                >
                  {checks && (
                    <span className="acts-row">
                      <Button
                        type="primary"
                        loading={busy}
                        onClick={() => thread.lowering && send({ act: "approve_lowering", content_hash: thread.lowering.content_hash })}
                      >
                        {t("warnings.approve")}
                      </Button>
                      <Button onClick={() => show("refuse_lowering")} aria-expanded={opened === "refuse_lowering"}>
                        {t("warnings.refuse")}
                      </Button>
                    </span>
                  )}
                  {opened === "refuse_lowering" && (
                    <ReasonForm {...form} label={t("warnings.refuse_why")} submit={t("warnings.refuse")} act={(reason) => ({ act: "refuse_lowering", reason })} />
                  )}
                </Waiting>
              ) : (
                <>
                  <Button onClick={() => show("lower")} aria-expanded={opened === "lower"}>
                    {t("warnings.lower")}
                  </Button>
                  {opened === "lower" && <LowerForm {...form} level={row.level} />}
                </>
              )}
            </section>
          )}
          {(judges || row.state === "snoozed") && (
            <section className="acts-part">
              <h3>{t("warnings.snooze_title")}</h3>
              {row.state === "snoozed" ? (
                <>
                  <p className="small figures">{t("warnings.snoozed_until", { day: thread.snoozed_until ?? "" })}</p>
                  {acts && (
                    <Button loading={busy} onClick={() => send({ act: "wake" })}>
                      {t("warnings.wake")}
                    </Button>
                  )}
                </>
              ) : row.level === "red" ? (
                <p className="quiet small">{t("warnings.red_not_snoozed")}</p>
              ) : choices.snooze_until_most === null ? (
                <p className="quiet small">{t("warnings.snoozed_long_enough")}</p>
              ) : (
                <>
                  <Button onClick={() => show("snooze")} aria-expanded={opened === "snooze"}>
                    {t("warnings.snooze")}
                  </Button>
                  {opened === "snooze" && <SnoozeForm {...form} most={choices.snooze_until_most} />}
                </>
              )}
            </section>
          )}
        </>
      )}
    </aside>
  );
}

interface WaitingProps {
  readonly who: string;
  readonly mine: boolean;
  readonly asked?: string;
  readonly children: React.ReactNode;
}

/** What a second person must do; the first one is told so, and offered nothing that would be refused. */
export function Waiting({ who, mine, asked, children }: WaitingProps) {
  const { t } = useSpeech();
  return (
    <div className="waiting-for">
      <p className="small">
        <Term name="second_person">{t(mine ? "warnings.second_not_you" : "warnings.second_person", { who })}</Term>
      </p>
      {asked && <p className="small">{asked}</p>}
      {!mine && children}
    </div>
  );
}

function Refused({ error }: { readonly error: unknown }) {
  const { t, name, language } = useSpeech();
  const code = problemCode(error) ?? "";
  const words = name("warning_refusal", code);
  return (
    <Alert
      type={code === "changed" ? "warning" : "error"}
      showIcon
      role="alert"
      title={words === code ? t("warnings.not_done") : words}
      description={words === code ? problemText(language, error) || t("error.unreachable") : undefined}
    />
  );
}
