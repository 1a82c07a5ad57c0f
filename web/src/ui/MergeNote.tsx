import { Alert, Button } from "antd";
import { useSpeech } from "../i18n";

interface Props<Content> {
  readonly merging: {
    readonly content: Content;
    readonly stored: Content;
    readonly taken: readonly (keyof Content)[];
    readonly clashes: readonly (keyof Content)[];
    readonly settle: (field: keyof Content, whose: "mine" | "theirs") => void;
  };
  readonly label: (field: keyof Content) => string;
  readonly shown: (field: keyof Content, value: Content[keyof Content]) => string;
}

/** Somebody else saved what this form is about: which of it was taken over, and what has to be chosen. */
export function MergeNote<Content extends object>({ merging, label, shown }: Props<Content>) {
  const { t } = useSpeech();
  const { content, stored, taken, clashes, settle } = merging;
  if (taken.length === 0 && clashes.length === 0) return null;
  const text = (value: string) => value || t("merge.empty");
  return (
    <Alert
      className="alert merge-note"
      type="warning"
      showIcon
      role="alert"
      title={t("merge.title")}
      description={
        <>
          {taken.length > 0 && <p>{t("merge.taken", { fields: taken.map(label).join(t("app.comma")) })}</p>}
          {clashes.length > 0 && (
            <>
              <p>{t("merge.clashes")}</p>
              <ul>
                {clashes.map((field) => (
                  <li key={String(field)}>
                    <strong>{label(field)}</strong>
                    <dl>
                      <dt>{t("merge.theirs")}</dt>
                      <dd>{text(shown(field, stored[field]))}</dd>
                      <dt>{t("merge.mine")}</dt>
                      <dd>{text(shown(field, content[field]))}</dd>
                    </dl>
                    <Button size="small" aria-label={`${t("merge.take_theirs")} ${label(field)}`} onClick={() => settle(field, "theirs")}>
                      {t("merge.take_theirs")}
                    </Button>
                    <Button size="small" aria-label={`${t("merge.keep_mine")} ${label(field)}`} onClick={() => settle(field, "mine")}>
                      {t("merge.keep_mine")}
                    </Button>
                  </li>
                ))}
              </ul>
            </>
          )}
        </>
      }
    />
  );
}
