import type { ReactNode } from "react";

interface FigureProps {
  readonly label: ReactNode;
  readonly children: ReactNode;
  readonly note?: ReactNode;
  readonly hint?: string;
  readonly danger?: boolean;
}

/** One large figure with what it is, and what it is a share of. */
export function Figure({ label, children, note, hint, danger = false }: FigureProps) {
  return (
    <div className="figure" title={hint}>
      <dt>{label}</dt>
      <dd className={danger ? "danger" : undefined}>{children}</dd>
      {note && <dd className="figure-note">{note}</dd>}
    </div>
  );
}
