import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Drawer, Input, Segmented, Select } from "antd";
import { useState } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { Failure, Loading } from "../ui/states";
import { Term } from "../ui/Term";
import { instantText } from "../ui/time";
import { said } from "../ui/wording";
import { HexLines } from "./HexLines";
import { baseName, countText, uploadOf } from "./size";
import { State } from "./Stage";
import { Coded } from "../ui/Coded";

type Refusal = Schemas["Refusal"];
type Field = Schemas["RecordField"];
type Replayed = Schemas["Replayed"];
const CHANGED = ["/api/v1/refusals", "/api/v1/refusals/{refusal_id}", "/api/v1/reconciliations"] as const;

interface Props {
  readonly refusalId: string;
  readonly close: () => void;
  readonly previous: (() => void) | undefined;
  readonly next: (() => void) | undefined;
}

/** One refused row beside the list: what was wrong, its bytes, and the fields to correct. */
export function RefusalPanel({ refusalId, close, previous, next }: Props) {
  const { t } = useSpeech();
  const [replayed, setReplayed] = useState<Replayed | null>(null);
  const { data, error, refetch } = api.useQuery("get", "/api/v1/refusals/{refusal_id}", {
    params: { path: { refusal_id: refusalId } },
  });
  return (
    <Drawer
      open
      onClose={close}
      size={760}
      rootClassName="refusal-drawer"
      title={t("imports.refusal")}
      extra={
        <span className="refusal-steps">
          <Button size="small" disabled={!previous} onClick={previous}>
            {t("imports.previous")}
          </Button>
          <Button size="small" disabled={!next} onClick={next}>
            {t("imports.next")}
          </Button>
        </span>
      }
    >
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : data ? (
        <>
          {replayed && <Result replayed={replayed} />}
          <Shown key={data.changed_at ?? ""} refusal={data} tell={setReplayed} />
        </>
      ) : (
        <Loading />
      )}
    </Drawer>
  );
}

/** What taking the row in again came to. */
function Result({ replayed }: { readonly replayed: Replayed }) {
  const { t, name } = useSpeech();
  const refused = replayed.outcome === "refused";
  return (
    <Alert
      type={refused ? "warning" : "success"}
      showIcon
      role="status"
      className="alert"
      title={
        refused
          ? t("imports.result.refused", { reason: name("refusal_reason", replayed.reason) })
          : t(replayed.outcome === "duplicate" ? "imports.result.duplicate" : "imports.result.accepted")
      }
    />
  );
}

interface ShownProps {
  readonly refusal: Refusal;
  readonly tell: (replayed: Replayed | null) => void;
}

function Shown({ refusal, tell }: ShownProps) {
  const { t, name, language } = useSpeech();
  const settles = may(useMe(), ["take_data"]);
  const settled = refusal.state === "replayed" || refusal.state === "dismissed";
  const field = refusal.fields.find((one) => one.name === refusal.field);
  const remedy = name("refusal_remedy", refusal.reason);
  return (
    <div className="refusal">
      <header>
        <h2>
          <Coded list="refusal_reason" code={refusal.reason} />
          {refusal.field && (
            <span className="refusal-at">
              {field && language === "zh" ? `${field.chinese} ` : ""}
              <code>{refusal.field}</code>
            </span>
          )}
        </h2>
        <p className="quiet">
          {name("record_type", refusal.record_type || "file")} ·{" "}
          <span title={refusal.source_file}>{baseName(refusal.source_file)}</span>
          {uploadOf(refusal.source_file) && ` · ${t("imports.file_kept")}`}
          {refusal.position > 0 && ` · ${t("imports.row_number", { row: countText(refusal.position) })}`} ·{" "}
          <State value={refusal.state} text={name("refusal_state", refusal.state)} />
        </p>
        {remedy !== refusal.reason && <p>{t("imports.what_to_do", { remedy })}</p>}
        <details className="refusal-message">
          <summary>{t("imports.message")}</summary>
          <p>{said(language, refusal.message, refusal.message_chinese)}</p>
        </details>
        {refusal.changed_at && refusal.changed_by && (
          <p className="quiet small">
            {t("imports.changed", { time: instantText(refusal.changed_at), by: refusal.changed_by })}
            {refusal.note && ` · ${refusal.note}`}
          </p>
        )}
      </header>
      <Original refusal={refusal} />
      {settles && !settled && <Settling refusal={refusal} tell={tell} />}
    </div>
  );
}

