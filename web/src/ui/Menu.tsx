import { DownOutlined, MenuOutlined } from "@ant-design/icons";
import { type FocusEvent, type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Link } from "react-router";
import { useSpeech } from "../i18n";
import { InboxCount } from "../inbox/InboxCount";
import type { Group, Place } from "./places";

const INBOX = "/inbox";

interface Props {
  readonly groups: readonly Group[];
  readonly here: Place | undefined;
  readonly pathname: string;
}

/** The pages that a person can open; where the window is narrow, all of them under one button. */
export function Menu({ groups, here, pathname }: Props) {
  const { t } = useSpeech();
  const link = (place: Place) => (
    <Link
      key={place.to}
      to={place.to}
      {...(place === here && { className: "active", "aria-current": pathname === place.to ? "page" : "true" })}
    >
      {t(place.key)}
      {place.to === INBOX && <InboxCount />}
    </Link>
  );
  return (
    <nav className="places" aria-label={t("app.menu")}>
      <div className="places-wide">
        {groups.map((group) => {
          const [first] = group.places;
          if (first && group.places.length === 1) return link(first);
          const holds = here !== undefined && group.places.includes(here);
          return (
            <Disclosure key={group.key} label={t(group.key)} active={holds} pathname={pathname}>
              {group.places.map(link)}
            </Disclosure>
          );
        })}
      </div>
      <div className="places-narrow">
        <Disclosure
          label={
            <>
              <MenuOutlined aria-hidden /> {here ? t(here.key) : t("app.menu_short")}
            </>
          }
          active
          pathname={pathname}
        >
          {groups.flatMap((group) => group.places.map(link))}
        </Disclosure>
      </div>
    </nav>
  );
}

interface DisclosureProps {
  readonly label: ReactNode;
  readonly active?: boolean;
  readonly pathname: string;
  readonly children: ReactNode;
  readonly name?: string;
  readonly className?: string;
}

/** A button that shows what stands under it until one goes elsewhere. */
export function Disclosure({ label, active = false, pathname, children, name, className = "" }: DisclosureProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement | null>(null);
  const button = useRef<HTMLButtonElement | null>(null);
  const shown = useId();
  useEffect(() => setOpen(false), [pathname]);
  useEffect(() => {
    if (!open) return undefined;
    const elsewhere = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", elsewhere);
    return () => document.removeEventListener("pointerdown", elsewhere);
  }, [open]);
  const left = (event: FocusEvent) => {
    if (event.relatedTarget && !box.current?.contains(event.relatedTarget as Node)) setOpen(false);
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div className={`disclosure ${className}`} ref={box} onBlur={left} onKeyDown={pressed}>
      <button
        ref={button}
        type="button"
        className={active ? "active" : undefined}
        aria-expanded={open}
        aria-controls={shown}
        {...(name !== undefined && { "aria-label": name })}
        onClick={() => setOpen(!open)}
      >
        {label}
        <DownOutlined aria-hidden className="disclosure-mark" />
      </button>
      <div id={shown} className="disclosed" hidden={!open} onClick={(event) => (event.target as Element).closest("a, button") && setOpen(false)}>
        {children}
      </div>
    </div>
  );
}
