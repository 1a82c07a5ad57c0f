"""The portfolio in a browser: bars and table, down and back, sums alone for executives."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from python_calamine import CalamineWorkbook
from tests.browser.conftest import SIZES, sign_in_as
from tests.browser.manners import flaws
from tests.browser.saving import saved_by
from tests.browser.settling import settled
from tests.browser.test_ledgers import drawn_address

__all__ = ["drawn_address"]
pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

MEASURES = {
    "zh": ("余额", "预警", "逾期", "疑似挪用", "资金闲置", "看清去向"),
    "en": ("Balance", "Warnings", "Arrears", "Misuse", "Idle money", "Followed"),
}


def _fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_measure_stands_as_bars_and_as_a_table_and_fits(
    page: Page, drawn_address: str, language: str, size: str
) -> None:
    page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
    page.goto(f"{drawn_address}/portfolio?lang={language}")
    for measure in MEASURES[language]:
        page.locator(".portfolio-tools").get_by_text(measure, exact=True).last.click()
        expect(page.get_by_role("heading", level=2, name=measure)).to_be_visible()
        expect(page.locator(".portfolio-bars canvas")).to_be_visible()
        expect(page.locator(".ledger-sums")).to_contain_text("合计" if language == "zh" else "Total")
        assert _fits(page)


def test_one_goes_down_into_a_group_and_back_by_the_way_one_came(page: Page, drawn_address: str) -> None:
    page.goto(f"{drawn_address}/portfolio")
    whole = page.locator(".ledger-sums").inner_text()
    page.get_by_role("button", name="东分行").click()
    expect(page).to_have_url(f"{drawn_address}/portfolio?by=unit&within=unit%3A1000")
    expect(page.get_by_role("button", name="东一支行")).to_be_visible()
    page.get_by_role("button", name="东一支行").click()
    expect(page).to_have_url(f"{drawn_address}/portfolio?by=industry&within=unit%3A1000&within=unit%3A1001")
    way = page.get_by_role("navigation", name="下钻路径")
    expect(way).to_contain_text("东分行")
    page.reload()
    expect(way).to_contain_text("东一支行")
    way.get_by_role("button", name="东分行").click()
    expect(page).to_have_url(f"{drawn_address}/portfolio?by=unit&within=unit%3A1000")
    page.go_back()
    expect(way).to_contain_text("东一支行")
    way.get_by_role("button", name="全部").click()
    expect(page.locator(".ledger-sums")).to_have_text(whole.replace("\t", "").replace("\n", ""))


def test_a_bar_is_pressed_like_the_name_beside_it(page: Page, drawn_address: str) -> None:
    page.goto(f"{drawn_address}/portfolio?by=industry")
    first = page.locator(".portfolio-name button").first.inner_text()
    box = page.locator(".portfolio-bars").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.45, box["y"] + 8 + 15)
    expect(page.get_by_role("navigation", name="下钻路径")).to_contain_text(first)


def test_who_may_see_loans_goes_on_to_the_ledger_of_the_same_loans(page: Page, drawn_address: str) -> None:
    page.goto(f"{drawn_address}/portfolio?by=product&within=industry:C&within=unit:1000")
    count = page.locator(".portfolio-headline dd").first.inner_text()
    page.get_by_role("link", name="查看借据").click()
    expect(page.get_by_role("heading", level=1, name="借据台账")).to_be_visible()
    expect(page.get_by_role("group", name="当前条件")).to_contain_text("行业 制造业")
    expect(page.locator(".ledger-sums").first).to_contain_text(f"合计 {count} 行")


def test_executives_see_sums_without_names_and_no_figure_of_too_few_loans(
    page: Page, drawn_address: str
) -> None:
    sign_in_as(page.context, "boss")
    page.goto(f"{drawn_address}/portfolio?by=product")
    expect(page.get_by_text("少于 3 笔").first).to_be_visible()
    expect(page.get_by_text("少于 3 笔的数字不显示", exact=False)).to_be_visible()
    expect(page.get_by_role("link", name="查看借据")).to_have_count(0)
    assert "有限公司" not in page.locator("main").inner_text()


def test_the_figures_are_saved_as_a_sheet(page: Page, drawn_address: str, tmp_path: Path) -> None:
    sign_in_as(page.context, "boss")
    page.goto(f"{drawn_address}/portfolio?by=class")
    download = saved_by(page, page.get_by_role("button", name="导出 Excel"))
    saved = tmp_path / "portfolio.xlsx"
    download.save_as(saved)
    rows = CalamineWorkbook.from_path(saved).get_sheet_by_index(0).to_python()
    names = page.locator(".portfolio-name button").all_inner_texts()
    assert [row[0] for row in rows[1:]] == [*names, "合计"]


def test_the_migration_of_classes_stands_where_the_month_before_was_recorded(
    page: Page, drawn_address: str
) -> None:
    page.goto(f"{drawn_address}/portfolio?by=class")
    page.get_by_label("看哪一面").get_by_text("五级分类迁徙", exact=True).click()
    table = page.get_by_role("region", name="五级分类迁徙")
    expect(table).to_contain_text("2025-05-31")
    expect(table.get_by_role("row").nth(1)).to_contain_text("正常")
    expect(page.get_by_text("正常贷款迁徙率", exact=True)).to_be_visible()
    expect(page.get_by_text("期间减少额是这些贷款还款、核销", exact=False)).to_be_visible()


VIEWS = {
    "uses": ("贷款资金的去向", "Where the loans' money is"),
    "concentration": ("赫芬达尔指数", "Herfindahl index"),
    "migration": ("五级分类迁徙", "Migration of classes"),
}


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("view", list(VIEWS))
def test_every_view_stands_in_both_languages_and_fits(
    page: Page, drawn_address: str, view: str, language: str, size: str
) -> None:
    page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
    page.goto(f"{drawn_address}/portfolio?view={view}&by=industry&lang={language}")
    title = VIEWS[view][0 if language == "zh" else 1]
    expect(page.get_by_role("heading", level=2, name=title)).to_be_visible()
    settled(page)
    assert _fits(page)
    if size == "narrow":
        assert flaws(page) == []


def test_from_the_table_of_uses_one_goes_down_and_stays_with_the_uses(page: Page, drawn_address: str) -> None:
    sign_in_as(page.context, "boss")
    page.goto(f"{drawn_address}/portfolio?view=uses&by=industry")
    expect(page.locator(".portfolio-bars canvas")).to_be_visible()
    matrix = page.locator(".portfolio-matrix")
    expect(matrix).to_contain_text("疑似违规")
    expect(page.get_by_text("少于 3 笔").first).to_be_visible()
    matrix.get_by_role("button", name="制造业 有据用途").click()
    expect(page).to_have_url(f"{drawn_address}/portfolio?view=uses&by=industry&within=industry%3AC")
    expect(page.get_by_role("navigation", name="下钻路径")).to_contain_text("制造业")
    expect(matrix.get_by_role("button", name="农副食品加工业").first).to_be_visible()
    download = saved_by(page, page.get_by_role("button", name="导出 Excel"))
    assert download.suggested_filename.startswith("portfolio-uses-")


def test_every_term_of_the_new_views_is_explained(page: Page, drawn_address: str) -> None:
    page.goto(f"{drawn_address}/portfolio?view=concentration")
    page.get_by_role("link", name="赫芬达尔指数").hover()
    expect(page.locator(".term-popover")).to_contain_text("各家占比的平方之和")


def test_the_largest_customers_are_named_to_who_may_see_loans_alone(page: Page, drawn_address: str) -> None:
    page.goto(f"{drawn_address}/portfolio?view=concentration")
    customers = page.locator(".concentration-customers")
    expect(customers.get_by_role("row")).to_have_count(11)
    expect(
        page.get_by_text("超限", exact=True).or_(page.get_by_text("未超限", exact=True)).first
    ).to_be_visible()
    sign_in_as(page.context, "boss")
    page.reload()
    expect(page.get_by_role("heading", level=2, name="赫芬达尔指数")).to_be_visible()
    expect(customers).to_have_count(0)
    assert "有限公司" not in page.locator("main").inner_text()


def test_the_executive_s_workbench_leads_into_the_portfolio(page: Page, drawn_address: str) -> None:
    sign_in_as(page.context, "boss")
    for card, address in (
        ("资金流向哪些用途", "/portfolio?view=uses&by=industry"),
        ("各行业的风险", "/portfolio?by=industry"),
        ("风险集中在哪里", "/portfolio?view=concentration"),
        ("较上月的变化", "/portfolio"),
    ):
        page.goto(drawn_address)
        part = page.get_by_role("region", name=card)
        expect(part.locator("li, tr, dt").first).to_be_visible()
        part.locator(".bench-more").click()
        expect(page).to_have_url(f"{drawn_address}{address}")
    page.goto(drawn_address)
    expect(page.get_by_role("region", name="资金流向哪些用途")).to_contain_text("疑似违规")
    expect(page.get_by_role("region", name="较上月的变化")).to_contain_text("2025-05-31")
    assert "有限公司" not in page.locator("main").inner_text()
    assert _fits(page)


def test_everything_can_be_reached_by_the_keyboard(page: Page, drawn_address: str) -> None:
    page.goto(f"{drawn_address}/portfolio")
    button = page.get_by_role("button", name="东分行")
    expect(button).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if button.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{drawn_address}/portfolio?by=unit&within=unit%3A1000")
