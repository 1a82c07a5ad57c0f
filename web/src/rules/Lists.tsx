import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Input, Select, Table } from "antd";
import { type FormEvent, useId, useState } from "react";
import { Link } from "react-router";
import { newKey } from "../accounts/Correction";
import { ReasonDialog } from "../accounts/ReasonDialog";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Failure, Loading, Notice } from "../ui/states";
import { instantText } from "../ui/time";
import { problemText } from "../ui/wording";
import { DayField, dayFromNow } from "../warnings/forms";

type Entry = Schemas["ListEntry"];
const YEAR_DAYS = 365;

function stateOf(entry: Entry): "waiting" | "in_force" | "ended" | "expired" {
  if (entry.ended_at) return "ended";
  if (entry.expires_on < dayFromNow(0)) return "expired";
  return entry.checked_at ? "in_force" : "waiting";
}

/** Whom the bank watches and whom it keeps away from; a second person approves each entry. */
export function Lists() {
  const { t, name, language } = useSpeech();
  const queries = useQueryClient();
  const [ending, setEnding] = useState<Entry | null>(null);
  const { data, error, refetch } = api.useQuery("get", "/api/v1/list-entries", { params: { query: { limit: 500 } } });
  const reread = () => void queries.invalidateQueries({ queryKey: ["get", "/api/v1/list-entries"] });
  const approve = api.useMutation("post", "/api/v1/list-entries/{entry_id}/approval", { onSuccess: reread });
  const end = api.useMutation("post", "/api/v1/list-entries/{entry_id}/ending", {
    onSuccess: () => {
      setEnding(null);
      reread();
    },
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <>
      <p className="crumbs">
        <Link to="/rules">{t("rules.back")}</Link>
      </p>
      <div className="page-head">
        <h1>{t("rules.lists")}</h1>
      </div>
      <Propose done={reread} />
      <p className="quiet small list-hint">{t("rules.lists_hint")}</p>
      {approve.error && (
        <Alert
          type="error"
          showIcon
          className="alert"
          title={t("rules.not_done")}
          description={problemText(language, approve.error) || t("error.unreachable")}
        />
      )}
      {data.length === 0 ? (
        <Notice tone="empty" title={t("rules.lists_empty")} />
      ) : (
        <Table<Entry>
          className="card"
          rowKey="entry_id"
          dataSource={[...data]}
          pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
          scroll={{ x: "max-content" }}
          columns={[
            { title: t("rules.column_list"), key: "list", render: (_, row) => name("rule_list", row.list) },
            {
              title: t("rules.column_subject"),
              key: "subject",
              render: (_, row) => (
                <>
                  {row.scope === "account" ? (
                    <Link to={`/accounts/${encodeURIComponent(row.subject)}`}>{row.subject}</Link>
                  ) : (
                    row.subject
                  )}
                  <div className="quiet small">
                    {name("rule_list_scope", row.scope)}
                    {row.name && ` · ${row.name}`}
                  </div>
                </>
              ),
            },
            { title: t("rules.column_reason"), key: "reason", render: (_, row) => row.reason },
            { title: t("rules.column_expires"), key: "expires", className: "figures nowrap", render: (_, row) => row.expires_on },
            {
              title: t("rules.column_people"),
              key: "people",
              render: (_, row) => (
                <span className="small">
                  {row.maker} · {instantText(row.made_at)}
                  {row.checker && <div className="quiet">{t("rules.list_checked", { by: row.checker })}</div>}
                </span>
              ),
            },
            {
              title: t("rules.column_state"),
              key: "state",
              render: (_, row) => (
                <span className={`rule-state list-${stateOf(row)}`}>{name("rule_list_state", stateOf(row))}</span>
              ),
            },
            {
              title: t("rules.column_acts"),
              key: "acts",
              render: (_, row) => (
                <span className="rule-acts">
                  {stateOf(row) === "waiting" && (
                    <Button
                      size="small"
                      loading={approve.isPending && approve.variables?.params.path.entry_id === row.entry_id}
                      onClick={() => approve.mutate({ params: { path: { entry_id: row.entry_id } } })}
                    >
                      {t("rules.list_approve")}
                    </Button>
                  )}
                  {(stateOf(row) === "waiting" || stateOf(row) === "in_force") && (
                    <Button
                      size="small"
                      onClick={() => {
                        end.reset();
                        setEnding(row);
                      }}
                    >
                      {t(stateOf(row) === "waiting" ? "rules.refuse" : "rules.list_end")}
                    </Button>
                  )}
                </span>
              ),
            },
          ]}
        />
      )}
      <ReasonDialog
        open={ending !== null}
        title={t("rules.list_end_title")}
        submit={t("rules.list_end")}
        busy={end.isPending}
        error={end.error}
        close={() => setEnding(null)}
        act={(reason) => ending && end.mutate({ params: { path: { entry_id: ending.entry_id } }, body: { reason } })}
      />
    </>
  );
}

function Propose({ done }: { readonly done: () => void }) {
  const { t, name, language } = useSpeech();
  const [list, setList] = useState<Entry["list"]>("watch");
  const [scope, setScope] = useState<Entry["scope"]>("account");
  const [subject, setSubject] = useState("");
  const [reason, setReason] = useState("");
  const [day, setDay] = useState(dayFromNow(YEAR_DAYS));
  const [key, setKey] = useState(newKey);
  const [listId, scopeId, subjectId, reasonId] = [useId(), useId(), useId(), useId()];
  const propose = api.useMutation("post", "/api/v1/list-entries", {
    onSuccess: () => {
      setKey(newKey());
      setSubject("");
      setReason("");
      done();
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    propose.mutate({
      body: { list, scope, subject: subject.trim(), reason: reason.trim(), expires_on: day, request_key: key },
    });
  };
  return (
    <form className="card backtest-form" onSubmit={send}>
      <label className="field" htmlFor={listId}>
        <span>{t("rules.column_list")}</span>
        <Select
          id={listId}
          value={list}
          onChange={setList}
          options={(["watch", "black"] as const).map((one) => ({ value: one, label: name("rule_list", one) }))}
        />
      </label>
      <label className="field" htmlFor={scopeId}>
        <span>{t("rules.list_scope")}</span>
        <Select
          id={scopeId}
          value={scope}
          onChange={setScope}
          options={(["account", "party"] as const).map((one) => ({ value: one, label: name("rule_list_scope", one) }))}
        />
      </label>
      <label className="field" htmlFor={subjectId}>
        <span>{t("rules.list_subject")}</span>
        <Input id={subjectId} required maxLength={128} value={subject} onChange={(event) => setSubject(event.target.value)} />
      </label>
      <label className="field wide" htmlFor={reasonId}>
        <span>{t("rules.column_reason")}</span>
        <Input id={reasonId} required maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
      </label>
      <DayField label={t("rules.column_expires")} value={day} least={dayFromNow(0)} change={setDay} />
      <Button type="primary" htmlType="submit" loading={propose.isPending} disabled={!subject.trim() || !reason.trim() || !day}>
        {t("rules.list_propose")}
      </Button>
      {propose.error && (
        <Alert
          type="error"
          showIcon
          title={t("rules.not_done")}
          description={problemText(language, propose.error) || t("error.unreachable")}
        />
      )}
    </form>
  );
}
