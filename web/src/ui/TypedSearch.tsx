import { Input, type InputRef } from "antd";
import { type RefObject, useEffect, useState } from "react";

const TYPING_MS = 300;

interface Props {
  /** So that a key of the page can lead here. */
  readonly box: RefObject<InputRef | null>;
  readonly label: string;
  readonly value: string;
  readonly change: (text: string) => void;
  readonly className?: string;
}

/** Searches while one types, a moment after the last key; Escape leaves it. */
export function TypedSearch({ box, label, value, change, className }: Props) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return undefined;
    const later = window.setTimeout(() => change(text.trim()), TYPING_MS);
    return () => window.clearTimeout(later);
  });
  return (
    <Input
      ref={box}
      {...(className === undefined ? {} : { className })}
      allowClear
      maxLength={100}
      aria-label={label}
      placeholder={label}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
    />
  );
}
