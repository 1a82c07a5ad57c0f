"""Takes the pictures of the README from a running page.

    make demo OPTIONS="--no-open --port 8321" &
    python tools/screenshots.py http://127.0.0.1:8321 docs/images

Pictures: the workbench of a relationship manager; the list of loans, one loan with a suspected use whose evidence is open, its
flow as a graph, and the warning centre as somebody sees them who sees the whole bank; each in Chinese and English. The
people are those whose cards stand on the sign-in page of the demo.
"""

from __future__ import annotations

import json
import sys
import urllib.parse
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.find_browser import find_browser

WIDTH, HEIGHT = 1440, 900
MANAGER, WHOLE_BANK = "relationship_manager", "head_office_risk"


def signed_in(address: str, role: str) -> str:
    """The session of the demo bank's person of a role."""
    with urllib.request.urlopen(f"{address}/api/v1/sign-in/choices", timeout=30) as answer:
        cards = json.load(answer)["demo"]
    person = next(card["person_id"] for card in cards if card["role"]["role"] == role)
    asked = urllib.request.Request(
        f"{address}/api/v1/session",
        json.dumps({"way": "demo", "person_id": person}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return answer.headers["Set-Cookie"].split(";")[0].removeprefix("loantrail=")


def telling_line(address: str, session: str) -> tuple[str, str]:
    """The loan and line to show: a suspected use that the money reached over most steps, then the largest."""
    found: list[tuple[int, int, str, str]] = []
    for row in _read(f"{address}/api/v1/loans?limit=200&suspected=true", session)["items"]:
        where = f"{address}/api/v1/loans/{urllib.parse.quote(row['loan_id'], safe='')}"
        page = _read(where, session)
        suspected = {lead["destination_class"] for lead in page["leads"]}
        for line in page["statement"]:
            if line["line_group"] == "prohibited" and line["use"] in suspected:
                first = _read(f"{where}/statement/{line['use']}/evidence", session)["arrivals"][0]
                steps = len(first["paths"][0]["steps"])
                found.append((steps, int(line["amount_fen"]), row["loan_id"], line["use"]))
    if not found:
        raise SystemExit("no loan has a lead to show: build the demo bank first (make demo)")
    return max(found)[2:]


def take(browser: Browser, address: str, folder: Path) -> list[Path]:
    """Take all pictures; their paths."""
    session = signed_in(address, WHOLE_BANK)
    loan_id, use = telling_line(address, session)
    loan_address = f"{address}/loans/{urllib.parse.quote(loan_id, safe='')}"
    page = _opened(browser, address, session)
    workbench = _opened(browser, address, signed_in(address, MANAGER))
    pictures: list[Path] = []
    for language in ("zh", "en"):
        workbench.goto(f"{address}/?lang={language}")
        workbench.locator(".bench-columns").wait_for()
        workbench.wait_for_load_state("networkidle")
        pictures.append(_picture(workbench, folder / f"workbench.{language}.png"))
        page.goto(f"{address}/loans?lang={language}")
        page.locator(".loan-id").first.wait_for()
        pictures.append(_picture(page, folder / f"loans.{language}.png"))
        page.goto(f"{loan_address}?line={use}&lang={language}")
        page.locator(".path").first.wait_for()
        pictures.append(_picture(page, folder / f"loan.{language}.png"))
        page.goto(f"{loan_address}/flow?lang={language}")
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


def _opened(browser: Browser, address: str, session: str) -> Page:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-CN")
    context.add_cookies([{"name": "loantrail", "value": session, "url": address}])
    return context.new_page()


def _picture(page: Page, path: Path) -> Path:
    page.evaluate("document.activeElement?.blur()")
    page.screenshot(path=str(path), animations="disabled")
    return path


def _read(address: str, session: str) -> dict:
    asked = urllib.request.Request(address, headers={"Cookie": f"loantrail={session}"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
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
        for path in take(launched, address, folder):
            print(path)
        launched.close()


if __name__ == "__main__":
    main()
