import { useSpeech } from "../i18n";

export default function GlossaryPage() {
  const { t } = useSpeech();
  return (
    <div className="page">
      <h1>{t("app.glossary")}</h1>
    </div>
  );
}
