"""What every page owes its reader: it fits the window, can be read by a machine, says its title, in both languages."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from tests.http.bank import BORROWER, LOAN, QUIET_LOAN, UNTRACED_LOAN, transfer_id
from tests.http.warned import THREAD

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = os.environ.get("LOANTRAIL_SCREENSHOTS")
PAGES = {
    "workbench": "/",
    "account_own": "/me",
    "inbox": "/inbox",
    "inbox_history": "/inbox/history",
    "keys": "/administration/keys",
    "parameters": "/administration/parameters",
    "system": "/administration/system",
    "loans": "/loans",
    "loans_none": "/loans?search=zzzz",
    "loan": f"/loans/{LOAN}?line=securities",
    "loan_held": f"/loans/{QUIET_LOAN}",
    "loan_untraced": f"/loans/{UNTRACED_LOAN}",
    "loan_flow": f"/loans/{LOAN}/flow",
    "loan_repayments": f"/loans/{LOAN}/repayments",
    "loan_conventions": f"/loans/{LOAN}/conventions",
    "warnings": "/warnings",
    "warnings_none": "/warnings?search=zzzz",
    "warning": f"/warnings/{THREAD}?state=all",
    "customers": "/customers",
    "customers_none": "/customers?search=zzzz",
    "customer": "/customers/P1",
    "customer_relations": "/customers/P1/relations",
    "customer_cash": "/customers/P1/cash",
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


def settled(page: Page) -> None:
    """Wait until nothing is loading any more."""
    page.wait_for_load_state("networkidle")
    expect(page.locator(".loading")).to_have_count(0, timeout=60_000)
    expect(page.locator(".ant-spin-spinning")).to_have_count(0, timeout=60_000)


def wider_than_the_window(page: Page) -> list[str]:
    """What stands out of the window on the right, when the page as a whole can be moved sideways."""
    return page.evaluate(
        """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
            [...document.querySelectorAll('main *')]
              .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
              .slice(0, 5).map(e => `${e.tagName} ${e.className}: ${(e.textContent || '').slice(0, 60)}`)"""
    )


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_every_window_and_says_its_title(
    page: Page, bank_address: str, name: str, language: str
) -> None:
    between = "&" if "?" in PAGES[name] else "?"
    for width_name, (width, height) in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{bank_address}{PAGES[name]}{between}lang={language}")
        settled(page)
        assert wider_than_the_window(page) == [], f"{width} wide"
        # The bar on top has room for all it holds, the data date too.
        assert page.locator(".top").evaluate("e => e.scrollWidth - e.clientWidth") <= 0, f"{width} wide"
        expect(page.locator(".data-date")).to_be_visible()
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(
                path=str(Path(SHOTS) / f"page-{name}-{language}-{width_name}.png"), full_page=True
            )
    assert page.title() not in {"", "undefined"}
    assert page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en-GB"}[language]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_used_by_everyone(page: Page, bank_address: str, name: str, language: str) -> None:
    if not AXE.is_file():
        pytest.fail("axe-core is not installed with the page's packages: run python hatch_build.py")
    between = "&" if "?" in PAGES[name] else "?"
    page.goto(f"{bank_address}{PAGES[name]}{between}lang={language}")
    settled(page)
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        """async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})).violations
            .map(one => `${one.id} (${one.impact}): ${one.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')}`)"""
    )
    assert found == []


@pytest.mark.parametrize("name", [name for name in PAGES if name not in ("glossary", "signals")])
def test_english_pages_hold_no_chinese_of_our_own(page: Page, bank_address: str, name: str) -> None:
    """Names, remarks and the language switch may be Chinese; headings, column heads and buttons may not. The glossary
    and the catalogue of signals give each name in both languages."""
    between = "&" if "?" in PAGES[name] else "?"
    page.goto(f"{bank_address}{PAGES[name]}{between}lang=en")
    settled(page)
    texts = page.evaluate(
        """() => [...document.querySelectorAll('main h2, main h3, main th, main button, main label, main dt')]
            .map(e => e.textContent || '')"""
    )
    assert [text for text in texts if any("一" <= letter <= "鿿" for letter in text)] == []