function Original({ refusal }: { readonly refusal: Refusal }) {
  const { t } = useSpeech();
  const [form, setForm] = useState<"text" | "bytes">("text");
  return (
    <section aria-labelledby="original-title">
      <div className="refusal-section">
        <h3 id="original-title">{t("imports.column.original")}</h3>
        <span className="quiet small">
          {t("imports.original_size", { count: countText(refusal.original_bytes) })} ·{" "}
          {refusal.encoding
            ? t("imports.encoding", { encoding: refusal.encoding.toUpperCase() })
            : t(refusal.original_bytes > 0 ? "imports.encoding_none" : "imports.original_none")}
        </span>
        {refusal.original_bytes > 0 && (
          <Segmented
            size="small"
            aria-label={t("imports.column.original")}
            value={form}
            onChange={setForm}
            options={[
              { value: "text", label: t("imports.original_text") },
              { value: "bytes", label: t("imports.original_bytes") },
            ]}
          />
        )}
      </div>
      {refusal.original_bytes > 0 &&
        (form === "text" ? (
          <>
            {refusal.header.length > 0 && <pre className="original original-header">{refusal.header.join(",")}</pre>}
            <pre className="original" tabIndex={0} aria-label={t("imports.original_text")}>
              {refusal.text}
            </pre>
          </>
        ) : (
          <HexLines digits={refusal.hexadecimal} label={t("imports.original_bytes")} />
        ))}
    </section>
  );
}

function Settling({ refusal, tell }: ShownProps) {
  const { t, name } = useSpeech();
  const queries = useQueryClient();
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [note, setNote] = useState("");
  const [reason, setReason] = useState<string | null>(null);
  const changed = () => {
    for (const path of CHANGED) void queries.invalidateQueries({ queryKey: ["get", path] });
  };
  const path = { params: { path: { refusal_id: refusal.refusal_id } } };
  const correct = api.useMutation("post", "/api/v1/refusals/{refusal_id}/correction", {
    onSuccess: (result) => tell(result.replayed),
    onSettled: changed,
  });
  const replay = api.useMutation("post", "/api/v1/refusal-replays", {
    onSuccess: (result) => tell(result.items[0] ?? null),
    onSettled: changed,
  });
  const dismiss = api.useMutation("post", "/api/v1/refusal-dismissals", { onSettled: changed });
  const problem = correct.error ?? replay.error ?? dismiss.error;
  const now = (field: Field) => values[field.name] ?? field.value;
  const submit = () => {
    // Everything that is known goes along: what was only read off the row is not kept yet.
    const all = refusal.fields.filter((field) => now(field) !== "" || field.value !== "");
    correct.mutate({
      ...path,
      body: { changes: Object.fromEntries(all.map((field) => [field.name, now(field)])), note, replay: true },
    });
  };
  return (
    <section className="settling" aria-labelledby="fields-title">
      {refusal.fields.length > 0 && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <div className="refusal-section">
            <h3 id="fields-title">
              <Term name="correction">{t("imports.fields")}</Term>
            </h3>
            <span className="quiet small">{name("told_by", refusal.told_by)}</span>
          </div>
          <div className="correction">
            {refusal.fields.map((field) => (
              <FieldInput
                key={field.name}
                field={field}
                marked={field.name === refusal.field}
                value={now(field)}
                set={(value) => setValues({ ...values, [field.name]: value })}
              />
            ))}
          </div>
          <label className="correction-note">
            <span>{t("imports.note")}</span>
            <Input
              value={note}
              maxLength={2000}
              placeholder={t("imports.note_hint")}
              onChange={(event) => setNote(event.target.value)}
            />
          </label>
          {problem && <Failure error={problem} />}
          <div className="settling-actions">
            <Button type="primary" htmlType="submit" loading={correct.isPending}>
              {t("imports.save_replay")}
            </Button>
            {refusal.told_by !== "nothing" && refusal.told_by !== "row" && (
              <Button
                loading={replay.isPending}
                onClick={() => replay.mutate({ body: { refusal_ids: [refusal.refusal_id] } })}
              >
                {t("imports.replay")}
              </Button>
            )}
            <Button onClick={() => setReason(reason === null ? "" : null)} aria-expanded={reason !== null}>
              {t("imports.dismiss")}
            </Button>
            <span className="quiet small">
              <Term name="replay" /> · <Term name="dismiss" />
            </span>
          </div>
        </form>
      )}
      {refusal.fields.length === 0 && (
        <div className="settling-actions">
          {problem && <Failure error={problem} />}
          <Button onClick={() => setReason(reason === null ? "" : null)} aria-expanded={reason !== null}>
            {t("imports.dismiss")}
          </Button>
        </div>
      )}
      {reason !== null && (
        <div className="dismissing">
          <label htmlFor="dismiss-reason">{t("imports.dismiss_title")}</label>
          <Input.TextArea
            id="dismiss-reason"
            rows={2}
            maxLength={2000}
            placeholder={t("imports.dismiss_hint")}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          <Button
            disabled={reason.trim() === ""}
            loading={dismiss.isPending}
            onClick={() => dismiss.mutate({ body: { refusal_ids: [refusal.refusal_id], note: reason } })}
          >
            {t("imports.dismiss")}
          </Button>
        </div>
      )}
    </section>
  );
}

