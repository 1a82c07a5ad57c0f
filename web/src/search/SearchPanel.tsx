import { Input, type InputRef } from "antd";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { problemText } from "../ui/wording";
import { type Option, useOptions } from "./options";
import { useRecent } from "./recent";

const TYPING_MS = 150;
const CHINESE = /\p{Script=Han}/u;

interface Props {
  readonly personId: string;
  readonly close: () => void;
}

/** Searches while one types; arrows choose, Enter opens. */
export function SearchPanel({ personId, close }: Props) {
  const { t, language } = useSpeech();
  const navigate = useNavigate();
  const box = useRef<InputRef>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const [text, setText] = useState("");
  const [wanted, setWanted] = useState("");
  // While Chinese is being composed, the letters typed are not yet what is searched for.
  const [composing, setComposing] = useState(false);
  const [at, setAt] = useState(0);
  const recent = useRecent(personId);
  useEffect(() => {
    if (composing) return undefined;
    const later = window.setTimeout(() => setWanted(text.trim()), text.trim() === "" ? 0 : TYPING_MS);
    return () => window.clearTimeout(later);
  }, [text, composing]);
  const enough = wanted.length > 1 || CHINESE.test(wanted);
  const { data, error, isFetching } = api.useQuery(
    "get",
    "/api/v1/search",
    { params: { query: { q: wanted } } },
    { enabled: enough, placeholderData: (before) => before },
  );
  const found = enough ? data : undefined;
  const groups = useOptions(found, wanted);
  const past = useMemo<Option[]>(
    () => recent.texts.map((one) => ({ key: `recent ${one}`, title: one, detail: "", to: null, again: one })),
    [recent.texts],
  );
  const flat = wanted === "" ? past : groups.flatMap((group) => group.options);
  const place = Math.min(at, flat.length - 1);
  useEffect(() => setAt(0), [wanted, found]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [place]);
  const choose = (option: Option | undefined) => {
    if (!option) return;
    if (option.again !== undefined) {
      setText(option.again);
      setWanted(option.again);
      box.current?.focus();
      return;
    }
    if (option.to === null) return;
    recent.add(wanted);
    close();
    void navigate(option.to);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const moves: Record<string, () => void> = {
      ArrowDown: () => setAt((place + 1) % Math.max(1, flat.length)),
      ArrowUp: () => setAt((place - 1 + flat.length) % Math.max(1, flat.length)),
      Enter: () => {
        // What was typed this very moment is searched for first.
        if (text.trim() === wanted && !isFetching) choose(flat[place]);
        else setWanted(text.trim());
      },
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };
  const optionId = (number: number) => `${id}-${number}`;
  let number = -1;
  const drawn = (option: Option): ReactNode => {
    number += 1;
    const own = number;
    return (
      // biome-ignore lint: the keys are those of the box, which names the chosen one
      <div
        key={option.key}
        id={optionId(own)}
        role="option"
        aria-selected={own === place}
        className={option.all ? "search-option search-all" : "search-option"}
        onMouseMove={() => setAt(own)}
        onClick={() => choose(option)}
      >
        <span className="search-title">{option.title}</span>
        {option.mark}
        <span className="search-detail">{option.detail}</span>
      </div>
    );
  };
  const nothing = enough && found !== undefined && flat.length === 0 && !isFetching;
  return (
    <div className="search-panel" role="search">
      <Input
        ref={box}
        size="large"
        allowClear
        maxLength={100}
        role="combobox"
        aria-expanded={flat.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={place >= 0 ? optionId(place) : undefined}
        aria-label={t("search.label")}
        placeholder={t("search.hint")}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onCompositionStart={() => setComposing(true)}
        onCompositionEnd={() => setComposing(false)}
        onKeyDown={onKey}
      />
      <div ref={list} id={`${id}-list`} className="search-results" role="listbox" aria-label={t("search.results")} aria-busy={isFetching}>
        {wanted === ""
          ? past.length > 0 && (
              <div role="group" aria-label={t("search.recent")}>
                <div className="search-group">{t("search.recent")}</div>
                {past.map(drawn)}
              </div>
            )
          : groups.map((group) => (
              <div key={group.key} role="group" aria-label={group.label}>
                <div className="search-group">
                  {group.label}
                  {group.note && <span className="quiet"> · {group.note}</span>}
                </div>
                {group.options.map(drawn)}
              </div>
            ))}
      </div>
      <div className="search-foot" role="status">
        {error && enough ? (
          <span className="danger">{problemText(language, error) || t("search.failed")}</span>
        ) : wanted !== "" && !enough ? (
          t("search.short")
        ) : nothing ? (
          `${t("search.none", { text: wanted })} ${t("search.none_hint")}`
        ) : isFetching && enough && found === undefined ? (
          t("search.searching")
        ) : (
          <span className="search-keys">{t("search.keys")}</span>
        )}
        {wanted === "" && past.length > 0 && (
          <button type="button" className="plain-link" onClick={recent.forget}>
            {t("search.forget")}
          </button>
        )}
      </div>
    </div>
  );
}

export type Found = Schemas["SearchAnswer"];
