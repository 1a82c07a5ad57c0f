import { Modal } from "antd";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { useKeys } from "./keys";
import { PLACES } from "./places";
import { keysOf, SHOW_SHORTCUTS } from "./shortcut_keys";

/** How long a letter behind `g` is waited for. */
const SECOND_KEY_MS = 1_500;

/** The keys that work everywhere, and the help that tells of all keys. */
export function Shortcuts() {
  const { t } = useSpeech();
  const me = useMe();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [open, setOpen] = useState(false);
  const going = useRef(0);
  const reached = PLACES.filter((place) => place.letter !== undefined && may(me, place.abilities));
  useEffect(() => {
    const show = () => setOpen(true);
    window.addEventListener(SHOW_SHORTCUTS, show);
    return () => window.removeEventListener(SHOW_SHORTCUTS, show);
  }, []);
  useLayoutEffect(() => {
    // Before the page's own keys: behind `g` a letter leads elsewhere, whatever the page uses it for.
    const second = (event: KeyboardEvent) => {
      if (going.current === 0 || Date.now() - going.current > SECOND_KEY_MS) return;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      going.current = 0;
      const place = reached.find((one) => one.letter === event.key);
      if (!place) return;
      event.preventDefault();
      event.stopPropagation();
      void navigate(place.to);
    };
    document.addEventListener("keydown", second, { capture: true });
    return () => document.removeEventListener("keydown", second, { capture: true });
  });
  useKeys({
    "?": () => setOpen(true),
    g: () => {
      going.current = Date.now();
    },
  });
  const row = (keys: readonly string[], text: string, between = " ") => (
    <div key={keys.join() + text}>
      <dt>
        {keys.map((one, place) => (
          <span key={one}>
            {place > 0 && between}
            <kbd>{one}</kbd>
          </span>
        ))}
      </dt>
      <dd>{text}</dd>
    </div>
  );
  const own = keysOf(pathname, me);
  return (
    <Modal open={open} title={t("app.shortcuts")} footer={null} onCancel={() => setOpen(false)} width={640} destroyOnHidden>
      <div className="shortcuts">
        {own.length > 0 && (
          <section>
            <h3>{t("keys.this_page")}</h3>
            <dl>{own.map(([keys, key]) => row(keys, t(key)))}</dl>
          </section>
        )}
        <section>
          <h3>{t("keys.everywhere")}</h3>
          <dl>
            {row(["Ctrl K", "/"], t("search.key"))}
            {row(["?"], t("keys.help"))}
            {row(["Esc"], t("keys.close"))}
          </dl>
        </section>
        <section>
          <h3>{t("keys.go")}</h3>
          <dl className="shortcuts-go">{reached.map((place) => row(["g", place.letter ?? ""], t(place.key)))}</dl>
        </section>
      </div>
    </Modal>
  );
}
