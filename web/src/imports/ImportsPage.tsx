import { useSpeech } from "../i18n";

export default function ImportsPage() {
  const { t } = useSpeech();
  return (
    <div className="page">
      <h1>{t("app.imports")}</h1>
    </div>
  );
}