interface FieldProps {
  readonly field: Field;
  readonly marked: boolean;
  readonly value: string;
  readonly set: (value: string) => void;
}

function FieldInput({ field, marked, value, set }: FieldProps) {
  const { t, name, language } = useSpeech();
  const id = `field-${field.name}`;
  const hint =
    field.kind === "amount_fen"
      ? t("imports.fen_hint")
      : field.kind === "rate_ppm"
        ? t("imports.millionths_hint")
        : field.kind === "instant"
          ? t("imports.time_hint")
          : field.kind === "date"
            ? t("imports.date_hint")
            : field.references
              ? t("imports.points_to", { record: name("record_type", field.references.split(".")[0] ?? "") })
              : "";
  const choices =
    field.kind === "choice"
      ? field.choices.map((choice) => ({ value: choice, label: choice }))
      : field.kind === "boolean"
        ? [
            { value: "true", label: t("imports.yes") },
            { value: "false", label: t("imports.no") },
          ]
        : null;
  return (
    <div className={marked ? "field field-marked" : "field"}>
      <label htmlFor={id}>
        {language === "zh" ? field.chinese : field.name.replaceAll("_", " ")}
        {field.required && (
          <abbr title={t("imports.required")} className="danger">
            {" "}
            *
          </abbr>
        )}
        {field.kind === "amount_fen" && <span className="quiet">{t("imports.fen_hint")}</span>}
        {language === "zh" && <code className="quiet">{field.name}</code>}
      </label>
      {choices ? (
        <Select
          id={id}
          {...(marked ? { status: "error" as const } : {})}
          value={value}
          onChange={set}
          options={[
            { value: "", label: t("imports.empty") },
            ...(value && !choices.some((one) => one.value === value) ? [{ value, label: value }] : []),
            ...choices,
          ]}
        />
      ) : (
        <Input
          id={id}
          {...(marked ? { status: "error" as const } : {})}
          value={value}
          placeholder={hint}
          title={hint}
          onChange={(event) => set(event.target.value)}
        />
      )}
    </div>
  );
}
