import { Button } from "antd";
import { useSpeech } from "../i18n";
import { problemText } from "../ui/wording";

interface Props {
  readonly title: string;
  readonly error: unknown;
  readonly retry: () => void;
  readonly label?: string;
}

/** A failure in one line, where what is shown around it stays good. */
export function ProblemText({ title, error, retry, label }: Props) {
  const { t, language } = useSpeech();
  return (
    <div className="problem-line" role="alert">
      <span>
        <strong>{title}</strong> {problemText(language, error) || t("error.unreachable")}
      </span>
      <Button size="small" onClick={retry}>
        {label ?? t("error.retry")}
      </Button>
    </div>
  );
}
