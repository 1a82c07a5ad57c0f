import { Alert, Button, Input, Radio } from "antd";
import { type FormEvent, useEffect, useId, useState } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { PersonSelect } from "../ui/PersonSelect";
import { problemCode } from "../ui/states";
import { instantText } from "../ui/time";
import { problemText } from "../ui/wording";
import type { Acting } from "./acting";
import type { Check } from "./address";

type ConclusionName = Schemas["Conclusion"];
const CONCLUSIONS = ["as_agreed", "partly_as_agreed", "not_as_agreed", "undetermined"] as const satisfies readonly ConclusionName[];

interface Props {
  readonly check: Check;
  readonly acting: Acting;
  /** Whether another check waits: then submitting goes on to it. */
  readonly goesOn: boolean;
}

/** What the check comes to: to submit, to review, or as it was closed. */
export function Conclusion({ check, acting, goesOn }: Props) {
  const { t, name, language } = useSpeech();
  const { row, may, submission } = check;
  return (
    <section className="check-conclusion" aria-labelledby="conclusion-title">
      <h3 id="conclusion-title">{t("checks.conclusion")}</h3>
      {acting.error !== null && <Refused error={acting.error} />}
      {row.state === "taken_over" && (
        <>
          <p className="quiet small">{t("checks.taken_over")}</p>
          {(may.work || may.review) && (
            <WithReason
              open={t("checks.ask_for")}
              label={t("checks.ask_why")}
              busy={acting.busy}
              send={(reason) => acting.send({ act: "ask_for", reason })}
            />
          )}
        </>
      )}
      {row.state === "open" &&
        (may.work ? (
          <SubmitForm key={row.check_id} check={check} acting={acting} goesOn={goesOn} />
        ) : (
          <p className="quiet">{name("check_state", row.state)}</p>
        ))}
      {submission && row.state !== "open" && (
        <>
          <p className={`conclusion conclusion-${submission.conclusion}`}>{name("check_conclusion", submission.conclusion)}</p>
          <p className="conclusion-text">
            {submission.edited ? submission.text : language === "zh" ? submission.composed_chinese : submission.composed_english}
          </p>
          {submission.edited && (
            <details className="small">
              <summary>{t("checks.composed")}</summary>
              <p className="quiet">{language === "zh" ? submission.composed_chinese : submission.composed_english}</p>
            </details>
          )}
          {submission.reason && (
            <p className="small">
              {t("checks.submitted_reason", {
                proposed: name("check_conclusion", submission.proposed),
                reason: submission.reason,
              })}
            </p>
          )}
          <p className="quiet small figures">
            {t("checks.submitted_by", { by: submission.by_name, at: instantText(submission.at) })}
          </p>
        </>
      )}
      {row.state === "submitted" && <Review check={check} acting={acting} goesOn={goesOn} />}
      {row.state === "closed" && (
        <>
          <p className="small figures">
            {t("checks.closed_by", { by: row.reviewed_by_name, at: instantText(row.closed_at ?? "") })}
          </p>
          {may.review && (
            <WithReason
              open={t("checks.reopen")}
              label={t("checks.reopen_why")}
              busy={acting.busy}
              send={(reason) => acting.send({ act: "reopen", reason })}
            />
          )}
        </>
      )}
      {may.assign && (
        <div className="check-assign">
          <span className="quiet small">{t("checks.assign")}</span>
          <PersonSelect
            label={t("checks.assign")}
            hint={t("checks.nobodys")}
            disabled={acting.busy}
            value={row.assignee ? { staff_id: row.assignee, name: row.assignee_name } : null}
            choose={(person) => acting.send({ act: "assign", to: person?.staff_id ?? "" })}
          />
        </div>
      )}
    </section>
  );
}

const LETTERS_A_ROW = 21;
const LETTERS_A_ROW_ENGLISH = 38;

/** As high as its text, within limits; measured by letters, for a style written by a script is not let in. */
function rowsOf(text: string): number {
  const chinese = /[\u4e00-\u9fff]/.test(text.slice(0, 8));
  const rows = Math.ceil(text.length / (chinese ? LETTERS_A_ROW : LETTERS_A_ROW_ENGLISH)) + 1;
  return Math.min(Math.max(rows, 6), 10);
}

