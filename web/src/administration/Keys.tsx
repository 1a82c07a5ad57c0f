import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Input, Modal, Select, Table } from "antd";
import { type FormEvent, useId, useState } from "react";
import { Link } from "react-router";
import { newKey } from "../accounts/Correction";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { endOfDay } from "../identity/days";
import { may, useMe } from "../identity/me";
import { ExportButton } from "../table/ExportButton";
import { Field } from "../ui/Field";
import { Failure, Loading, Notice } from "../ui/states";
import { instantText } from "../ui/time";
import { DayField, dayFromNow } from "../warnings/forms";
import { Refused } from "./Refused";
import { useUnits } from "./units";

const KEYS = "/api/v1/keys";
/** What a key of a system may be made for (loantrail.identity.abilities). */
const ABILITIES = ["send_live", "read_loans", "read_warnings", "read_data", "take_data", "run_system"] as const;
const USUAL_DAYS = 365;
type Row = Schemas["KeyRow"];

/** The keys by which the bank's systems come in. */
export function Keys() {
  const { t, name } = useSpeech();
  const me = useMe();
  const units = useUnits();
  const queries = useQueryClient();
  const [making, setMaking] = useState(false);
  const { data, error, refetch } = api.useQuery("get", KEYS, {}, { refetchOnMount: "always" });
  const end = api.useMutation("post", "/api/v1/keys/{key_id}/ending", {
    onSettled: () => void queries.invalidateQueries({ queryKey: ["get", KEYS] }),
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  const now = Date.now();
  const stateOf = (row: Row) => (row.ended_at ? "ended" : Date.parse(row.expires_at) <= now ? "expired" : "good");
  return (
    <>
      <div className="admin-filters">
        <p className="quiet admin-note">{t("admin.keys_hint")}</p>
        <ExportButton address="/api/v1/keys.xlsx" count={data.length} />
        {may(me, ["edit_people"]) && (
          <Button type="primary" className="admin-new" aria-expanded={making} onClick={() => setMaking(!making)}>
            {t("admin.new_key")}
          </Button>
        )}
      </div>
      {making && <MakeKey close={() => setMaking(false)} />}
      {end.error && <Refused error={end.error} />}
      {data.length === 0 ? (
        <Notice tone="empty" title={t("admin.no_keys")}>
          <p>{t(may(me, ["edit_people"]) ? "admin.no_keys_hint" : "admin.no_keys_other")}</p>
        </Notice>
      ) : (
        <Table<Row>
          className="card admin-table"
          aria-label={t("admin.keys")}
          rowKey="key_id"
          dataSource={[...data]}
          pagination={false}
          scroll={{ x: true }}
          columns={[
            { title: t("admin.key_name"), key: "name", render: (_, row) => row.name },
            {
              title: t("admin.key_abilities"),
              key: "abilities",
              render: (_, row) => row.abilities.map((one) => name("ability", one)).join(t("app.comma")),
            },
            { title: t("admin.unit"), key: "unit", render: (_, row) => (row.unit_id ? units.name(row.unit_id) : t("admin.whole_bank")) },
            {
              title: t("admin.key_people"),
              key: "people",
              className: "small",
              render: (_, row) => t("admin.key_made", { maker: row.maker, checker: row.checker ?? t("admin.key_by_command") }),
            },
            { title: t("admin.key_expires"), key: "expires", className: "figures nowrap", render: (_, row) => instantText(row.expires_at) },
            {
              title: t("admin.key_used"),
              key: "used",
              className: "figures nowrap",
              render: (_, row) => (row.used_at ? instantText(row.used_at) : t("workbench.never")),
            },
            {
              title: t("admin.state"),
              key: "state",
              render: (_, row) => <span className="list-state">{t(`admin.key_${stateOf(row)}`)}</span>,
            },
            {
              title: t("me.session_act"),
              key: "act",
              render: (_, row) =>
                stateOf(row) === "good" &&
                may(me, ["edit_people", "approve_people"]) && (
                  <Button
                    size="small"
                    danger
                    loading={end.isPending && end.variables?.params.path.key_id === row.key_id}
                    onClick={() => end.mutate({ params: { path: { key_id: row.key_id } } })}
                  >
                    {t("admin.key_end")}
                  </Button>
                ),
            },
          ]}
        />
      )}
    </>
  );
}

function MakeKey({ close }: { readonly close: () => void }) {
  const { t, name } = useSpeech();
  const units = useUnits();
  const [called, setCalled] = useState("");
  const [chosen, setChosen] = useState<(typeof ABILITIES)[number][]>([]);
  const [unit, setUnit] = useState("");
  const [until, setUntil] = useState(dayFromNow(USUAL_DAYS));
  const [reason, setReason] = useState("");
  const [key] = useState(newKey);
  const [nameId, unitId, reasonId] = [useId(), useId(), useId()];
  const make = api.useMutation("post", KEYS);
  const ready = called.trim() !== "" && chosen.length > 0 && until !== "" && reason.trim() !== "";
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!ready || make.isPending) return;
    make.mutate({
      body: {
        name: called.trim(),
        abilities: chosen,
        unit_id: unit || null,
        expires_at: endOfDay(until),
        reason: reason.trim(),
        request_key: key,
      },
    });
  };
  return (
    <form className="card admin-form" aria-label={t("admin.new_key")} onSubmit={send}>
      <div className="grant-fields">
        <Field id={nameId} label={t("admin.key_name")}>
          <Input id={nameId} required maxLength={100} value={called} onChange={(event) => setCalled(event.target.value)} />
        </Field>
        <Field id={unitId} label={t("admin.role_unit")}>
          <Select<string>
            id={unitId}
            value={unit}
            showSearch={{ optionFilterProp: "label" }}
            onChange={setUnit}
            options={[
              { value: "", label: t("admin.whole_bank") },
              ...(units.data ?? []).map((one) => ({ value: one.unit_id, label: units.name(one.unit_id) })),
            ]}
          />
        </Field>
        <DayField label={t("admin.key_expires")} value={until} least={dayFromNow(1)} change={setUntil} />
      </div>
      <fieldset className="list-choices">
        <legend>{t("admin.key_abilities")}</legend>
        <Checkbox.Group value={chosen} onChange={(values) => setChosen(values)} options={ABILITIES.map((one) => ({ value: one, label: name("ability", one) }))} />
      </fieldset>
      <Field id={reasonId} label={t("admin.reason")}>
        <Input id={reasonId} required maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
      </Field>
      {make.error && <Refused error={make.error} />}
      <div className="own-buttons">
        <Button type="primary" htmlType="submit" disabled={!ready} loading={make.isPending}>
          {t("admin.propose")}
        </Button>
        <Button onClick={close}>{t("me.cancel")}</Button>
      </div>
      <Modal
        open={make.data !== undefined}
        title={t("admin.key_secret")}
        closable={false}
        okText={t("inbox.once_kept")}
        cancelButtonProps={{ hidden: true }}
        onOk={close}
      >
        {make.data && (
          <>
            <Alert type="warning" showIcon title={t("admin.key_secret_hint")} />
            <p className="key-secret">
              <code className="once">{make.data.secret}</code>
            </p>
            <p>
              <Link to={`/inbox/mine/${make.data.request.request_id}`}>{t("admin.key_waits")}</Link>
            </p>
          </>
        )}
      </Modal>
    </form>
  );
}
