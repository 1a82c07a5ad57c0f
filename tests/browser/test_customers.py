"""Customers in a real browser: found, looked at from every side, by mouse and by keys; what was said is written down."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.http.bank import LOAN, write_books, write_trace
from tests.http.related import HOLDING, IDENTITY, write_related
from tests.http.warned import write_warnings

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]


@pytest.fixture
def own_bank(own_address: str, database_url: str) -> Iterator[str]:
    """Address of the bank with those who stand around 甲, in this test's own database."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        write_warnings(connection)
        write_related(connection)
    yield own_address


def test_what_takes_a_choice_back_is_named_in_the_language_of_the_page(
    page: Page, related_address: str
) -> None:
    for language, word in (("zh", "清除"), ("en", "Clear")):
        page.goto(f"{related_address}/customers?lang={language}&kind=company")
        expect(
            page.locator(".list-filters [aria-label]").and_(page.get_by_label(word, exact=True))
        ).to_have_count(1)
        page.locator(".list-filters").hover()
        page.get_by_label(word, exact=True).click()
        expect(page).not_to_have_url(re.compile("kind="))


def test_from_the_list_to_a_customer_to_its_loan_and_back(page: Page, related_address: str) -> None:
    page.goto(f"{related_address}/customers?lang=zh")
    expect(page.locator(".customers-table tbody tr.ant-table-row")).to_have_count(8)
    page.keyboard.press("/")
    page.keyboard.type("jfz")
    row = page.locator(".customers-table tbody tr.ant-table-row")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("108.00")  # of 10,000 yuan, right-aligned
    expect(row.locator("td").nth(4)).to_have_css("text-align", "right")
    expect(row).to_contain_text("红色")
    page.get_by_role("link", name="甲纺织有限公司").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("甲纺织有限公司")
    expect(page.locator(".customer-figures")).to_contain_text("108.00 万元")
    page.get_by_role("link", name=LOAN).click()
    page.get_by_role("link", name="甲纺织有限公司").click()
    expect(page).to_have_url(re.compile("/customers/P1$"))


def test_the_filters_stand_in_the_address(page: Page, related_address: str) -> None:
    page.goto(f"{related_address}/customers?lang=zh&level=blue&borrowing=now")
    expect(page.locator(".customers-table tbody tr.ant-table-row")).to_have_count(1)
    page.get_by_role("button", name="清除筛选").click()
    expect(page).to_have_url(re.compile(r"/customers\?lang=zh$"))
    expect(page.locator(".customers-table tbody tr.ant-table-row")).to_have_count(8)
    page.goto(f"{related_address}/customers?lang=zh&search=nobody")
    expect(page.get_by_text("没有符合条件的客户")).to_be_visible()


def test_relations_are_walked_by_keys_and_told_in_words(page: Page, related_address: str) -> None:
    page.goto(f"{related_address}/customers/P1/relations?lang=zh")
    expect(page.locator(".relation-canvas")).to_have_attribute("data-drawn", re.compile(r"\d+"))
    graph = page.get_by_role("listbox", name=re.compile("关系图"))
    graph.focus()
    page.keyboard.press("ArrowRight")
    chosen = graph.get_by_role("option", selected=True)
    expect(chosen).to_have_text(re.compile("甲纺织有限公司，本客户"))
    page.keyboard.press("ArrowLeft")
    expect(chosen).to_have_text(re.compile("距本客户 1 层关系"))
    while "庚控股" not in (chosen.text_content() or ""):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_label("所选")).to_contain_text("持股 50%")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/customers/{HOLDING}/relations"))
    held = page.get_by_label("这位客户持有谁（穿透）")
    expect(held.get_by_role("row", name="甲纺织有限公司")).to_contain_text("50%")


def test_ownership_through_others_shows_its_chain(page: Page, related_address: str) -> None:
    page.goto(f"{related_address}/customers/P1/relations?lang=zh")
    row = page.get_by_label("谁持有这位客户（穿透）").get_by_role("row", name=re.compile("^.*王"))
    expect(row).to_contain_text("30%")
    row.get_by_role("button").click()
    expect(page.locator(".chains")).to_contain_text("王 → 庚控股有限公司 → 甲纺织有限公司")
    expect(page.get_by_role("region", name="担保圈")).to_contain_text(
        "甲纺织有限公司 → 戊贸易有限公司 → 甲纺织有限公司"
    )


