import "./ui/nonce";
import { bringData } from "./ahead";
import { bringTexts } from "./i18n";
import { bringAhead, bringDrawings } from "./parts";
import { sayNothingCame } from "./ui/nothing_came";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

/** Asks at once for all that the first picture needs: what draws, its texts, the parts and the data of the address. */
async function begin(root: HTMLElement, address: string): Promise<void> {
  const [{ draw }] = await Promise.all([import("./draw"), bringTexts(), bringAhead(address), bringData(window.location)]);
  draw(root);
  await bringDrawings(address);
}

// Not awaited: the other files of the page import what stands in this one.
begin(root, window.location.pathname).catch(() => sayNothingCame(root));
