import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { useMoney } from "../ui/Amount";
import { shareBasisPoints, shareText } from "../ui/money";
import { GROUPS, type Line, sumFen } from "./groups";
import { Coded } from "../ui/Coded";

interface Props {
  readonly lines: readonly Line[];
  readonly facts: Schemas["LoanFacts"];
}

/** The whole loan as one bar, cut by group. */
export function Composition({ lines, facts }: Props) {
  const { t } = useSpeech();
  const money = useMoney(facts);
  const whole = sumFen(lines);
  const groups = GROUPS.map((group) => ({ group, fen: sumFen(lines.filter((line) => line.group === group)) })).filter(
    ({ fen }) => fen > 0n,
  );
  return (
    <div className="composition">
      <div className="composition-bar" aria-hidden="true">
        {groups.map(({ group, fen }) => (
          <span
            key={group}
            className={`fill tone-${group}`}
            style={{ flexGrow: Math.max(shareBasisPoints(fen, whole), 40) }}
            title={`${t(`group.${group}`)} ${money.hover(fen.toString())}`}
          />
        ))}
      </div>
      <ul className="legend">
        {groups.map(({ group, fen }) => (
          <li key={group} title={group === "restricted" ? t("group.restricted_hint") : undefined}>
            <span className={`dot tone-${group}`} aria-hidden="true" />
            <Coded list="group" code={group} />
            <span className="figures quiet">{shareText(fen, whole)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
