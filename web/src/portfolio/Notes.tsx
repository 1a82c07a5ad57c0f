import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";

/** What cannot be known, and why. */
export function Notes({ notes }: { readonly notes: readonly Schemas["Remark"][] }) {
  const { t, language } = useSpeech();
  if (notes.length === 0) return null;
  return (
    <section className="portfolio-notes quiet" aria-label={t("portfolio.notes")}>
      {notes.map((note) => (
        <p key={note.code}>{language === "zh" ? note.chinese : note.english}</p>
      ))}
    </section>
  );
}
