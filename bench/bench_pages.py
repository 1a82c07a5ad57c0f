"""How long each page takes with the medium demo bank: to its data, and until it answers a key.

    python bench/bench_pages.py [ADDRESS OF A RUNNING PAGE OVER THE MEDIUM DEMO]

Bar: under 1 s to data, for every page. A cold start of the browser's cache is part of it; the server is warm. Times are
taken inside the browser: from the start of the navigation to the moment when nothing on the page is loading any more
(`data_ms`), and to the first frame in which the main thread answers at once (`interactive_ms`).
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import urllib.parse
import urllib.request
from typing import Any

from measuring import bar, record, table
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(__import__("pathlib").Path(__file__).resolve().parent.parent))
from tools.find_browser import find_browser

ROUNDS = int(os.environ.get("LOANTRAIL_BENCH_ROUNDS", "5"))
LIMIT_MS = 1000
FULL_LOANS = 4000
"""About what the medium demo bank has."""

# Runs before the page: notes when the last loading mark left, and when the main thread was free after it.
WATCH = """
(() => {
  const loading = () => document.querySelector('.loading, .ant-spin-spinning, .ant-skeleton-active') !== null;
  let seen = false;
  const look = () => {
    const root = document.querySelector('main');
    const ready = root !== null && root.querySelector('h1') !== null && !loading();
    if (ready && !seen) { seen = true; window.__dataAt = performance.now(); free(); }
    if (!ready) { seen = false; window.__dataAt = undefined; window.__freeAt = undefined; }
    requestAnimationFrame(look);
  };
  const free = () => {
    const asked = performance.now();
    setTimeout(() => {
      const late = performance.now() - asked;
      if (late < 50) window.__freeAt ??= performance.now(); else free();
    }, 0);
  };
  requestAnimationFrame(look);
})();
"""


def _read(address: str) -> Any:
    with urllib.request.urlopen(address) as answer:
        return json.load(answer)


def pages_of(address: str) -> dict[str, str]:
    """The pages measured: those of the loan with the most leads, and the account that it was paid into."""
    rows = _read(f"{address}/api/v1/loans?limit=1&sort=leads")["items"]
    loan = urllib.parse.quote(rows[0]["loan_id"], safe="")
    facts = _read(f"{address}/api/v1/loans/{loan}")["facts"]
    account = urllib.parse.quote(facts["disbursements"][0]["account"], safe="")
    return {
        "loans": "/loans",
        "loans, searched": "/loans?search=有限",
        "loan": f"/loans/{loan}",
        "loan, flow": f"/loans/{loan}/flow",
        "loan, repayments": f"/loans/{loan}/repayments",
        "loan, conventions": f"/loans/{loan}/conventions",
        "accounts": "/accounts",
        "account": f"/accounts/{account}",
        "imports": "/imports",
        "nightly": "/nightly",
        "glossary": "/glossary",
    }


def measured(browser: Browser, address: str, place: str) -> tuple[float, float]:
    """`(data_ms, interactive_ms)` of one visit with an empty cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(f"{address}{place}", wait_until="commit")
    page.wait_for_load_state("networkidle")
    page.wait_for_function("window.__dataAt !== undefined && window.__freeAt !== undefined", timeout=60_000)
    data, free = page.evaluate("[window.__dataAt, window.__freeAt]")
    context.close()
    return data, free


def main() -> None:
    """Measure every page of the given address and record the result."""
    address = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8321").rstrip("/")
    total = _read(f"{address}/api/v1/loans?limit=1")["total_count"]
    places = pages_of(address)
    rows: list[tuple[str, float, float, float]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, place in places.items():
            measured(browser, address, place)  # the server's own first time, such as reading a kept history
            taken = [measured(browser, address, place) for _ in range(ROUNDS)]
            data = sorted(one[0] for one in taken)
            rows.append((name, statistics.median(data), data[-1], statistics.median(one[1] for one in taken)))
        browser.close()
    table(["page", "data_ms", "data_ms_max", "interactive_ms"], rows)
    slowest = max(rows, key=lambda row: row[1])
    record(
        "pages",
        {
            "bank": f"demo bank with {total} loans",
            "rounds": ROUNDS,
            "pages": {
                name: {"data_ms": data, "data_ms_max": most, "interactive_ms": interactive}
                for name, data, most, interactive in rows
            },
            "bars": [
                bar(
                    f"every page shows its data within {LIMIT_MS} ms",
                    met=slowest[1] <= LIMIT_MS,
                    margin=f"{slowest[1]:.0f} ms ({slowest[0]})",
                )
            ],
        },
        full_size=total >= FULL_LOANS // 2,
    )


if __name__ == "__main__":
    main()
