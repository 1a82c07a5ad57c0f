"""Filters that a person keeps by name: kept on a list, and asked for again from its beginning."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def kept_and_applied(page: Page, address: str, conditions: str, called: str) -> None:
    """Keep what the page at `address` is narrowed to; open it anew, without conditions, and ask for them by the name.
    `conditions`: as they stand in the address."""
    page.goto(f"{address}?{conditions}")
    page.get_by_role("button", name="常用筛选").click()
    page.get_by_label("给当前条件起个名字").fill(called)
    page.keyboard.press("Enter")
    mine = page.get_by_role("list", name="我的筛选")
    expect(mine.get_by_role("button", name=called, exact=True)).to_be_visible()
    page.evaluate("localStorage.clear()")
    page.goto(address)
    page.get_by_role("button", name="常用筛选").click()
    mine.get_by_role("button", name=called, exact=True).click()
    expect(page).to_have_url(re.compile(rf"\?{re.escape(conditions)}$"))
