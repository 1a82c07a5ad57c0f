"""A real browser on the page as it is served, over a real database.

Chromium or Chrome is taken where it is installed, or named by LOANTRAIL_BROWSER; else Playwright's own. Where there is
none these tests are not run, which in CI is a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from tests.http.conftest import bank_address, own_address

from loantrail.http.page_files import STATIC

__all__ = ["bank_address", "own_address"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_PLACES = (
    "/usr/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
SIZES = {"narrow": (1280, 800), "wide": (1920, 1080)}


def _installed_browser() -> str | None:
    named = os.environ.get("LOANTRAIL_BROWSER")
    if named:
        return named
    found = next((path for path in map(shutil.which, _NAMES) if path), None)
    return found or next((place for place in _PLACES if Path(place).is_file()), None)


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
        executable = _installed_browser()
        if executable is None and not Path(playwright.chromium.executable_path).is_file():
            _not_run(
                "no Chromium or Chrome is installed (apt-get install chromium, or playwright install chromium)"
            )
        # As root Chromium has no sandbox; the tests open nothing but their own server.
        options = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        launched = playwright.chromium.launch(executable_path=executable, args=[*options, "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that nobody used before, in Chinese, in a zone that is not the bank's."""
    width, height = SIZES["narrow"]
    opened = browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="America/New_York"
    )
    opened.set_default_timeout(10_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab. A script error, a warning of the console or a request that leaves this machine fails the test; tests
    that provoke a failing answer allow its line by `page.allowed`."""
    opened = context.new_page()
    trouble: list[str] = []
    opened.allowed = []  # type: ignore[attr-defined]  read back below

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
    allowed = tuple(opened.allowed)  # type: ignore[attr-defined]
    assert [line for line in trouble if not any(part in line for part in allowed)] == []
