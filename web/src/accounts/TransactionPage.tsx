import { useSpeech } from "../i18n";

export default function TransactionPage() {
  const { t } = useSpeech();
  return (
    <div className="page">
      <h1>{t("app.accounts")}</h1>
    </div>
  );
}
