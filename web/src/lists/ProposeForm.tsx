import { Alert, Button, Input, Radio, Select } from "antd";
import { type FormEvent, useId, useState } from "react";
import { newKey } from "../accounts/Correction";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { problemText } from "../ui/wording";
import { DayField, dayFromNow } from "../warnings/forms";
import { type Entries, type ListName, LISTS, type Scope, useRuleNames } from "./entries";

const SCOPES: Readonly<Record<ListName, readonly Scope[]>> = {
  allow: ["loan", "account", "party"],
  watch: ["account", "party"],
  black: ["account", "party"],
};
const USUAL_DAYS: Readonly<Record<ListName, number>> = { allow: 90, watch: 365, black: 365 };

interface Props {
  readonly entries: Entries;
  readonly list: ListName;
  readonly done: () => void;
  readonly close: () => void;
}

/** Proposes an entry of a list; a second person approves it. Escape closes it. */
export function ProposeForm({ entries, list: first, done, close }: Props) {
  const { t, name, language } = useSpeech();
  const called = useRuleNames(entries.allow_rules);
  const [list, setList] = useState<ListName>(first);
  const [scope, setScope] = useState<Scope>("account");
  const [subject, setSubject] = useState("");
  const [rule, setRule] = useState("");
  const [reason, setReason] = useState("");
  const most = list === "allow" ? dayFromNow(entries.allow_days) : undefined;
  const usual = (of: ListName) => dayFromNow(of === "allow" ? Math.min(USUAL_DAYS[of], entries.allow_days) : USUAL_DAYS[of]);
  const [day, setDay] = useState(usual(first));
  const [key, setKey] = useState(newKey);
  const [subjectId, ruleId, reasonId] = [useId(), useId(), useId()];
  const propose = api.useMutation("post", "/api/v1/list-entries", {
    onSuccess: () => {
      setKey(newKey());
      setSubject("");
      setReason("");
      done();
    },
  });
  const choose = (chosen: ListName) => {
    setList(chosen);
    if (!SCOPES[chosen].includes(scope)) setScope("account");
    setDay(usual(chosen));
  };
  const ready = subject.trim() !== "" && reason.trim() !== "" && day !== "" && (list !== "allow" || rule !== "");
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!ready || propose.isPending) return;
    propose.mutate({
      body: {
        list,
        scope,
        subject: subject.trim(),
        rule_code: list === "allow" ? rule : "",
        reason: reason.trim(),
        expires_on: day,
        request_key: key,
      },
    });
  };
  return (
    <form
      className="card list-form"
      aria-label={t("lists.new")}
      onSubmit={send}
      onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && close()}
    >
      <fieldset className="list-choices">
        <legend>{t("lists.column_list")}</legend>
        <Radio.Group
          value={list}
          onChange={(event) => choose(event.target.value as ListName)}
          options={LISTS.map((one) => ({ value: one, label: name("list_name", one) }))}
        />
      </fieldset>
      <fieldset className="list-choices">
        <legend>{t("lists.scope")}</legend>
        <Radio.Group
          value={scope}
          onChange={(event) => setScope(event.target.value as Scope)}
          options={SCOPES[list].map((one) => ({ value: one, label: name("list_scope", one) }))}
        />
      </fieldset>
      <label className="field" htmlFor={subjectId}>
        <span>{t(`lists.subject.${scope}`)}</span>
        <Input id={subjectId} required autoFocus maxLength={128} value={subject} onChange={(event) => setSubject(event.target.value)} />
      </label>
      {list === "allow" && (
        <label className="field" htmlFor={ruleId}>
          <span>{t("lists.rule")}</span>
          <Select
            id={ruleId}
            className="list-rule"
            showSearch={{ optionFilterProp: "label" }}
            value={rule || null}
            onChange={setRule}
            options={entries.allow_rules.map((one) => ({ value: one.code, label: called(one.code) }))}
          />
        </label>
      )}
      <label className="field wide" htmlFor={reasonId}>
        <span>{t("lists.reason")}</span>
        <Input id={reasonId} required maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
      </label>
      <DayField label={t("lists.expires")} value={day} least={dayFromNow(0)} {...(most && { most })} change={setDay} />
      <span className="list-buttons">
        <Button type="primary" htmlType="submit" loading={propose.isPending} disabled={!ready}>
          {t("lists.propose")}
        </Button>
        <Button onClick={close}>{t("lists.cancel")}</Button>
      </span>
      {propose.error && (
        <Alert
          className="list-told"
          type="error"
          showIcon
          title={t("lists.not_done")}
          description={problemText(language, propose.error) || t("error.unreachable")}
        />
      )}
    </form>
  );
}
