import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Input, Table } from "antd";
import { type FormEvent, useId, useState } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Field } from "../ui/Field";
import { Failure, Loading } from "../ui/states";
import { problemText } from "../ui/wording";
import { DayField, dayFromNow } from "../warnings/forms";
import { ColleagueSelect } from "./ColleagueSelect";
import { dayText, endOfDay, startOfDay } from "./days";
import { useMe } from "./me";

const DELEGATIONS = "/api/v1/me/delegations";
type Row = Schemas["DelegationRow"];
type Name = Schemas["PersonName"];
const USUAL_DAYS = 7;

/** Who does one's work while one is away, and for whom one does. */
export function Delegations() {
  const { t, name, language } = useSpeech();
  const me = useMe();
  const queries = useQueryClient();
  const { data, error, refetch } = api.useQuery("get", DELEGATIONS, {}, { refetchOnMount: "always" });
  const reread = () => void queries.invalidateQueries({ queryKey: ["get", DELEGATIONS] });
  const end = api.useMutation("post", "/api/v1/me/delegations/{delegation_id}/ending", {
    onSettled: () => {
      reread();
      void queries.invalidateQueries({ queryKey: ["get", "/api/v1/me"] });
    },
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={2} />;
  const now = Date.now();
  const stateOf = (row: Row) =>
    row.ended_at || Date.parse(row.valid_to) <= now ? "ended" : Date.parse(row.valid_from) > now ? "coming" : "standing";
  return (
    <>
      {end.error && <Alert type="error" showIcon role="alert" title={t("me.not_done")} description={problemText(language, end.error) || t("error.unreachable")} />}
      {data.length > 0 && (
        <Table<Row>
          size="small"
          rowKey="delegation_id"
          aria-label={t("me.delegation")}
          dataSource={[...data]}
          pagination={false}
          scroll={{ x: true }}
          columns={[
            {
              title: t("me.delegation_who"),
              key: "who",
              render: (_, row) =>
                row.from_person_id === me.person_id
                  ? t("me.delegation_to", { name: row.to_name })
                  : t("me.delegation_for", { name: row.from_name }),
            },
            { title: t("me.delegation_from"), key: "from", className: "figures nowrap", render: (_, row) => dayText(row.valid_from) },
            { title: t("me.delegation_until"), key: "until", className: "figures nowrap", render: (_, row) => dayText(row.valid_to) },
            { title: t("me.delegation_reason"), key: "reason", render: (_, row) => row.reason },
            {
              title: t("me.delegation_state"),
              key: "state",
              render: (_, row) => <span className="list-state">{name("delegation_state", stateOf(row))}</span>,
            },
            {
              title: t("me.session_act"),
              key: "act",
              render: (_, row) =>
                stateOf(row) !== "ended" && (
                  <Button
                    size="small"
                    loading={end.isPending && end.variables?.params.path.delegation_id === row.delegation_id}
                    onClick={() => end.mutate({ params: { path: { delegation_id: row.delegation_id } } })}
                  >
                    {t("me.delegation_end")}
                  </Button>
                ),
            },
          ]}
        />
      )}
      <Propose done={reread} />
    </>
  );
}

function Propose({ done }: { readonly done: () => void }) {
  const { t, language } = useSpeech();
  const [open, setOpen] = useState(false);
  const [to, setTo] = useState<Name | null>(null);
  const [from, setFrom] = useState(dayFromNow(0));
  const [until, setUntil] = useState(dayFromNow(USUAL_DAYS));
  const [reason, setReason] = useState("");
  const reasonId = useId();
  const make = api.useMutation("post", DELEGATIONS, {
    onSuccess: () => {
      setOpen(false);
      setTo(null);
      setReason("");
      done();
    },
  });
  if (!open) {
    return (
      <div>
        <Button onClick={() => setOpen(true)}>{t("me.delegation_new")}</Button>
      </div>
    );
  }
  const ready = to !== null && from !== "" && until !== "" && reason.trim() !== "";
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!to || !ready || make.isPending) return;
    make.mutate({
      body: {
        to_person_id: to.person_id,
        valid_from: startOfDay(from),
        valid_to: endOfDay(until),
        reason: reason.trim(),
      },
    });
  };
  return (
    <form className="own-form" aria-label={t("me.delegation_new")} onSubmit={send}>
      <ColleagueSelect label={t("me.delegation_person")} value={to} choose={setTo} />
      <div className="own-days">
        <DayField label={t("me.delegation_from")} value={from} least={dayFromNow(0)} change={setFrom} />
        <DayField label={t("me.delegation_until")} value={until} least={from} change={setUntil} />
      </div>
      <Field id={reasonId} label={t("me.delegation_reason")}>
        <Input id={reasonId} required maxLength={200} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
      <p className="quiet small">{t("me.delegation_hint")}</p>
      {make.error && <Alert type="error" showIcon role="alert" title={t("me.not_done")} description={problemText(language, make.error) || t("error.unreachable")} />}
      <div className="own-buttons">
        <Button type="primary" htmlType="submit" disabled={!ready} loading={make.isPending}>
          {t("me.delegation_make")}
        </Button>
        <Button onClick={() => setOpen(false)}>{t("me.cancel")}</Button>
      </div>
    </form>
  );
}
