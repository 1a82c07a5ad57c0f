import { SearchOutlined } from "@ant-design/icons";
import { useLayoutEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { SearchPanel } from "./SearchPanel";

const TYPED_INTO = "input, textarea, select, [contenteditable], [role=combobox], [role=listbox]";
const DIALOG = "dialog, [role=dialog]";

/** The search over everything, behind a button that looks like its box; opened by `/` and by Ctrl+K too. */
export function GlobalSearch() {
  const { t } = useSpeech();
  const me = useMe();
  const dialog = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState(false);
  const allowed = may(me, ["read_loans"]);
  const begin = () => {
    if (!dialog.current || dialog.current.open) return;
    // All at once: what is typed right behind the key goes into the box.
    flushSync(() => setOpen(true));
    dialog.current.showModal();
    dialog.current.querySelector("input")?.focus();
  };
  const close = () => dialog.current?.close();
  // Before the page is seen: whoever sees it may press a key at once.
  useLayoutEffect(() => {
    if (!allowed) return undefined;
    const pressed = (event: KeyboardEvent) => {
      // A page that has a search of its own takes the key first.
      if (event.defaultPrevented || event.isComposing) return;
      const target = event.target instanceof Element ? event.target : null;
      const everywhere = (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k";
      const plain = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !target?.closest(TYPED_INTO);
      if ((!everywhere && !plain) || target?.closest(DIALOG)) return;
      event.preventDefault();
      begin();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [allowed]);
  if (!allowed) return null;
  return (
    <>
      <button
        type="button"
        className="search-opener"
        aria-haspopup="dialog"
        aria-label={t("search.label")}
        title={t("search.label")}
        onClick={begin}
      >
        <SearchOutlined aria-hidden />
        <span className="search-opener-text">{t("search.button")}</span>
        <kbd aria-hidden="true" data-keys="Ctrl K" />
      </button>
      {/* biome-ignore lint: a click beside the panel closes it, as Escape does */}
      <dialog
        ref={dialog}
        className="search-dialog"
        aria-label={t("search.label")}
        onClose={() => setOpen(false)}
        onClick={(event) => event.target === event.currentTarget && close()}
      >
        {open && <SearchPanel personId={me.person_id} close={close} />}
      </dialog>
    </>
  );
}
