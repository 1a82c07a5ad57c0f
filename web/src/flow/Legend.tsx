import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useMoney } from "../ui/Amount";
import { scaleOf, THICKEST } from "./thickness";
import { type Flow, isSuspected, type Tone, TONES, toneOf } from "./tones";
import { Term } from "../ui/Term";

interface Props {
  readonly flow: Flow;
  readonly facts: Schemas["LoanFacts"];
  readonly scaled: boolean;
}

/** The classes that are in the picture, in order. */
export function tonesIn(flow: Flow): Tone[] {
  const present = new Set(flow.nodes.map(toneOf));
  return TONES.filter((tone) => present.has(tone));
}

/** What colours, letters and thickness mean. */
export function Legend({ flow, facts, scaled }: Props) {
  const { t, name } = useSpeech();
  const money = useMoney(facts);
  const scale = scaled ? scaleOf(flow) : [];
  return (
    <div className="flow-legend">
      <ul aria-label={t("flow.legend")}>
        {tonesIn(flow).map((tone) => (
          <li key={tone}>
            <span className={tone === "summary" ? "flow-chip dashed" : "flow-chip"} data-tone={tone} aria-hidden="true">
              {name("flow_letter", tone)}
            </span>
            {tone === "borrower" || tone === "related" ? (
              <Term name={tone === "related" ? "related_party" : tone}>{name("flow_tone", tone)}</Term>
            ) : (
              name("flow_tone", tone)
            )}
          </li>
        ))}
        {flow.nodes.some(isSuspected) && (
          <li>
            <span className="flow-flag">{t("flow.suspected")}</span>
            {t("flow.suspected_means")}
          </li>
        )}
      </ul>
      {scale.length > 0 && (
        <ul aria-label={t("flow.scale")} className="flow-scale">
          {scale.map(({ fen, thickness }) => (
            <li key={fen}>
              <svg width="30" height={THICKEST} aria-hidden="true">
                <line x1="0" x2="30" y1={THICKEST / 2} y2={THICKEST / 2} strokeWidth={thickness} />
              </svg>
              <span className="figures">{money.short(fen)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
