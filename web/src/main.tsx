import "./ui/nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { api } from "./api/client";
import { Speaking } from "./i18n";
import { SIGN_IN } from "./identity/session";
import { bringAhead } from "./parts";
import { queries } from "./queries";
import "./styles.css";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
const address = window.location.pathname;
// Who is signed in is asked while the page's files come, not after them.
const knowing = address === SIGN_IN ? undefined : queries.prefetchQuery(api.queryOptions("get", "/api/v1/me", {}));
await Promise.all([bringAhead(address), knowing]);
createRoot(root).render(
  <StrictMode>
    <Speaking>
      <App />
    </Speaking>
  </StrictMode>,
);
