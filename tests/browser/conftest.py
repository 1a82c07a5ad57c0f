"""A real browser on the page as it is served, over a real database.

`tools/find_browser.py` says which one. Where there is none these tests are not run, which in CI is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from tests.browser.settling import watch
from tests.http.bank import write_books, write_trace
from tests.http.conftest import _own_home, bank_address, own_address, related_address
from tests.http.warned import write_warnings
from tests.signing_in import COOKIE, OPERATOR, signs_in_as, token_of, write_person
from tools.find_browser import find_browser

from loantrail.http.page_files import STATIC

__all__ = ["_own_home", "bank_address", "own_address", "related_address"]

NOT_NEEDED = (
    # What would drop down from the address bar: two more pages for every window of a test.
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
    # Of two such options the last one holds; so what Playwright leaves out stands here again.
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
"""Features of the browser."""
SIZES = {"narrow": (1280, 800), "wide": (1920, 1080)}


def _not_run(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}: in CI the browser tests must run")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the session."""
    if not (STATIC / "index.html").is_file():
        _not_run("the page is not built (python hatch_build.py)")
    with sync_playwright() as playwright:
        executable = find_browser()
        if executable is None:
            _not_run(
                "no Chromium or Chrome is installed (apt-get install chromium, or playwright install chromium)"
            )
        # As root Chromium has no sandbox; the tests open nothing but their own server.
        options = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        options += ["--disable-gpu", f"--disable-features={','.join(NOT_NEEDED)}"]
        launched = playwright.chromium.launch(executable_path=executable, args=options)
        yield launched
        launched.close()


@pytest.fixture
def own_bank(own_address: str, database_url: str) -> Iterator[str]:
    """Address of the traced bank in this test's own database."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
    yield own_address


@pytest.fixture
def warned(own_address: str, database_url: str) -> Iterator[str]:
    """Address of the warned bank, with two members of staff, in this test's own database."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        write_warnings(connection)
        for number in ("S1", "S2"):
            write_person(connection, number, staff_id=number)
    yield own_address


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that nobody used before, in Chinese, in a zone that is not the bank's."""
    width, height = SIZES["narrow"]
    # Without motion: of a click on a dialog that still grows, press and release can meet different places.
    opened = browser.new_context(
        viewport={"width": width, "height": height},
        locale="zh-CN",
        timezone_id="America/New_York",
        reduced_motion="reduce",
    )
    opened.set_default_timeout(10_000)
    watch(opened)
    sign_in_as(opened, OPERATOR)
    yield opened
    opened.close()


@pytest.fixture
def allowed() -> list[str]:
    """Parts of lines of the console that a test provokes: they do not fail it."""
    return []


@pytest.fixture
def page(context: BrowserContext, allowed: list[str]) -> Iterator[Page]:
    """A tab. A script error, a warning of the console or a request that leaves this machine fails the test; tests
    that provoke a failing answer allow its line by `allowed`."""
    opened = context.new_page()
    trouble: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            trouble.append(message.text)

    def on_request(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:")):
            trouble.append(f"request to {request.url}")

    opened.on("console", on_console)
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.on("request", on_request)
    yield opened
    assert [line for line in trouble if not any(part in line for part in allowed)] == []


def sign_in_as(context: BrowserContext, person_id: str) -> None:
    """From the next request on the browser is that person's, wherever the page is served: cookies hold for every port of the host."""
    context.add_cookies([{"name": COOKIE, "value": token_of(person_id), "domain": "127.0.0.1", "path": "/"}])


def act_as(page: Page, database_url: str, staff_id: str) -> None:
    """From here on the page is that member of staff's, with every role of the business."""
    with psycopg.connect(database_url) as connection:
        write_person(connection, signs_in_as(staff_id), staff_id=staff_id)
    sign_in_as(page.context, signs_in_as(staff_id))
    page.reload()
