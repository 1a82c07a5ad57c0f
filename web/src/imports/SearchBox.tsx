import { SearchOutlined } from "@ant-design/icons";
import { Input } from "antd";
import { useEffect, useRef, useState } from "react";

const TYPING_MS = 250;

interface Props {
  readonly value: string;
  readonly label: string;
  readonly onChange: (text: string) => void;
}

/** Searches while one types, a moment after the last key. */
export function SearchBox({ value, label, onChange }: Props) {
  const [text, setText] = useState(value);
  const changing = useRef(onChange);
  changing.current = onChange;
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = window.setTimeout(() => changing.current(text.trim()), TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [text, value]);
  return (
    <Input
      allowClear
      className="search"
      prefix={<SearchOutlined aria-hidden />}
      placeholder={label}
      aria-label={label}
      maxLength={100}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onPressEnter={() => onChange(text.trim())}
    />
  );
}
