import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useMoney } from "../ui/Amount";
import { lineWidth, THICKEST, widestFen } from "./thickness";
import { type Flow, isSuspected, type Tone, TONES, toneOf } from "./tones";

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
  const widest = widestFen(flow);
  const whole = BigInt(widest);
  return (
    <div className="flow-legend">
      <ul aria-label={t("flow.legend")}>
        {tonesIn(flow).map((tone) => (
          <li key={tone}>
            <span className={tone === "summary" ? "flow-chip dashed" : "flow-chip"} data-tone={tone} aria-hidden="true">
              {name("flow_letter", tone)}
            </span>
            {name("flow_tone", tone)}
          </li>
        ))}
        {flow.nodes.some(isSuspected) && (
          <li>
            <span className="flow-flag">{t("flow.suspected")}</span>
            {t("flow.suspected_means")}
          </li>
        )}
      </ul>
      {scaled && whole > 0n && (
        <ul aria-label={t("flow.scale")} className="flow-scale">
          {[whole, whole / 4n, whole / 20n].map((fen) => (
            <li key={fen.toString()}>
              <svg width="30" height={THICKEST} aria-hidden="true">
                <line
                  x1="0"
                  x2="30"
                  y1={THICKEST / 2}
                  y2={THICKEST / 2}
                  strokeWidth={lineWidth(fen.toString(), widest)}
                />
              </svg>
              <span className="figures">{money.short(fen.toString())}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