def test_the_cash_flow_is_drawn_and_told_in_figures(page: Page, related_address: str) -> None:
    page.goto(f"{related_address}/customers/P1/cash?lang=zh")
    expect(page.get_by_role("img", name=re.compile("共流入 105.00 万元，流出 92.00 万元"))).to_be_visible()
    month = page.get_by_role("row", name=re.compile("2025-03"))
    expect(month).to_contain_text("1,050,000.00")
    expect(month).to_contain_text("97.8%")  # 900,000 of 920,000 that went out were the loan's
    page.get_by_text("36 个月").click()
    expect(page).to_have_url(re.compile("months=36"))


@pytest.mark.parametrize(
    ("tab", "says"),
    [
        ("documents", "采购原材料"),
        ("outside", "征信报告"),
        ("timeline", "放款"),
        ("contacts", "还没有联系记录"),
    ],
)
def test_every_part_has_its_address(page: Page, related_address: str, tab: str, says: str) -> None:
    page.goto(f"{related_address}/customers/P1/{tab}?lang=zh")
    expect(page.get_by_role("tab", selected=True)).to_be_visible()
    expect(page.get_by_role("tabpanel")).to_contain_text(says)


def test_a_customer_that_is_not_there_says_so(page: Page, allowed: list[str], related_address: str) -> None:
    allowed.append("404")  # the answer that this test asks for
    page.goto(f"{related_address}/customers/P99?lang=zh")
    expect(page.get_by_text("没有客户 P99")).to_be_visible()
    page.get_by_role("link", name="返回客户列表").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("客户")


def test_what_was_said_is_written_down_and_corrected(page: Page, own_bank: str) -> None:
    page.goto(f"{own_bank}/customers/P1/contacts?lang=zh")
    page.get_by_role("button", name="记一次联系").click()
    page.get_by_label("日期", exact=True).fill("2025-03-18")
    page.keyboard.press("Enter")
    page.get_by_label("时间").fill("14:00")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("alert")).to_have_text("请写明谈到的情况")
    page.get_by_label("谈到的情况").fill("订单减少")
    page.get_by_label("下一步", exact=True).fill("取报表")
    page.get_by_role("button", name="保存").click()
    entry = page.locator(".contact-list > li")
    expect(entry).to_have_count(1)
    # As the bank's clock says, though this browser sits in New York.
    expect(entry).to_contain_text("2025-03-18 14:00")
    expect(page.locator(".customer-figures")).to_contain_text("下一步：取报表")
    entry.get_by_role("button", name="更正").click()
    page.get_by_label("谈到的情况").fill("订单没有减少")
    page.get_by_role("button", name="保存").click()
    expect(entry).to_have_count(2)
    expect(page.locator(".contact.gone")).to_contain_text("订单减少")
    expect(page.get_by_role("tab", name=re.compile("联系记录"))).to_contain_text("2")


def test_numbers_are_masked_until_a_reason_is_given(page: Page, own_bank: str, database_url: str) -> None:
    page.goto(f"{own_bank}/customers/P5?lang=zh")
    facts = page.locator(".column-side .facts").first
    expect(facts).to_contain_text("3301**********1234")
    page.get_by_role("button", name="查看完整号码").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="查看").click()
    expect(dialog.get_by_role("alert")).to_have_text("请写明原因")
    expect(facts).not_to_contain_text(IDENTITY)
    dialog.get_by_label("原因").fill("核对身份")
    dialog.get_by_role("button", name="查看").click()
    expect(facts).to_contain_text(IDENTITY)
    with psycopg.connect(database_url) as connection:
        told = connection.execute("SELECT content::jsonb ->> 'why' FROM audit.entry").fetchall()
    assert ("核对身份",) in told
    page.reload()
    expect(facts).to_contain_text("3301**********1234")


def test_in_english_too(page: Page, related_address: str) -> None:
    page.goto(f"{related_address}/customers/P1?lang=en")
    for tab in (
        "Overview",
        "Relations",
        "Cash flow",
        "Documents",
        "Contact log",
        "Outside information",
        "Timeline",
    ):
        page.get_by_role("tab", name=re.compile(tab)).click()
        panel = page.get_by_role("tabpanel")
        expect(panel).to_be_visible()
        # No key of a text stands in for the text.
        expect(panel).not_to_contain_text(
            re.compile(r"\b(customers|relation_of|timeline_kind|outside_kind)\.\w")
        )
