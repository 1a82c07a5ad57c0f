import { type ReactNode, useId } from "react";
import { Link } from "react-router";

interface Props {
  readonly title: string;
  readonly count?: number;
  readonly more?: readonly [string, string];
  readonly note?: ReactNode;
  readonly children: ReactNode;
}

/** A part of the workbench; `more` leads to the page that holds the rest. */
export function Card({ title, count, more, note, children }: Props) {
  const heading = useId();
  return (
    <section className="card bench-card" aria-labelledby={heading}>
      <div className="bench-card-head">
        <h2 id={heading}>
          {title}
          {count !== undefined && count > 0 && <span className="bench-count figures">{count}</span>}
        </h2>
        {note && <span className="quiet small">{note}</span>}
        {more && (
          <Link className="bench-more" to={more[0]}>
            {more[1]}
          </Link>
        )}
      </div>
      {children}
    </section>
  );
}

export function Nothing({ children }: { readonly children: ReactNode }) {
  return <p className="quiet bench-nothing">{children}</p>;
}
