import { shareBasisPoints } from "./money";

interface Props {
  readonly part: bigint;
  readonly whole: bigint;
  readonly tone: string;
}

/** How much of the whole a part is; the figure stands beside it, so the bar itself is silent. */
export function ShareBar({ part, whole, tone }: Props) {
  const points = shareBasisPoints(part, whole);
  return (
    <span className="share-bar" aria-hidden="true">
      {part > 0n && <span className={`fill tone-${tone}`} style={{ width: `${Math.min(points, 10_000) / 100}%` }} />}
    </span>
  );
}

interface RangeProps {
  readonly least: bigint;
  readonly most: bigint;
  readonly counted: bigint;
  readonly whole: bigint;
  readonly tone: string;
}

/** The range from least to most within the whole, and where the counted amount lies in it. */
export function RangeBar({ least, most, counted, whole, tone }: RangeProps) {
  const at = (fen: bigint) => Math.min(shareBasisPoints(fen, whole), 10_000) / 100;
  const width = Math.max(at(most) - at(least), 0.8);
  return (
    <span className="range-bar" aria-hidden="true">
      <span className={`span tone-${tone}`} style={{ left: `${at(least)}%`, width: `${width}%` }} />
      <span className={`range-mark tone-${tone}`} style={{ left: `${at(counted)}%` }} />
    </span>
  );
}
