"""How long each page takes with the medium demo bank: to its data, and until it answers a key. The pages of the business as
somebody sees them who sees the whole bank; the workbench and the inbox of every role; administration and the audit log as those
see them whose work they are.

    python bench/bench_pages.py [ADDRESS OF A RUNNING PAGE OVER THE MEDIUM DEMO]

Bar: under 1 s to data, for every page, once the browser keeps the program's files. The first visit of a browser that
has none of them is told too (`first_visit_ms`). Times are taken inside the browser: from the start of the navigation to
the moment when nothing on the page is loading any more (`data_ms`), and to the first moment after it in which the main
thread answers at once (`interactive_ms`).
"""

from __future__ import annotations

import datetime
import json
import os
import statistics
import sys
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from measuring import bar, record, table
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(__import__("pathlib").Path(__file__).resolve().parent.parent))
from tools.find_browser import find_browser

ROUNDS = int(os.environ.get("LOANTRAIL_BENCH_ROUNDS", "5"))
LIMIT_MS = 1000
LOOK_MS, LONGEST_MS = 20, 60_000
BEIJING = ZoneInfo("Asia/Shanghai")
ROLE = "head_office_risk"
"""Who looks, where no other role is said: somebody who sees the whole bank."""
OF_ROLES = {
    "persons": ("system_administrator", "/administration/persons"),
    "one person": ("system_administrator", "/administration/persons/{person}"),
    "units": ("system_administrator", "/administration/units"),
    "keys": ("it_operator", "/administration/keys"),
    "parameters": ("it_operator", "/administration/parameters"),
    "jobs and health": ("it_operator", "/administration/system"),
    "audit log": ("internal_auditor", "/audit"),
    "audit log, of one person": ("internal_auditor", "/audit?person={person}"),
    "audit log, of one day": (
        "internal_auditor",
        "/audit?action=session.begin&from_date={day}&to_date={day}",
    ),
    "audit log, searched": ("internal_auditor", "/audit?text=loan"),
}
"""Pages that not everybody may open: who looks, and where they are."""
INBOX_OPENED_BY = {"approve", "edit_people", "edit_parameters", "request_unmasking"}
"""As web/src/ui/places.ts has it."""
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


def cards_of(address: str) -> dict[str, str]:
    """Role -> the demo bank's person of it."""
    with urllib.request.urlopen(f"{address}/api/v1/sign-in/choices") as answer:
        return {card["role"]["role"]: card["person_id"] for card in json.load(answer)["demo"]}


def signed_in(address: str, person: str) -> str:
    """The session of a person of the demo bank."""
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
        "check ledger": "/ledgers/checks",
        "check ledger, by deadline": "/ledgers/checks?sort=due_on&direction=descending",
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
        "accounts": "/accounts",
        "account": f"/accounts/{account}",
        "transaction": f"/transactions/{transaction}",
        "imports": "/imports",
        "nightly": "/nightly",
        "glossary": "/glossary",
    }


def pages_of_roles(address: str, persons: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """`(role, place)` of the pages that are another one for each role, or that few may open."""
    told = {"person": persons[ROLE], "day": datetime.datetime.now(BEIJING).date().isoformat()}
    found = {name: (role, place.format_map(told)) for name, (role, place) in OF_ROLES.items()}
    for role in persons:
        spoken = role.replace("_", " ")
        found[f"workbench, {spoken}"] = (role, "/")
        me = _read(f"{address}/api/v1/me", signed_in(address, persons[role]))
        if INBOX_OPENED_BY & set(me["abilities"]):
            found[f"inbox, {spoken}"] = (role, "/inbox")
    return found


def visited(page: Page, address: str, place: str) -> tuple[float, float]:
    """`(data_ms, interactive_ms)` of one visit."""
    page.goto(f"{address}{place}", wait_until="commit")
    page.wait_for_load_state("networkidle")
    for _ in range(LONGEST_MS // LOOK_MS):  # the policy of the page forbids what wait_for_function does
        data, free = page.evaluate("[window.__dataAt ?? null, window.__freeAt ?? null]")
        if data is not None and free is not None:
            return data, free
        page.wait_for_timeout(LOOK_MS)
    raise SystemExit(f"{page.url} shows no data")


def measured(browser: Browser, address: str, place: str, session: str) -> tuple[float, float, float]:
    """`(first_visit_ms, data_ms, interactive_ms)`: of a browser without the program's files, and of its next visit."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    context.add_init_script(WATCH)
    context.add_cookies([{"name": "loantrail", "value": session, "url": address}])
    page = context.new_page()
    first, _ = visited(page, address, place)
    page.goto("about:blank")
    data, interactive = visited(page, address, place)
    if page.locator("main h1").count() != 1 or page.locator("main .notice-failure").count():
        raise SystemExit(f"{page.url} does not show what it should")
    context.close()
    return first, data, interactive


def main() -> None:
    """Measure every page of the given address and record the result."""
    address = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8321").rstrip("/")
    persons = cards_of(address)
    session = signed_in(address, persons[ROLE])
    total = _read(f"{address}/api/v1/loans?limit=1", session)["total_count"]
    places = {name: (ROLE, place) for name, place in pages_of(address, session).items()}
    places |= pages_of_roles(address, persons)
    rows: list[tuple[str, float, float, float, float]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, (role, place) in places.items():
            session = signed_in(address, persons[role])  # one that rests too long is ended
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
