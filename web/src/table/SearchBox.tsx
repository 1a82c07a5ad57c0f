import { SearchOutlined } from "@ant-design/icons";
import { Input, type InputRef } from "antd";
import { useEffect, useRef, useState } from "react";
import { useSpeech } from "../i18n";

const TYPING_MS = 250;

interface Props {
  readonly search: string;
  readonly change: (search: string) => void;
  /** The reader goes on to the rows. */
  readonly leave: () => void;
  readonly label: string;
  /** What can be searched for, at length. */
  readonly hint?: string;
}

/** Searches while one types; the key / leads here, the arrow down to the rows. */
export function SearchBox({ search, change, leave, label, hint }: Props) {
  const { t } = useSpeech();
  const input = useRef<InputRef>(null);
  const [text, setText] = useState(search);
  // While Chinese is being composed, the letters typed are not yet what is searched for.
  const [composing, setComposing] = useState(false);
  const changing = useRef(change);
  changing.current = change;
  useEffect(() => setText(search), [search]);
  useEffect(() => {
    if (composing || text.trim() === search) return;
    const timer = window.setTimeout(() => changing.current(text.trim()), TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [text, search, composing]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus({ cursor: "all" });
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return (
    <div role="search" className="list-search">
      <Input
        ref={input}
        allowClear
        prefix={<SearchOutlined aria-hidden />}
        suffix={text ? null : <kbd title={t("table.search_hint")}>/</kbd>}
        placeholder={label}
        aria-label={label}
        title={hint ?? label}
        maxLength={100}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onCompositionStart={() => setComposing(true)}
        onCompositionEnd={() => setComposing(false)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Escape") setText("");
          if (event.key === "Enter") change(text.trim());
          if (event.key === "ArrowDown") {
            event.preventDefault();
            leave();
          }
        }}
      />
    </div>
  );
}
