import { type RefObject, useEffect } from "react";

/**
 * What has the focus may go from the page, as a form that was sent does: the focus goes on at the current row of the
 * queue or at the heading of the warning, where it was, and never to nowhere.
 */
export function useKeptFocus(box: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const page = box.current;
    if (!page) return undefined;
    let last: Element | null = null;
    let inQueue = false;
    const note = () => {
      const now = document.activeElement;
      last = now !== null && page.contains(now) ? now : null;
      inQueue = last?.closest(".queue") != null;
    };
    const watching = new MutationObserver(() => {
      if (!last || last.isConnected || document.activeElement !== document.body) return;
      const heading = page.querySelector<HTMLElement>("#case-title");
      const row = page.querySelector<HTMLElement>(".queue-item.current a") ?? page.querySelector<HTMLElement>("#queue-title");
      // The heading comes when the warning was read.
      const goal = inQueue ? row : (heading ?? (page.querySelector(".loading") ? null : row));
      goal?.focus({ preventScroll: true });
    });
    document.addEventListener("focusin", note);
    // A press beside every field and button is meant: then nothing has the focus.
    document.addEventListener("click", note, true);
    watching.observe(page, { childList: true, subtree: true });
    return () => {
      document.removeEventListener("focusin", note);
      document.removeEventListener("click", note, true);
      watching.disconnect();
    };
  }, [box]);
}
