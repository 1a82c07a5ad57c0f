import { Alert, Button } from "antd";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { instantText } from "../ui/time";
import { said, sentences } from "../ui/wording";
import { useEvaluation } from "./evaluation";

/** Says when the page shows figures from before a change that is still being computed. */
export function EvaluationNotice() {
  const { t, language } = useSpeech();
  const restarts = may(useMe(), ["correct_books", "edit_lists", "take_data", "write_rules"]);
  const { evaluation, done, forget, refetch } = useEvaluation();
  const again = api.useMutation("post", "/api/v1/evaluation", { onSettled: () => void refetch() });
  return (
    <div role="status" className="evaluation">
      {evaluation?.state === "running" || evaluation?.state === "queued" ? (
        <Alert
          type="info"
          showIcon
          icon={<span className="turning" aria-hidden="true" />}
          title={t(evaluation.state === "running" ? "accounts.evaluation_running" : "accounts.evaluation_queued")}
          description={
            evaluation.started_at
              ? t("accounts.evaluation_since", { time: instantText(evaluation.started_at) })
              : undefined
          }
        />
      ) : evaluation?.state === "failed" ? (
        <Alert
          type="error"
          showIcon
          title={t("accounts.evaluation_failed")}
          description={sentences(language, [
            said(language, evaluation.problem, evaluation.problem_chinese),
            said(language, evaluation.remedy, evaluation.remedy_chinese),
          ])}
          action={
            restarts && (
              <Button size="small" loading={again.isPending} onClick={() => again.mutate({ body: {} })}>
                {t("accounts.evaluation_again")}
              </Button>
            )
          }
        />
      ) : done ? (
        <Alert type="success" showIcon closable={{ onClose: forget }} title={t("accounts.evaluation_done")} />
      ) : null}
    </div>
  );
}
