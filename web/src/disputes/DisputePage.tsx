import { useSpeech } from "../i18n";

export default function DisputePage() {
  const { t } = useSpeech();
  return (
    <div className="page">
      <h1>{t("app.loans")}</h1>
    </div>
  );
}
