import { useSpeech } from "../i18n";

export default function NightlyPage() {
  const { t } = useSpeech();
  return (
    <div className="page">
      <h1>{t("app.nightly")}</h1>
    </div>
  );
}
