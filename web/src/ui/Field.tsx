import type { ReactNode } from "react";

interface Props {
  readonly id: string;
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly children: ReactNode;
}

/** A field with its label beside it, not around it: buttons inside the field are no part of its name. */
export function Field({ id, label, hint, children }: Props) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children}
      {hint && <span className="quiet small">{hint}</span>}
    </div>
  );
}
