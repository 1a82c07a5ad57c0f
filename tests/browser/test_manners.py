"""What every page owes its reader: it fits the window, holds still, can be read by a machine, says its title, in both languages."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page
from tests.browser.manners import SHIFT_MOST, flaws, shifted, watch_shifts, wider_than_the_window
from tests.browser.settling import settled
from tests.http.bank import BORROWER, LOAN, QUIET_LOAN, UNTRACED_LOAN, transfer_id
from tests.http.warned import THREAD

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

SHOTS = os.environ.get("LOANTRAIL_SCREENSHOTS")
PAGES = {
    "workbench": "/",
    "account_own": "/me",
    "inbox": "/inbox",
    "inbox_history": "/inbox/history",
    "keys": "/administration/keys",
    "parameters": "/administration/parameters",
    "calendar": "/administration/calendar",
    "calendar_provisional": "/administration/calendar?year=2199",
    "system": "/administration/system",
    "loans": "/loans",
    "loans_none": "/loans?search=zzzz",
    "loan": f"/loans/{LOAN}?line=securities",
    "loan_held": f"/loans/{QUIET_LOAN}",
    "loan_untraced": f"/loans/{UNTRACED_LOAN}",
    "loan_flow": f"/loans/{LOAN}/flow",
    "loan_repayments": f"/loans/{LOAN}/repayments",
    "loan_guarantees": f"/loans/{LOAN}/guarantees",
    "loan_conventions": f"/loans/{LOAN}/conventions",
    "loan_check": f"/loans/{LOAN}/check",
    "loan_classification": f"/loans/{LOAN}/classification",
    "loan_documents": f"/loans/{LOAN}/documents",
    "loan_history": f"/loans/{LOAN}/history",
    "checks": "/checks",
    "ledger_groups": "/ledgers/groups",
    "warnings": "/warnings",
    "warnings_none": "/warnings?search=zzzz",
    "warning": f"/warnings/{THREAD}?state=all",
    "customers": "/customers",
    "customers_none": "/customers?search=zzzz",
    "customer": "/customers/P1",
    "customer_relations": "/customers/P1/relations",
    "customer_cash": "/customers/P1/cash",
    "customer_documents": "/customers/P1/documents",
    "customer_contacts": "/customers/P1/contacts",
    "customer_outside": "/customers/P1/outside",
    "customer_timeline": "/customers/P1/timeline",
    "accounts": "/accounts",
    "account": f"/accounts/{quote(BORROWER)}",
    "transaction": f"/transactions/{transfer_id('入市')}",
    "imports": "/imports",
    "nightly": "/nightly",
    "signals": "/signals",
    "loan_signals": f"/loans/{LOAN}/signals",
    "rules": "/rules",
    "rule": "/rules/FLOW_SECURITIES",
    "rule_new": "/rules/new",
    "lists": "/lists",
    "lists_none": "/lists?list=black&search=zzzz",
    "glossary": "/glossary",
    "nowhere": "/nowhere",
}
WIDTHS = {"tablet": (820, 1180), "narrow": (1280, 800), "wide": (1920, 1080)}


@pytest.fixture(autouse=True)
def _no_kept_history(page: Page, allowed: list[str]) -> None:
    """The bank of these tests was written by hand: no trace of it can be computed again, and the page says so."""
    allowed += ["422 (Unprocessable Entity)"]


ORDER = {"zh": ("tablet", "narrow", "wide"), "en": ("wide", "narrow", "tablet")}
OPENED = {"zh": ("tablet", "narrow"), "en": ("wide",)}
"""At each width a page is opened in one language; in the other its window is made wider or narrower before its reader's eyes."""


def out_of_place(page: Page) -> list[str]:
    """What does not fit the window. The bar on top has room for all it holds, the data date too."""
    found = wider_than_the_window(page)
    if page.locator(".top").evaluate("e => e.scrollWidth - e.clientWidth") > 0:
        found.append("the bar on top")
    if not page.locator(".data-date").is_visible():
        found.append("no data date")
    return found


def chinese_words_of_our_own(page: Page) -> list[str]:
    """Names, remarks and the language switch may be Chinese; headings, column heads and buttons may not."""
    texts = page.evaluate(
        """() => [...document.querySelectorAll('main h2, main h3, main th, main button, main label, main dt')]
            .map(e => e.textContent || '')"""
    )
    return [text for text in texts if any("一" <= letter <= "鿿" for letter in text)]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_every_window_says_its_title_and_can_be_used_by_everyone(
    page: Page, bank_address: str, name: str, language: str
) -> None:
    between = "&" if "?" in PAGES[name] else "?"
    watch_shifts(page)
    for width_name in ORDER[language]:
        width, height = WIDTHS[width_name]
        page.set_viewport_size({"width": width, "height": height})
        if width_name in OPENED[language]:
            page.goto(f"{bank_address}{PAGES[name]}{between}lang={language}")
        settled(page)
        if width_name in OPENED[language]:
            assert shifted(page) < SHIFT_MOST, f"{width} wide"
        assert out_of_place(page) == [], f"{width} wide"
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(
                path=str(Path(SHOTS) / f"page-{name}-{language}-{width_name}.png"), full_page=True
            )
        if width_name == "narrow":
            assert flaws(page) == []
            # The glossary and the catalogue of signals give each name in both languages.
            if language == "en" and name not in ("glossary", "signals"):
                assert chinese_words_of_our_own(page) == []
    assert page.title() not in {"", "undefined"}
    assert page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en-GB"}[language]
