import { Alert, Button, Input, Radio, Select } from "antd";
import { type FormEvent, useId, useState } from "react";
import { Link } from "react-router";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { Term } from "../ui/Term";
import { problemText } from "../ui/wording";
import type { Thread } from "./asked";
import { DayField, dayFromNow, leaves } from "./forms";
import { useRuleName } from "./rules";
import { isMasked, shownAccount } from "../ui/masked_account";

const USUAL_DAYS = 90;

/** Proposes to keep such hits out of the warnings for a time; a second person approves. */
export function AllowForm({ thread, close }: { readonly thread: Thread; readonly close: () => void }) {
  const { t, language } = useSpeech();
  const called = useRuleName(thread.rule_words);
  const { row, evidence, choices } = thread;
  const id = useId();
  const payee = evidence.find((line) => line.of_hit)?.to_account ?? null;
  const [scope, setScope] = useState<"loan" | "account">("loan");
  const [rule, setRule] = useState(row.rule_codes[0] ?? "");
  const [until, setUntil] = useState(dayFromNow(Math.min(USUAL_DAYS, choices.allow_days)));
  const [reason, setReason] = useState("");
  const [key] = useState(() => crypto.randomUUID());
  const propose = api.useMutation("post", "/api/v1/list-entries");
  const subject = scope === "loan" ? row.loan_id : (payee?.account ?? "");
  const ready = reason.trim() !== "" && rule !== "" && subject !== "" && until !== "";
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!ready) return;
    propose.mutate({
      body: {
        list: "allow",
        scope,
        subject,
        rule_code: rule,
        reason: reason.trim(),
        expires_on: until,
        thread_id: row.thread_id,
        request_key: key,
      },
    });
  };
  if (propose.isSuccess) {
    return (
      <div className="act-form">
        <Alert
          type="success"
          showIcon
          title={t("warnings.allow_proposed")}
          description={<Link to="/lists?list=allow">{t("warnings.allow_list")}</Link>}
        />
        <Button onClick={close}>{t("warnings.ok")}</Button>
      </div>
    );
  }
  return (
    <form className="act-form" onSubmit={send} onKeyDown={(event) => leaves(event) && close()}>
      <p className="quiet small">
        <Term name="allow_list">{t("warnings.allow_hint")}</Term>
      </p>
      <Radio.Group
        aria-label={t("warnings.allow_scope")}
        value={scope}
        onChange={(event) => setScope(event.target.value as "loan" | "account")}
        options={[
          { value: "loan", label: t("warnings.allow_loan") },
          { value: "account", label: t("warnings.allow_payee", { payee: payee?.name ?? shownAccount(payee?.account ?? "–") }), disabled: !payee?.account || isMasked(payee.account) },
        ]}
      />
      <Select
        aria-label={t("warnings.rule")}
        value={rule}
        onChange={setRule}
        options={row.rule_codes.map((code) => ({ value: code, label: called(code) }))}
      />
      <DayField label={t("warnings.allow_until")} value={until} least={dayFromNow(1)} most={dayFromNow(choices.allow_days)} change={setUntil} />
      <label className="field" htmlFor={id}>
        <span>{t("warnings.reason")}</span>
        <Input.TextArea id={id} rows={2} maxLength={1000} required value={reason} onChange={(event) => setReason(event.target.value)} />
      </label>
      {propose.error && (
        <Alert type="error" showIcon title={t("warnings.not_done")} description={problemText(language, propose.error)} />
      )}
      <span className="acts-row">
        <Button type="primary" htmlType="submit" disabled={!ready} loading={propose.isPending}>
          {t("warnings.allow_propose")}
        </Button>
        <Button onClick={close}>{t("warnings.cancel")}</Button>
      </span>
    </form>
  );
}
