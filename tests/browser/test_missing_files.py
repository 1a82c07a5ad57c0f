"""Files of the page that do not come, as after an upgrade or on a broken line: the page says so, and what is there goes on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

BROKEN = ["net::ERR_FAILED", "Failed to fetch dynamically imported module", "error loading dynamically"]


def lose(page: Page, name: str) -> None:
    """From now on the file of this name does not come."""

    def gone(route: Route) -> None:
        route.abort()

    page.route(f"**/assets/{name}-*.js", gone)


@pytest.mark.parametrize("name", ["draw", "texts"])
def test_a_page_without_its_first_files_says_so_in_both_languages(
    page: Page, allowed: list[str], bank_address: str, name: str
) -> None:
    allowed.extend(BROKEN)
    lose(page, name)
    page.goto(f"{bank_address}/loans")
    said = page.get_by_role("alert")
    expect(said).to_contain_text("页面的文件没有取到")
    expect(said).to_contain_text("could not be fetched")
    page.unroute_all()
    said.get_by_role("button", name="重新载入").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_part_that_does_not_come_leaves_the_others(
    page: Page, allowed: list[str], bank_address: str
) -> None:
    allowed.extend(BROKEN)
    page.goto(f"{bank_address}/loans")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    lose(page, "GlossaryPage")
    menu = page.get_by_role("navigation", name="主菜单")
    page.evaluate("history.pushState({}, '', '/glossary'); dispatchEvent(new PopStateEvent('popstate'))")
    expect(page.get_by_role("alert")).to_contain_text("没有取到")
    menu.get_by_role("link", name="工作台").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_language_that_does_not_come_leaves_the_one_before(
    page: Page, allowed: list[str], bank_address: str
) -> None:
    allowed.extend(BROKEN)
    page.goto(f"{bank_address}/loans")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    lose(page, "texts")
    switch = page.get_by_role("radiogroup", name="语言")
    switch.get_by_text("English").click()
    expect(page.get_by_text("服务没有应答")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("贷款")
    page.unroute_all()
    switch.get_by_text("English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Loans")
