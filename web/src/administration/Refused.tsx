import { Alert } from "antd";
import { useSpeech } from "../i18n";
import { asProblem, problemText, said } from "../ui/wording";

/** Why something was not done, with the fields that are named. */
export function Refused({ error }: { readonly error: unknown }) {
  const { t, language } = useSpeech();
  const problem = asProblem(error);
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={t("me.not_done")}
      description={
        <>
          <p>{problemText(language, error) || t("error.unreachable")}</p>
          {problem.code === "request_refused" &&
            problem.fields?.map((one) => (
              <p key={one.field + one.problem}>
                <code>{one.field}</code> {said(language, one.problem, one.problem_chinese)}
              </p>
            ))}
        </>
      }
    />
  );
}
