"""Takes the pictures of the README from a running page.

    loantrail serve &
    python tools/screenshots.py http://127.0.0.1:8321 docs/images

Pictures: the list of loans, one loan with a suspected use whose evidence is open, its flow as a graph, and the warning
centre, each in Chinese and English.
"""

from __future__ import annotations

import json
import sys
import urllib.parse
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.find_browser import find_browser

WIDTH, HEIGHT = 1440, 900


def telling_line(address: str) -> tuple[str, str]:
    """The loan and line to show: a suspected use that the money reached over most steps, then the largest."""
    found: list[tuple[int, int, str, str]] = []
    for row in _read(f"{address}/api/v1/loans?limit=200&suspected=true")["items"]:
        where = f"{address}/api/v1/loans/{urllib.parse.quote(row['loan_id'], safe='')}"
        page = _read(where)
        suspected = {lead["destination_class"] for lead in page["leads"]}
        for line in page["statement"]:
            if line["line_group"] == "prohibited" and line["use"] in suspected:
                first = _read(f"{where}/statement/{line['use']}/evidence")["arrivals"][0]
                steps = len(first["paths"][0]["steps"])
                found.append((steps, int(line["amount_fen"]), row["loan_id"], line["use"]))
    if not found:
        raise SystemExit("no loan has a lead to show: build the demo bank first (make demo)")
    return max(found)[2:]


def take(page: Page, address: str, folder: Path) -> list[Path]:
    """Take all pictures; their paths."""
    loan_id, use = telling_line(address)
    loan_address = f"{address}/loans/{urllib.parse.quote(loan_id, safe='')}?line={use}"
    pictures: list[Path] = []
    for language in ("zh", "en"):
        page.goto(f"{address}/?lang={language}")
        page.locator(".loan-id").first.wait_for()
        pictures.append(_picture(page, folder / f"loans.{language}.png"))
        page.goto(f"{loan_address}&lang={language}")
        page.locator(".path").first.wait_for()
        pictures.append(_picture(page, folder / f"loan.{language}.png"))
        page.goto(f"{loan_address.partition('?')[0]}/flow?lang={language}")
        page.locator(".flow-canvas canvas, canvas").first.wait_for()
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1500)
        pictures.append(_picture(page, folder / f"flow.{language}.png"))
        page.goto(f"{address}/warnings?lang={language}")
        page.locator(".story").wait_for()
        page.locator("canvas").first.wait_for()
        page.wait_for_timeout(1500)
        pictures.append(_picture(page, folder / f"warnings.{language}.png"))
    return pictures


def _picture(page: Page, path: Path) -> Path:
    page.evaluate("document.activeElement?.blur()")
    page.screenshot(path=str(path), animations="disabled")
    return path


def _read(address: str) -> dict:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return json.load(answer)


def main() -> None:
    """Take the pictures of the page at the address given into the folder given."""
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    address, folder = sys.argv[1].rstrip("/"), Path(sys.argv[2])
    browser = find_browser()
    if browser is None:
        raise SystemExit("no Chromium or Chrome is installed (Debian: apt-get install chromium)")
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = launched.new_page(viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-CN")
        for path in take(page, address, folder):
            print(path)
        launched.close()


if __name__ == "__main__":
    main()
