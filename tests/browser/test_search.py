"""The search over everything: opened by keys, chosen from by arrows, remembered by the browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect
from tests.http.bank import LOAN

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]


def arrive(page: Page, address: str) -> None:
    """On a page without a search of its own, as far as it takes keys."""
    page.goto(f"{address}/glossary?lang=zh")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_slash_opens_it_and_arrows_and_enter_lead_on(page: Page, related_address: str) -> None:
    arrive(page, related_address)
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="搜索客户、贷款、账户、预警")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    page.keyboard.type("jfz")
    options = page.get_by_role("listbox", name="搜索结果")
    expect(options.get_by_role("group")).to_have_count(4)
    expect(options.get_by_role("option", selected=True)).to_contain_text("甲纺织有限公司")
    page.keyboard.press("ArrowDown")
    expect(options.get_by_role("option", selected=True)).to_contain_text(LOAN)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # round to the last: the warning
    expect(options.get_by_role("option", selected=True)).to_contain_text("红色")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/customers/P1$"))
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_was_searched_for_is_offered_again_and_can_be_forgotten(
    page: Page, related_address: str
) -> None:
    arrive(page, related_address)
    page.keyboard.press("Control+k")
    page.keyboard.type("6202")
    page.get_by_role("option", name=re.compile("6202")).click()
    expect(page).to_have_url(re.compile("/accounts/6202"))
    page.keyboard.press("Control+k")
    past = page.get_by_role("group", name="最近搜索")
    expect(past.get_by_role("option")).to_have_text(["6202"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="搜索客户、贷款、账户、预警")).to_have_value("6202")
    expect(page.get_by_role("option", name=re.compile("丁棉业"))).not_to_have_count(0)
    page.get_by_role("combobox", name="搜索客户、贷款、账户、预警").fill("")
    page.get_by_role("button", name="清除").click()
    expect(past).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(past).to_have_count(0)


def test_a_page_with_a_search_of_its_own_keeps_the_slash(page: Page, related_address: str) -> None:
    page.goto(f"{related_address}/accounts?lang=zh")
    own = page.get_by_label("账号或户名，支持拼音首字母")
    expect(own).to_be_visible()
    page.keyboard.press("/")
    expect(own).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_traditional_characters_find_by_sound_and_nothing_is_said_plainly(
    page: Page, related_address: str
) -> None:
    arrive(page, related_address)
    page.keyboard.press("/")
    page.keyboard.type("紡織")
    expect(page.get_by_role("option", name=re.compile("甲纺织有限公司 企业"))).to_be_visible()
    expect(page.get_by_role("dialog")).to_contain_text("以下读音相同")
    box = page.get_by_role("combobox", name="搜索客户、贷款、账户、预警")
    box.fill("nobody at all")
    expect(page.get_by_role("status").filter(has_text="没有找到“nobody at all”")).to_be_visible()
    box.fill("j")
    expect(page.get_by_role("status").filter(has_text="至少输入")).to_be_visible()


def test_all_of_a_kind_stand_in_their_own_list(page: Page, related_address: str) -> None:
    arrive(page, related_address)
    page.keyboard.press("/")
    page.keyboard.type("有限公司")
    page.get_by_role("option", name="全部 6 个").click()
    expect(page).to_have_url(re.compile("/customers\\?search="))
    expect(page.locator(".customers-table tbody tr.ant-table-row")).to_have_count(6)


def test_a_search_that_fails_says_so(page: Page, allowed: list[str], related_address: str) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(
            status=503, json={"detail": "The database cannot be used", "detail_chinese": "数据库不能使用"}
        )

    allowed.append("503")  # the answer that this test gives
    page.route("**/api/v1/search**", refuse)
    arrive(page, related_address)
    page.keyboard.press("/")
    page.keyboard.type("甲纺织")
    expect(page.get_by_role("dialog")).to_contain_text("数据库不能使用")
