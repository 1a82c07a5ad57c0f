import { useSpeech } from "../i18n";
import type { Part } from "./milli";

interface Props {
  readonly part: Part;
  /** Whether a row stands beside it: then each part says whether it held. */
  readonly judged?: boolean;
}

/** A condition in words, part by part. */
export function Reading({ part, judged = false }: Props) {
  const { t, language } = useSpeech();
  const said = language === "zh" ? part.chinese : part.english;
  const mark = judged && (
    <span className={`rule-verdict rule-verdict-${part.holds === null ? "unknown" : part.holds}`}>
      {t(part.holds === null ? "rules.not_known" : part.holds ? "rules.holds" : "rules.holds_not")}
    </span>
  );
  if (part.kind === "test") {
    return (
      <div className="reading-test">
        {mark}
        <span>{said}</span>
      </div>
    );
  }
  return (
    <div className={`reading-group reading-${part.kind}`}>
      <div className="reading-head">
        {mark}
        <span className="quiet">{t(`rules_reading.${part.kind}`)}</span>
      </div>
      <ul>
        {part.parts.map((one, index) => (
          // biome-ignore lint: parts have no names of their own and never change places
          <li key={index}>
            <Reading part={one} judged={judged} />
          </li>
        ))}
      </ul>
    </div>
  );
}
