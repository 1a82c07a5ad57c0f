"""The ledgers in a browser: narrowed, ordered, arranged, kept by name, exported, in both languages and widths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, Route, expect
from python_calamine import CalamineWorkbook
from tests.browser.conftest import SIZES, sign_in_as
from tests.browser.manners import flaws
from tests.browser.saving import saved_by
from tests.http.conftest import application
from tests.http.ledger_bank import write_ledger_bank
from tests.postgres_fixtures import address_of, copied
from tests.signing_in import write_person

from loantrail.http.pages.ledgers.catalogue import LEDGERS
from loantrail.http.pages.ledgers.model import LedgerName
from loantrail.identity.abilities import Role
from loantrail.postgres.connection import Database, configure

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]
FULL = [name for name in LedgerName if name is not LedgerName.CHECKS]


@pytest.fixture(scope="module")
def drawn_address(database_server: Database, template_database: str, _own_home: None) -> Iterator[str]:
    """Address of the bank of many loans."""
    with copied(database_server, template_database) as name:
        url = address_of(database_server, name)
        with psycopg.connect(url) as connection:
            configure(connection)
            write_ledger_bank(connection)
            write_person(connection, "counsel", [Role.LEGAL])
            write_person(connection, "boss", [Role.EXECUTIVE])
        with application(url) as address:
            yield address


def _fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def _rows(page: Page) -> int:
    return page.locator("tbody tr.ant-table-row").count()


def _days(page: Page) -> list[int]:
    """Days past due, row by row, where they are known."""
    texts = page.locator("td.column-days_past_due").all_inner_texts()
    return [int(text.replace(",", "")) for text in texts if text != "–"]


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", list(LedgerName))
def test_each_ledger_shows_its_columns_and_sums_and_fits(
    page: Page, drawn_address: str, name: LedgerName, language: str, size: str
) -> None:
    page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
    page.goto(f"{drawn_address}/ledgers/{name}?lang={language}")
    ledger = LEDGERS[name]
    expect(page.get_by_role("heading", level=1, name=ledger.title(language))).to_be_visible()
    if name is LedgerName.CHECKS:
        expect(page.get_by_role("status")).to_contain_text(
            "这本台账还没有记录" if language == "zh" else "Nothing in this ledger yet"
        )
        return
    for column in ledger.columns:
        if column.from_narrow:
            expect(page.get_by_role("columnheader", name=column.title(language)).first).to_be_attached()
    expect(page.locator(".ledger-sums").first).to_contain_text("合计" if language == "zh" else "um of")
    assert _rows(page) > 0
    assert _fits(page)
    if size == "narrow":
        assert flaws(page) == []


def test_the_first_address_leads_to_the_first_ledger_and_tabs_to_the_others(
    page: Page, drawn_address: str
) -> None:
    page.goto(f"{drawn_address}/ledgers")
    expect(page).to_have_url(f"{drawn_address}/ledgers/loans")
    page.get_by_role("navigation", name="台账").get_by_role("link", name="押品台账").click()
    expect(page.get_by_role("heading", level=1, name="押品台账")).to_be_visible()
    page.goto(f"{drawn_address}/ledgers/nothing")
    expect(page.get_by_role("status")).to_contain_text("没有这本台账")


def test_conditions_stand_in_the_address_and_can_be_lifted(page: Page, drawn_address: str) -> None:
    page.goto(f"{drawn_address}/ledgers/loans")
    page.get_by_role("button", name="筛选").first.click()
    panel = page.get_by_role("region", name="筛选")
    panel.get_by_role("combobox", name="五级分类").click()
    # What there is to choose comes with its counts; a click while the rows change goes nowhere.
    page.wait_for_load_state("networkidle")
    page.locator(".ant-select-item-option", has_text="损失（").click()
    expect(page.locator(".ant-select-item-option-selected", has_text="损失（")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{drawn_address}/ledgers/loans?five_class=loss")
    shown = page.locator(".table-tools").get_by_text("共 ", exact=False)
    expect(shown).not_to_contain_text("共 90 行")
    of_class = shown.inner_text()
    panel.get_by_role("group", name="逾期本息（万元）").get_by_label("最低").fill("0.01")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{drawn_address}/ledgers/loans?five_class=loss&overdue_fen_from=10000")
    chips = page.get_by_role("group", name="当前条件")
    expect(chips).to_contain_text("五级分类 损失")
    expect(chips).to_contain_text("逾期本息 ≥ 0.01 万元")
    expect(shown).not_to_have_text(of_class)
    narrowed = shown.inner_text()

    page.reload()
    expect(chips).to_contain_text("五级分类 损失")
    expect(shown).to_have_text(narrowed)
    page.get_by_role("button", name="取消条件：五级分类").click()
    expect(page).to_have_url(f"{drawn_address}/ledgers/loans?overdue_fen_from=10000")
    page.get_by_role("button", name="全部清除").click()
    expect(page).to_have_url(f"{drawn_address}/ledgers/loans")


def test_a_link_from_elsewhere_says_its_conditions_in_words(page: Page, drawn_address: str) -> None:
    page.goto(f"{drawn_address}/ledgers/loans?section=C&region=43&live=true&party=P3&unit=1000&lang=en")
    chips = page.get_by_role("group", name="Conditions")
    for text in ("Industry Manufacturing", "Region Hunan", "Not settled yes", "Unit 东分行"):
        expect(chips).to_contain_text(text)
    expect(chips).to_contain_text("3有限公司")


def test_pressing_a_head_orders_and_arrows_go_from_row_to_row(page: Page, drawn_address: str) -> None:
    page.goto(f"{drawn_address}/ledgers/loans")
    page.get_by_role("columnheader", name="逾期天数").click()
    expect(page).to_have_url(f"{drawn_address}/ledgers/loans?sort=days_past_due&direction=descending")
    # Until they come, the rows of the order before stay.
    figures = _days(page)
    for _ in range(100):
        if figures == sorted(figures, reverse=True):
            break
        page.wait_for_timeout(50)
        figures = _days(page)
    assert figures == sorted(figures, reverse=True) and figures[0] > 0
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    links = page.locator("tbody a.row-link")
    expect(links.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    loan = links.nth(1).inner_text()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{drawn_address}/loans/{loan}")


def test_columns_are_chosen_and_stay_chosen(page: Page, drawn_address: str) -> None:
    page.goto(f"{drawn_address}/ledgers/loans")
    expect(page.get_by_role("columnheader", name="合同号")).to_have_count(0)
    page.get_by_role("button", name="列与行距").click()
    page.get_by_role("checkbox", name="合同号").check()
    expect(page.get_by_role("columnheader", name="合同号")).to_be_visible()
    page.reload()
    expect(page.get_by_role("columnheader", name="合同号")).to_be_visible()
    page.goto(f"{drawn_address}/ledgers/collateral")
    expect(page.get_by_role("columnheader", name="合同号")).to_have_count(0)


def test_a_filter_is_kept_by_name_for_the_person_not_the_browser(page: Page, drawn_address: str) -> None:
    page.goto(f"{drawn_address}/ledgers/loans?five_class=loss")
    page.get_by_role("button", name="常用筛选").click()
    page.get_by_label("给当前条件起个名字").fill("损失类")
    page.keyboard.press("Enter")
    expect(
        page.get_by_role("list", name="我的筛选").get_by_role("button", name="损失类", exact=True)
    ).to_be_visible()
    page.evaluate("localStorage.clear()")
    page.goto(f"{drawn_address}/ledgers/loans")
    page.get_by_role("button", name="常用筛选").click()
    page.get_by_role("list", name="我的筛选").get_by_role("button", name="损失类", exact=True).click()
    expect(page).to_have_url(f"{drawn_address}/ledgers/loans?five_class=loss")
    page.get_by_role("button", name="常用筛选").click()
    page.get_by_role("button", name="删除“损失类”").click()
    expect(page.get_by_text("还没有保存的筛选")).to_be_visible()


def test_the_sheet_that_is_saved_has_the_columns_and_rows_that_are_shown(
    page: Page, drawn_address: str, tmp_path: Path
) -> None:
    page.goto(f"{drawn_address}/ledgers/loans?five_class=loss&sort=loan_id&direction=ascending")
    expect(page.locator("tbody a.row-link").first).to_be_visible()
    shown = page.locator("tbody a.row-link").all_inner_texts()
    download = saved_by(page, page.get_by_role("button", name="导出 Excel"))
    saved = tmp_path / "ledger.xlsx"
    download.save_as(saved)
    rows = CalamineWorkbook.from_path(saved).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == shown
    assert str(rows[0][1]) == "借款人"


def test_a_group_leads_to_the_loans_of_its_customers(page: Page, drawn_address: str) -> None:
    page.goto(f"{drawn_address}/ledgers/groups?kind=group")
    expect(page.get_by_text("一级资本净额", exact=False).first).to_be_visible()
    page.locator("tbody a.row-link").first.click()
    expect(page.get_by_role("heading", level=1, name="借据台账")).to_be_visible()
    expect(page.get_by_role("group", name="当前条件")).to_contain_text("客户")


def test_what_is_found_nowhere_and_what_fails_says_what_to_do(
    page: Page, drawn_address: str, allowed: list[str]
) -> None:
    page.goto(f"{drawn_address}/ledgers/loans?search=没有这样的")
    expect(page.get_by_role("status")).to_contain_text("没有符合条件的记录")
    page.get_by_role("button", name="清除条件").click()
    expect(page.locator("tbody a.row-link").first).to_be_visible()
    allowed.append("503")

    def refuse(route: Route) -> None:
        route.fulfill(
            status=503,
            json={"detail": "x", "detail_chinese": "数据库暂时不能用", "code": "database_unavailable"},
        )

    page.route("**/api/v1/ledgers/warnings?**", refuse)
    page.goto(f"{drawn_address}/ledgers/warnings")
    expect(page.get_by_role("alert")).to_contain_text("数据库暂时不能用")
    page.unroute("**/api/v1/ledgers/warnings?**")
    page.get_by_role("button", name="重试").click()
    expect(page.locator("tbody a.row-link").first).to_be_visible()


def test_who_may_not_read_them_is_told_so(page: Page, drawn_address: str) -> None:
    sign_in_as(page.context, "boss")
    page.goto(f"{drawn_address}/ledgers/loans")
    expect(page.get_by_text("您的角色不能打开", exact=False)).to_be_visible()
