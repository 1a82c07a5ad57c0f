import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./style_sheets";
import { App } from "./app";
import { Speaking } from "./i18n";
import { drawingBegins } from "./queries";

/** Draws the page; its texts are there. */
export function draw(root: HTMLElement): void {
  drawingBegins();
  createRoot(root).render(
    <StrictMode>
      <Speaking>
        <App />
      </Speaking>
    </StrictMode>,
  );
}
