"""Takes the pictures of the README from a running page.

    loantrail serve &
    python tools/screenshots.py http://127.0.0.1:8321 docs/images

Pictures: the list of loans, and the loan with most money at a prohibited use with the evidence of that line open, each
in Chinese and English.
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


def worst_line(address: str) -> tuple[str, str]:
    """Loan with most money at a prohibited use, and its largest prohibited line."""
    loans = _read(f"{address}/api/v1/loans?limit=1&sort=prohibited&direction=descending")["items"]
    if not loans:
        raise SystemExit("there are no loans to show: build the demo bank first (make demo)")
    loan_id = loans[0]["loan_id"]
    lines = _read(f"{address}/api/v1/loans/{urllib.parse.quote(loan_id, safe='')}")["statement"]
    prohibited = [line for line in lines if line["line_group"] == "prohibited"]
    if not prohibited:
        raise SystemExit("no loan has money at a prohibited use: trace the demo bank first (make demo)")
    return loan_id, max(prohibited, key=lambda line: int(line["amount_fen"]))["use"]


def take(page: Page, address: str, folder: Path) -> list[Path]:
    """Take all pictures; their paths."""
    loan_id, use = worst_line(address)
    loan_address = f"{address}/loans/{urllib.parse.quote(loan_id, safe='')}?line={use}"
    pictures: list[Path] = []
    for language in ("zh", "en"):
        page.goto(f"{address}/?lang={language}")
        page.get_by_role("link", name=loan_id, exact=True).wait_for()
        pictures.append(_picture(page, folder / f"loans.{language}.png"))
        page.goto(f"{loan_address}&lang={language}")
        page.locator(".path").first.wait_for()
        pictures.append(_picture(page, folder / f"loan.{language}.png"))
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
