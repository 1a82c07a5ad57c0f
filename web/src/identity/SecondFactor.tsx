import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Input, QRCode } from "antd";
import { type FormEvent, useId, useState } from "react";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { Field } from "../ui/Field";
import { problemText } from "../ui/wording";
import { useMe } from "./me";

const SECRET_GROUP = /.{1,4}/g;

/** The second factor: set up with an authenticator, or taken away by a code of it. */
export function SecondFactor() {
  const { t } = useSpeech();
  const me = useMe();
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  if (codes) return <Codes codes={codes} kept={() => setCodes(null)} />;
  if (!me.second_factor_on) return <Enrol done={setCodes} />;
  return (
    <>
      <p>
        {t("me.factor_on")}{" "}
        <span className={me.recovery_codes_left < 3 ? "danger" : "quiet"}>
          {t("me.factor_codes_left", { count: me.recovery_codes_left })}
        </span>
      </p>
      <Remove />
    </>
  );
}

function Enrol({ done }: { readonly done: (codes: readonly string[]) => void }) {
  const { t, language } = useSpeech();
  const [code, setCode] = useState("");
  const field = useId();
  const begin = api.useMutation("post", "/api/v1/me/second-factor");
  const confirm = api.useMutation("post", "/api/v1/me/second-factor/confirmation", {
    onSuccess: (answer) => done(answer.codes),
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (code.trim() !== "" && !confirm.isPending) confirm.mutate({ body: { code: code.trim() } });
  };
  const failed = confirm.error ?? begin.error;
  if (!begin.data) {
    return (
      <>
        <p className="quiet">{t("me.factor_off")}</p>
        {failed && <Alert type="error" showIcon role="alert" title={t("me.not_done")} description={problemText(language, failed) || t("error.unreachable")} />}
        <div>
          <Button loading={begin.isPending} onClick={() => begin.mutate({})}>
            {t("me.factor_begin")}
          </Button>
        </div>
      </>
    );
  }
  return (
    <form className="own-form" aria-label={t("me.factor")} onSubmit={send}>
      <p>{t("me.factor_scan")}</p>
      <div className="enrol">
        {/* The same stands beside it in letters. */}
        <div aria-hidden>
          <QRCode value={begin.data.address} type="svg" size={168} bordered={false} />
        </div>
        <p>
          <span className="quiet small">{t("me.factor_type")}</span>
          <br />
          <code className="secret">{(begin.data.secret.match(SECRET_GROUP) ?? []).join(" ")}</code>
        </p>
      </div>
      <Field id={field} label={t("me.factor_code")}>
        <Input
          id={field}
          autoComplete="one-time-code"
          inputMode="numeric"
          maxLength={20}
          required
          autoFocus
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      </Field>
      {failed && <Alert type="error" showIcon role="alert" title={t("me.not_done")} description={problemText(language, failed) || t("error.unreachable")} />}
      <div>
        <Button type="primary" htmlType="submit" loading={confirm.isPending}>
          {t("me.factor_confirm")}
        </Button>
      </div>
    </form>
  );
}

/** Shown this once: whoever loses the telephone signs in with one of them. */
function Codes({ codes, kept }: { readonly codes: readonly string[]; readonly kept: () => void }) {
  const { t } = useSpeech();
  const queries = useQueryClient();
  return (
    <div className="own-form">
      <Alert type="success" showIcon role="status" title={t("me.factor_done")} description={t("me.factor_codes_hint")} />
      <ul className="recovery-codes figures" aria-label={t("me.factor_codes")}>
        {codes.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      <div>
        <Button type="primary" onClick={() => void queries.invalidateQueries().then(kept)}>
          {t("me.factor_kept")}
        </Button>
      </div>
    </div>
  );
}

function Remove() {
  const { t, language } = useSpeech();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const [code, setCode] = useState("");
  const field = useId();
  const remove = api.useMutation("post", "/api/v1/me/second-factor/removal", {
    onSuccess: () => void queries.invalidateQueries(),
  });
  if (!open) {
    return (
      <div>
        <Button onClick={() => setOpen(true)}>{t("me.factor_remove")}</Button>
      </div>
    );
  }
  return (
    <form
      className="own-form"
      aria-label={t("me.factor_remove")}
      onSubmit={(event) => {
        event.preventDefault();
        if (code.trim() !== "") remove.mutate({ body: { code: code.trim() } });
      }}
    >
      <Field id={field} label={t("me.factor_remove_code")}>
        <Input id={field} autoFocus autoComplete="one-time-code" maxLength={20} required value={code} onChange={(event) => setCode(event.target.value)} />
      </Field>
      {remove.error && <Alert type="error" showIcon role="alert" title={t("me.not_done")} description={problemText(language, remove.error) || t("error.unreachable")} />}
      <div className="own-buttons">
        <Button danger htmlType="submit" loading={remove.isPending}>
          {t("me.factor_remove")}
        </Button>
        <Button onClick={() => setOpen(false)}>{t("me.cancel")}</Button>
      </div>
    </form>
  );
}