function SubmitForm({ check, acting, goesOn }: Props) {
  const { t, name, language } = useSpeech();
  const { proposed } = check;
  const composed = language === "zh" ? proposed.chinese : proposed.english;
  const [chosen, choose] = useState<ConclusionName | null>(null);
  const [edited, edit] = useState<string | null>(null);
  const [reason, setReason] = useState("");
  const textId = useId();
  const reasonId = useId();
  const conclusion = chosen ?? proposed.conclusion;
  const other = conclusion !== proposed.conclusion;
  const left = proposed.open_uses.filter((use) => !acting.said.has(use)).length;
  const ready = left === 0 && (edited ?? composed).trim() !== "" && (!other || reason.trim() !== "");
  // What was chosen before the figures changed was chosen for other figures.
  useEffect(() => choose(null), [proposed.conclusion]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!ready || check.lines.length === 0) return;
    acting.send({
      act: "submit",
      conclusion,
      text: (edited ?? composed).trim(),
      language,
      reason: other ? reason.trim() : "",
    });
  };
  return (
    <form className="conclusion-form" onSubmit={submit}>
      <Radio.Group
        aria-label={t("checks.conclusion")}
        value={conclusion}
        onChange={(event) => choose(event.target.value as ConclusionName)}
        options={CONCLUSIONS.map((one) => ({
          value: one,
          label: (
            <>
              {name("check_conclusion", one)}
              {one === proposed.conclusion && <span className="mark">{t("checks.proposed")}</span>}
            </>
          ),
        }))}
      />
      {other && (
        <label className="field" htmlFor={reasonId}>
          <span>{t("checks.other_why")}</span>
          <Input.TextArea
            id={reasonId}
            rows={2}
            maxLength={1000}
            required
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
      )}
      <label className="field" htmlFor={textId}>
        <span>{t("checks.text")}</span>
        <Input.TextArea
          id={textId}
          rows={rowsOf(edited ?? composed)}
          maxLength={4000}
          value={edited ?? composed}
          onChange={(event) => edit(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
          }}
        />
      </label>
      {edited !== null && edited !== composed && (
        <Button type="link" size="small" className="as-text" onClick={() => edit(null)}>
          {t("checks.text_edited")}
        </Button>
      )}
      {left > 0 && <p className="quiet small">{left === 1 ? t("checks.not_all_judged_one") : t("checks.not_all_judged", { count: left })}</p>}
      <Button type="primary" htmlType="submit" block disabled={!ready} loading={acting.busy}>
        {t(goesOn ? "checks.submit_next" : "checks.submit")}
      </Button>
    </form>
  );
}

function Review({ check, acting, goesOn }: Props) {
  const { t } = useSpeech();
  const { may } = check;
  if (!may.review) {
    return (
      <Alert type="info" showIcon title={t(may.why_no_review === "maker" ? "checks.maker" : "checks.no_ability")} />
    );
  }
  return (
    <div className="review" role="group" aria-label={t("checks.review")}>
      <Button type="primary" block loading={acting.busy} onClick={() => acting.send({ act: "close", note: "" })}>
        {t(goesOn ? "checks.approve_next" : "checks.approve")}
      </Button>
      <WithReason
        open={t("checks.return")}
        label={t("checks.return_why")}
        busy={acting.busy}
        send={(reason) => acting.send({ act: "return", reason })}
      />
    </div>
  );
}

interface WithReasonProps {
  readonly open: string;
  readonly label: string;
  readonly busy: boolean;
  readonly send: (reason: string) => void;
}

/** A button that asks why before it acts. */
function WithReason({ open, label, busy, send }: WithReasonProps) {
  const { t } = useSpeech();
  const id = useId();
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const sent = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim() === "") return;
    send(reason.trim());
    setAsking(false);
    setReason("");
  };
  return (
    <>
      <Button block aria-expanded={asking} onClick={() => setAsking(!asking)}>
        {open}
      </Button>
      {asking && (
        <form className="conclusion-form" onSubmit={sent} onKeyDown={(event) => event.key === "Escape" && setAsking(false)}>
          <label className="field" htmlFor={id}>
            <span>{label}</span>
            <Input.TextArea
              id={id}
              rows={2}
              maxLength={1000}
              required
              autoFocus
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
          <span className="acts-row">
            <Button type="primary" htmlType="submit" disabled={reason.trim() === ""} loading={busy}>
              {open}
            </Button>
            <Button onClick={() => setAsking(false)}>{t("checks.cancel")}</Button>
          </span>
        </form>
      )}
    </>
  );
}

function Refused({ error }: { readonly error: unknown }) {
  const { t, language } = useSpeech();
  const changed = problemCode(error) === "changed";
  return (
    <Alert
      type={changed ? "warning" : "error"}
      showIcon
      role="alert"
      title={changed ? t("checks.changed_meanwhile") : t("checks.not_done")}
      description={changed ? undefined : problemText(language, error) || t("error.unreachable")}
    />
  );
}
