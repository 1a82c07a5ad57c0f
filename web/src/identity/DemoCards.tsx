import { Alert } from "antd";
import { useState } from "react";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { problemText } from "../ui/wording";
import type { Me } from "./me";
import { useRoleName } from "./roles";
import { signIn, SignInFailed } from "./signing";

type DemoPerson = Schemas["DemoPerson"];

interface Props {
  readonly persons: readonly DemoPerson[];
  readonly done: (me: Me) => void;
}

/** One card for each person of the demo bank: a click signs in. */
export function DemoCards({ persons, done }: Props) {
  const { t, language } = useSpeech();
  const called = useRoleName();
  const [busy, setBusy] = useState("");
  const [failed, setFailed] = useState<unknown>(null);
  const enter = async (person: DemoPerson) => {
    setBusy(person.person_id);
    setFailed(null);
    try {
      done(await signIn({ way: "demo", person_id: person.person_id }));
    } catch (error) {
      setBusy("");
      setFailed(error instanceof SignInFailed ? error.problem : error);
    }
  };
  return (
    <section className="demo-persons" aria-labelledby="demo-title">
      <h2 id="demo-title">{t("sign_in.demo_title")}</h2>
      <p className="quiet">{t("sign_in.demo_hint")}</p>
      {failed !== null && (
        <Alert
          type="error"
          showIcon
          role="alert"
          title={t("sign_in.failed")}
          description={problemText(language, failed) || t("error.unreachable")}
        />
      )}
      <ul>
        {persons.map((person) => (
          <li key={person.person_id}>
            <button
              type="button"
              className="demo-person card"
              disabled={busy !== ""}
              aria-busy={busy === person.person_id}
              onClick={() => void enter(person)}
            >
              <span className="demo-role">{called(person.role)}</span>
              <span className="demo-question">
                {person.role[language === "zh" ? "question_chinese" : "question_english"]}
              </span>
              <span className="quiet small">
                {[person.name, person.unit_name].filter(Boolean).join(" · ")}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
