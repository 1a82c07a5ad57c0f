import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { OneLine } from "../ui/OneLine";

interface Props {
  readonly verdict: Schemas["Verdict"];
  /** In one line, the rest on demand: where a picture needs the room. */
  readonly short?: boolean;
}

/** The trace in plain words, the sentence that matters in bold. */
export function VerdictBox({ verdict, short = false }: Props) {
  const { t, name, language } = useSpeech();
  const sentences = verdict.sentences.map((sentence, position) => (
    <span key={position} className={`sentence-${sentence.level}`}>
      {language === "zh" ? sentence.chinese : `${sentence.english} `}
    </span>
  ));
  return (
    <section
      className={`verdict verdict-${verdict.level}${short ? " verdict-short" : ""}`}
      aria-label={t("verdict.title")}
    >
      <span className="verdict-mark">{name("verdict_level", verdict.level)}</span>
      {short ? <OneLine>{sentences}</OneLine> : <p>{sentences}</p>}
    </section>
  );
}
