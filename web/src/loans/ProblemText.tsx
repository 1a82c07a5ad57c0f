import { Button } from "antd";
import { useSpeech } from "../i18n";
import type { ProblemLike } from "../ui/states";

interface Props {
  readonly title: string;
  readonly error: unknown;
  readonly retry: () => void;
  readonly label?: string;
}

/** A failure in one line, where what is shown around it stays good. */
export function ProblemText({ title, error, retry, label }: Props) {
  const { t } = useSpeech();
  const problem: ProblemLike = typeof error === "object" && error !== null && "detail" in error ? (error as ProblemLike) : {};
  return (
    <div className="problem-line" role="alert">
      <span>
        <strong>{title}</strong>{" "}
        {[problem.detail ?? t("error.unreachable"), problem.remedy].filter(Boolean).join(" ")}
      </span>
      <Button size="small" onClick={retry}>
        {label ?? t("error.retry")}
      </Button>
    </div>
  );
}
