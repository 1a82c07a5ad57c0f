import { useSpeech } from "../i18n";
import { Term } from "../ui/Term";

const FOLDER = `LOANTRAIL_NIGHTLY/
  20260331/
    manifest.json
    party.csv
    loan_note.csv
    statement_line.parquet
    general_ledger.csv
    READY`;

/** What a bank has to lay down, where nothing came yet. */
export function Layout() {
  const { t } = useSpeech();
  return (
    <section className="card box layout">
      <h2>{t("nightly.empty_title")}</h2>
      <p>{t("nightly.empty_intro")}</p>
      <pre className="original">{FOLDER}</pre>
      <p>
        <Term name="ready_flag" />{t("app.colon")}
        {t("nightly.empty_flag")}
      </p>
      <p>{t("nightly.empty_modes")}</p>
      <pre className="original">loantrail nightly 20260331 --from FOLDER</pre>
      <p className="quiet">{t("nightly.empty_docs")}</p>
    </section>
  );
}
