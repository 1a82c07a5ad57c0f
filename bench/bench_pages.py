"""How long each page takes with the medium demo bank: to its data, and until it answers a key.

    python bench/bench_pages.py [ADDRESS OF A RUNNING PAGE OVER THE MEDIUM DEMO]

Bar: under 1 s to data, for every page, once the browser keeps the program's files. The first visit of a browser that
has none of them is told too (`first_visit_ms`). Times are taken inside the browser: from the start of the navigation to
the moment when nothing on the page is loading any more (`data_ms`), and to the first moment after it in which the main
thread answers at once (`interactive_ms`).
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
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(__import__("pathlib").Path(__file__).resolve().parent.parent))
from tools.find_browser import find_browser

ROUNDS = int(os.environ.get("LOANTRAIL_BENCH_ROUNDS", "5"))
LIMIT_MS = 1000
ROLE = "head_office_risk"
"""Who looks: somebody who sees the whole bank."""
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


def signed_in(address: str, role: str) -> str:
    """The session of the demo bank's person of this role."""
    with urllib.request.urlopen(f"{address}/api/v1/sign-in/choices") as answer:
        cards = json.load(answer)["demo"]
    person = next(card["person_id"] for card in cards if card["role"]["role"] == role)
    asked = urllib.request.Request(
        f"{address}/api/v1/session",
        json.dumps({"way": "demo", "person_id": person}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked) as answer:
        return answer.headers["Set-Cookie"].split(";")[0].removeprefix("loantrail=")


def _read(address: str, session: str) -> Any:
    asked = urllib.request.Request(address, headers={"Cookie": f"loantrail={session}"})
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)


def pages_of(address: str, session: str) -> dict[str, str]:
    """The pages measured: those of the loan with the most leads, and the account that it was paid into."""
    rows = _read(f"{address}/api/v1/loans?limit=1&sort=leads", session)["items"]
    loan = urllib.parse.quote(rows[0]["loan_id"], safe="")
    facts = _read(f"{address}/api/v1/loans/{loan}", session)["facts"]
    account = urllib.parse.quote(facts["disbursements"][0]["account"], safe="")
    transaction = _read(f"{address}/api/v1/accounts/{account}/lines?limit=1", session)["items"][0][
        "transfer_id"
    ]
    customer = urllib.parse.quote(facts["borrower_party_id"], safe="")
    return {
        "workbench": "/",
        "loans": "/loans",
        "loans, searched": "/loans?search=有限",
        "loan": f"/loans/{loan}",
        "loan, flow": f"/loans/{loan}/flow",
        "loan, repayments": f"/loans/{loan}/repayments",
        "loan, conventions": f"/loans/{loan}/conventions",
        "warnings": "/warnings",
        "rules": "/rules",
        "signals": "/signals",
        "loan ledger": "/ledgers/loans",
        "loan ledger, in arrears": "/ledgers/loans?overdue_fen_from=1&sort=days_past_due&direction=descending",
        "warning ledger": "/ledgers/warnings",
        "collateral ledger": "/ledgers/collateral",
        "group ledger": "/ledgers/groups",
        "portfolio": "/portfolio",
        "portfolio, by industry": "/portfolio?by=industry&measure=warnings",
        "portfolio, uses": "/portfolio?view=uses",
        "portfolio, concentration": "/portfolio?view=concentration",
        "customers": "/customers",
        "customer": f"/customers/{customer}",
        "customer, relations": f"/customers/{customer}/relations",
        "checks": "/checks",
        "lists": "/lists",
        "inbox": "/inbox",
        "accounts": "/accounts",
        "account": f"/accounts/{account}",
        "transaction": f"/transactions/{transaction}",
        "imports": "/imports",
        "nightly": "/nightly",
        "glossary": "/glossary",
    }


def visited(page: Page, address: str, place: str) -> tuple[float, float]:
    """`(data_ms, interactive_ms)` of one visit."""
    page.goto(f"{address}{place}", wait_until="commit")
    page.wait_for_load_state("networkidle")
    while True:  # the policy of the page forbids what wait_for_function does
        data, free = page.evaluate("[window.__dataAt ?? null, window.__freeAt ?? null]")
        if data is not None and free is not None:
            return data, free
        page.wait_for_timeout(20)


def measured(browser: Browser, address: str, place: str, session: str) -> tuple[float, float, float]:
    """`(first_visit_ms, data_ms, interactive_ms)`: of a browser without the program's files, and of its next visit."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    context.add_init_script(WATCH)
    context.add_cookies([{"name": "loantrail", "value": session, "url": address}])
    page = context.new_page()
    first, _ = visited(page, address, place)
    page.goto("about:blank")
    data, interactive = visited(page, address, place)
    context.close()
    return first, data, interactive


def main() -> None:
    """Measure every page of the given address and record the result."""
    address = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8321").rstrip("/")
    session = signed_in(address, ROLE)
    total = _read(f"{address}/api/v1/loans?limit=1", session)["total_count"]
    places = pages_of(address, session)
    rows: list[tuple[str, float, float, float, float]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, place in places.items():
            measured(
                browser, address, place, session
            )  # the server's own first time, such as reading a kept history
            taken = [measured(browser, address, place, session) for _ in range(ROUNDS)]
            first, data, interactive = (statistics.median(column) for column in zip(*taken, strict=True))
            rows.append((name, data, max(one[1] for one in taken), interactive, first))
        browser.close()
    table(["page", "data_ms", "data_ms_max", "interactive_ms", "first_visit_ms"], rows)
    slowest = max(rows, key=lambda row: row[1])
    record(
        "pages",
        {
            "bank": f"demo bank with {total} loans",
            "rounds": ROUNDS,
            "pages": {
                name: {
                    "data_ms": data,
                    "data_ms_max": most,
                    "interactive_ms": interactive,
                    "first_visit_ms": first,
                }
                for name, data, most, interactive, first in rows
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
