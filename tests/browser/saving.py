"""What a page has the browser save."""

from __future__ import annotations

from playwright.sync_api import Download, Locator, Page
from tests.browser.settling import settled

LONGEST_MS = 30_000
"""The machine may be busy with another test: how fast a sheet is made is measured elsewhere."""


def saved_by(page: Page, button: Locator) -> Download:
    """The file that the button of a page that is done saves; what fails says whether the sheet never came or was not kept."""
    settled(page)
    with page.expect_download(timeout=LONGEST_MS) as download:
        with page.expect_response(
            lambda answer: answer.url.split("?")[0].endswith(".xlsx"), timeout=LONGEST_MS
        ) as sheet:
            button.click()
        assert sheet.value.ok
    return download.value
