import { useLayoutEffect, useRef } from "react";

/** The keys of a page and what each does; none of them while somebody types or a dialog is open. */
export function useKeys(acts: Readonly<Record<string, () => void>>): void {
  const now = useRef(acts);
  now.current = acts;
  // With what is drawn, not after it: a key pressed at once is heard.
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target as HTMLElement;
      if (target.closest("input, textarea, select, [contenteditable], [role=combobox], [role=dialog], [role=listbox]")) return;
      const act = now.current[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
}
