import { Button, message, Radio, Select, Tag } from "antd";
import { useId, useMemo, useState } from "react";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { instantText } from "../ui/time";
import { useReread } from "./evaluation";
import { survivorsIn } from "./MergedAway";
import { ReasonDialog } from "./ReasonDialog";

type Scope = Schemas["Scope"];
type ClassName = Schemas["WantedForAccount"]["destination_class"];
export type CorrectionRow = Schemas["CorrectionRow"];

interface Payee {
  readonly account: string | null;
  readonly name: string | null;
}

interface Props {
  /** Without it only the account can be given a class. */
  readonly transferId: string | null;
  readonly payee: Payee;
  readonly given: string | null;
  readonly disabled?: boolean;
}

/** A key for one act of this page: sent twice, it acts once. */
export function newKey(): string {
  return Array.from(window.crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The button that corrects a class, and its dialog. */
export function Correct({ transferId, payee, given, disabled = false }: Props) {
  const { t, name } = useSpeech();
  const me = useMe();
  const [told, toldHere] = message.useMessage();
  const reread = useReread();
  const [open, setOpen] = useState(false);
  const [key, setKey] = useState(newKey);
  const [chosen, setChosen] = useState<ClassName | null>(null);
  const [scope, setScope] = useState<Scope>(transferId ? "transaction" : "account");
  const field = useId();
  const classes = api.useQuery("get", "/api/v1/destination-classes", {}, { enabled: open, staleTime: Infinity });
  const correct = api.useMutation("post", "/api/v1/corrections", {
    onSuccess: (answer) => {
      void told.info(
        t(answer.proposal ? "accounts.act_proposed" : answer.new ? "accounts.act_done_pairing" : "accounts.act_same"),
      );
      setOpen(false);
      reread();
    },
  });
  const options = useMemo(
    () =>
      (classes.data ?? []).map((one) => ({
        value: one.destination_class as ClassName,
        label: name("use", one.destination_class),
        words: [
          one.chinese,
          one.english,
          one.destination_class,
          name("class_meaning", one.destination_class),
        ]
          .join(" ")
          .toLowerCase(),
        final: one.final,
      })),
    [classes.data, name],
  );
  if (!may(me, ["correct_books"])) return null;
  const start = () => {
    setKey(newKey());
    setChosen(null);
    setScope(transferId ? "transaction" : "account");
    correct.reset();
    setOpen(true);
  };
  return (
    <>
      {toldHere}
      <Button size="small" onClick={start} disabled={disabled}>
        {t(transferId ? "accounts.class_correct" : "accounts.class_correct_account")}
      </Button>
      <ReasonDialog
        open={open}
        title={t("accounts.class_modal_title")}
        submit={t("accounts.class_submit")}
        busy={correct.isPending}
        error={correct.error}
        ready={chosen !== null && chosen !== undefined}
        told={(problem) => {
          const [survivor] = survivorsIn(problem);
          return survivor ? t("accounts.merged_meanwhile", { account: payee.account ?? "", survivor }) : null;
        }}
        close={() => setOpen(false)}
        act={(reason) => {
          if (!chosen) return;
          const said = { destination_class: chosen, reason, request_key: key };
          if (scope === "transaction" && transferId) {
            correct.mutate({ body: { scope: "transaction", transfer_id: transferId, ...said } });
          } else if (payee.account) {
            correct.mutate({ body: { scope: "account", account: payee.account, ...said } });
          }
        }}
      >
        <label className="field" htmlFor={field}>
          <span>{t("accounts.class_choose")}</span>
          <Select<ClassName>
            id={field}
            className="wide"
            value={chosen}
            loading={classes.isFetching}
            placeholder={given ? name("use", given) : t("accounts.class_choose_hint")}
            options={options.filter((one) => one.value !== given)}
            showSearch={{
              filterOption: (text, option) => String(option?.["words"] ?? "").includes(text.trim().toLowerCase()),
            }}
            optionRender={(option) => (
              <span className="class-option">
                <span>{option.label}</span>
                <span className="quiet small">{name("class_meaning", String(option.value))}</span>
              </span>
            )}
            onChange={setChosen}
          />
        </label>
        {chosen && (
          <p className="quiet small">
            {name("class_meaning", chosen)} ·{" "}
            {t(
              options.find((one) => one.value === chosen)?.final ? "accounts.class_final" : "accounts.class_not_final",
            )}
          </p>
        )}
        {transferId && (
          <fieldset className="field">
            <legend>{t("accounts.class_scope")}</legend>
            <Radio.Group
              value={scope}
              onChange={(event) => setScope(event.target.value as Scope)}
              className="stacked"
              options={[
                { value: "transaction", label: t("accounts.class_scope_transaction") },
                { value: "account", label: t("accounts.class_scope_account"), disabled: !payee.account },
              ]}
            />
            <p className="quiet small">
              {payee.account
                ? t("accounts.class_scope_account_hint", { account: payee.account, name: payee.name ?? "" })
                : t("accounts.class_no_payee")}
            </p>
          </fieldset>
        )}
      </ReasonDialog>
    </>
  );
}

/** Every correction that was made, the newest first; a standing one can be withdrawn. */
export function Corrections({ rows, scoped = true }: { readonly rows: readonly CorrectionRow[]; readonly scoped?: boolean }) {
  const { t, name } = useSpeech();
  const corrects = may(useMe(), ["correct_books"]);
  const [told, toldHere] = message.useMessage();
  const reread = useReread();
  const [ending, setEnding] = useState<CorrectionRow | null>(null);
  const withdraw = api.useMutation("post", "/api/v1/corrections/{correction_id}/withdrawal", {
    onSuccess: (answer) => {
      void told.info(t(answer.new ? "accounts.act_done_pairing" : "accounts.act_same"));
      setEnding(null);
      reread();
    },
  });
  return (
    <>
      {toldHere}
      <ol className="correction-history">
        {rows.map((row) => (
          <li key={row.correction_id} className={row.withdrawn_at ? "ended" : ""}>
            <div className="history-line">
              <strong>{name("use", row.destination_class)}</strong>
              {scoped && <Tag>{t(row.scope === "account" ? "accounts.class_scope_tag_account" : "accounts.class_scope_tag_transaction")}</Tag>}
              <span className="quiet small">
                {t(row.replaced_by ? "accounts.class_replaced" : row.withdrawn_at ? "accounts.class_withdrawn" : "accounts.class_standing")}
              </span>
              {corrects && !row.withdrawn_at && (
                <Button
                  size="small"
                  type="link"
                  onClick={() => {
                    withdraw.reset();
                    setEnding(row);
                  }}
                >
                  {t("accounts.class_withdraw")}
                </Button>
              )}
            </div>
            <p className="small">{row.reason}</p>
            <p className="quiet small">
              {t("accounts.pairing_by", { who: name("account_act_by", row.made_by), time: instantText(row.made_at) })}
            </p>
            {row.withdrawn_at && !row.replaced_by && (
              <p className="quiet small">
                {t("accounts.class_withdrawn_by", {
                  who: name("account_act_by", row.withdrawn_by ?? ""),
                  time: instantText(row.withdrawn_at),
                  reason: row.withdrawn_reason ?? "",
                })}
              </p>
            )}
          </li>
        ))}
      </ol>
      <ReasonDialog
        open={ending !== null}
        title={t("accounts.class_withdraw_title")}
        hint={t("accounts.class_withdraw_hint")}
        submit={t("accounts.class_withdraw")}
        busy={withdraw.isPending}
        error={withdraw.error}
        close={() => setEnding(null)}
        act={(reason) => {
          if (ending)
            withdraw.mutate({ params: { path: { correction_id: ending.correction_id } }, body: { reason } });
        }}
      />
    </>
  );
}
