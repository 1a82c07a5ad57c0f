import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";

/** The trace in plain words, the sentence that matters in bold. */
export function VerdictBox({ verdict }: { readonly verdict: Schemas["Verdict"] }) {
  const { t, name, language } = useSpeech();
  return (
    <section className={`verdict verdict-${verdict.level}`} aria-label={t("verdict.title")}>
      <span className="verdict-mark">{name("verdict_level", verdict.level)}</span>
      <p>
        {verdict.sentences.map((sentence, position) => (
          <span key={position} className={`sentence-${sentence.level}`}>
            {language === "zh" ? sentence.chinese : `${sentence.english} `}
          </span>
        ))}
      </p>
    </section>
  );
}
