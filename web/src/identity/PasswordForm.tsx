import { Alert, Button, Input } from "antd";
import { type FormEvent, useId, useState } from "react";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { Field } from "../ui/Field";
import { asProblem, problemText, said } from "../ui/wording";

interface Props {
  readonly done: () => void;
}

/** Chooses a new password; the server says what is wrong with one that it does not take. */
export function PasswordForm({ done }: Props) {
  const { t, language } = useSpeech();
  const [present, setPresent] = useState("");
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const [asked, setAsked] = useState(false);
  const [presentId, freshId, againId] = [useId(), useId(), useId()];
  const change = api.useMutation("post", "/api/v1/me/password", {
    onSuccess: () => {
      setPresent("");
      setFresh("");
      setAgain("");
      setAsked(false);
      done();
    },
  });
  const differs = fresh !== again;
  const send = (event: FormEvent) => {
    event.preventDefault();
    setAsked(true);
    if (differs || present === "" || fresh === "" || change.isPending) return;
    change.mutate({ body: { present_password: present, new_password: fresh } });
  };
  const problem = change.error ? asProblem(change.error) : null;
  return (
    <form className="own-form" aria-label={t("me.password")} onSubmit={send}>
      <Field id={presentId} label={t("me.password_present")}>
        <Input.Password
          id={presentId}
          autoComplete="current-password"
          maxLength={256}
          required
          value={present}
          onChange={(event) => setPresent(event.target.value)}
        />
      </Field>
      <Field id={freshId} label={t("me.password_new")}>
        <Input.Password
          id={freshId}
          autoComplete="new-password"
          maxLength={1000}
          required
          value={fresh}
          onChange={(event) => setFresh(event.target.value)}
        />
      </Field>
      <Field id={againId} label={t("me.password_again")}>
        <Input.Password
          id={againId}
          autoComplete="new-password"
          maxLength={1000}
          required
          status={asked && differs ? "error" : ""}
          aria-invalid={asked && differs}
          value={again}
          onChange={(event) => setAgain(event.target.value)}
        />
      </Field>
      {asked && differs && (
        <p className="danger small" role="alert">
          {t("me.password_differs")}
        </p>
      )}
      {problem && (
        <Alert
          type="error"
          showIcon
          role="alert"
          title={t("me.not_done")}
          description={
            <>
              <p>{problemText(language, problem) || t("error.unreachable")}</p>
              {problem.fields
                ?.map((one) => said(language, one.problem, one.problem_chinese))
                .filter((told) => !problemText(language, problem).includes(told))
                .map((told) => <p key={told}>{told}</p>)}
            </>
          }
        />
      )}
      <div>
        <Button type="primary" htmlType="submit" loading={change.isPending}>
          {t("me.password_change")}
        </Button>
      </div>
      <p className="quiet small">{t("me.password_hint")}</p>
    </form>
  );
}
