import { Alert, Button, Input, type InputRef } from "antd";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { useSpeech } from "../i18n";
import { Field } from "../ui/Field";
import { instantText } from "../ui/time";
import { asProblem, problemText } from "../ui/wording";
import type { Me } from "./me";
import { signIn, SignInFailed } from "./signing";

const CODE_WANTED = "second_factor_needed";
const [CLOCK_START, CLOCK_END] = ["2025-03-04 ".length, "2025-03-04 15:06".length];

interface Props {
  /** Whose session ended; without one anybody. */
  readonly person?: string;
  readonly done: (me: Me) => void;
}

/** Name, password and, where one is set up, the code of the second factor. */
export function SignInForm({ person, done }: Props) {
  const { t, language } = useSpeech();
  const [name, setName] = useState(person ?? "");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [wantsCode, setWantsCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<SignInFailed | Error | null>(null);
  const [nameId, passwordId, codeId] = [useId(), useId(), useId()];
  const first = useRef<InputRef | null>(null);
  const codeBox = useRef<InputRef | null>(null);
  useEffect(() => first.current?.focus(), []);
  useEffect(() => {
    if (wantsCode) codeBox.current?.focus();
  }, [wantsCode]);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (busy || name.trim() === "" || password === "") return;
    setBusy(true);
    setFailed(null);
    try {
      done(await signIn({ way: "password", person_id: name.trim(), password, code: code.trim() }));
    } catch (error) {
      setBusy(false);
      if (error instanceof SignInFailed && error.problem.code === CODE_WANTED && !wantsCode) {
        setWantsCode(true);
        return;
      }
      setCode("");
      setFailed(error as Error);
    }
  };
  return (
    <form className="sign-in-form" onSubmit={(event) => void send(event)} aria-label={t("sign_in.title")}>
      <Field id={nameId} label={t("sign_in.name")}>
        <Input
          id={nameId}
          ref={person === undefined ? first : null}
          size="large"
          autoComplete="username"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={64}
          required
          readOnly={person !== undefined}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </Field>
      <Field id={passwordId} label={t("sign_in.password")}>
        <Input.Password
          id={passwordId}
          ref={person === undefined ? null : first}
          size="large"
          autoComplete="current-password"
          maxLength={256}
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </Field>
      {wantsCode && (
        <Field id={codeId} label={t("sign_in.code")}>
          <Input
            id={codeId}
            ref={codeBox}
            size="large"
            autoComplete="one-time-code"
            inputMode="text"
            maxLength={20}
            required
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
          <span className="quiet small">{t("sign_in.code_hint")}</span>
        </Field>
      )}
      {failed && (
        <Alert type="error" showIcon role="alert" title={t("sign_in.failed")} description={<Why failed={failed} />} />
      )}
      <Button type="primary" htmlType="submit" size="large" block loading={busy}>
        {t("sign_in.submit")}
      </Button>
    </form>
  );

  function Why({ failed: one }: { readonly failed: Error }) {
    if (!(one instanceof SignInFailed)) return <>{t("error.unreachable")}</>;
    const text = problemText(language, asProblem(one.problem)) || t("error.unreachable");
    if (!one.again) return <>{text}</>;
    const clock = instantText(one.again.toISOString()).slice(CLOCK_START, CLOCK_END);
    return (
      <>
        {text}
        <br />
        {t("sign_in.again_at", { time: clock })}
      </>
    );
  }
}
