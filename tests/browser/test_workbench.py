"""The workbench of each role, in a real browser."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import sign_in_as
from tests.browser.manners import (
    SHIFT_MOST,
    flaws,
    in_every_window,
    shifted,
    watch_shifts,
    wider_than_the_window,
)
from tests.browser.settling import settled
from tests.http.bank import LOAN, LOT_FEN, QUIET_LOAN, write_books, write_trace
from tests.http.warned import THREAD, write_warnings
from tests.signing_in import write_person

from loantrail.early_warning.acting_on import act_on
from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import ProposeLowering
from loantrail.identity.abilities import Role
from loantrail.parameters import shipped_parameters

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

DATA_DATE = datetime.date(2025, 3, 20)
Connection = psycopg.Connection[Any]


@pytest.fixture
def books(own_address: str, database_url: str) -> Iterator[Connection]:
    """The warned bank of this test, whose data reach to DATA_DATE, with two instalments to come and one that was missed."""
    del own_address
    with psycopg.connect(database_url, autocommit=True) as connection:
        with connection.transaction():
            write_books(connection)
            write_trace(connection)
        write_warnings(connection)
        connection.execute("UPDATE tracing.run SET data_date = %s", (DATA_DATE,))
        for loan, number, day, yuan in (
            (LOAN, 1, 19, 9_000),
            (LOAN, 2, 24, 12_000),
            (QUIET_LOAN, 1, 25, 3_000),
        ):
            connection.execute(
                "INSERT INTO ledger.repayment_schedule VALUES (%s, %s, %s, %s, 0, 'U1')",
                (loan, number, datetime.date(2025, 3, day), yuan * LOT_FEN),
            )
        yield connection


def figures(page: Page) -> dict[str, str]:
    """Label -> value of the figures on top."""
    shown = page.locator(".figure")
    expect(shown.first).to_be_visible()
    return {one.locator("dt").inner_text(): one.locator("dd").first.inner_text() for one in shown.all()}


def opened(
    page: Page, context: BrowserContext, address: str, connection: Connection, role: Role, staff: str = ""
) -> None:
    write_person(connection, staff or "one", [role], "U1" if staff else None, staff or None)
    sign_in_as(context, staff or "one")
    page.goto(address)
    settled(page)


def test_a_relationship_manager_sees_what_their_customers_need_today(
    page: Page, context: BrowserContext, books: Connection, own_address: str
) -> None:
    books.execute("UPDATE early_warning.thread SET level = 'yellow' WHERE thread_id = %s", (THREAD,))
    opened(page, context, own_address, books, Role.RELATIONSHIP_MANAGER, "S1")

    expect(page.get_by_role("heading", name="S1，您好")).to_be_visible()
    expect(page).to_have_title("工作台 · 贷迹")
    assert figures(page) == {
        "待我处置的预警": "1",
        "待做的检查": "0",
        "七日内应还（期）": "1",
        "新增逾期（期）": "1",
    }
    payments = page.get_by_role("region", name="即将到期的还款")
    expect(payments).to_contain_text("2025-03-24")
    expect(payments).to_contain_text("1.20 万元")
    expect(payments).to_contain_text("前期未还清")
    expect(page.locator("main")).not_to_contain_text(QUIET_LOAN)
    page.get_by_role("region", name="待处置的预警").get_by_role("link", name="甲纺织").click()
    expect(page).to_have_url(re.compile(f"/warnings/{THREAD}"))


def test_a_branch_head_sees_the_own_unit_against_the_bank_and_what_waits(
    page: Page, context: BrowserContext, books: Connection, own_address: str
) -> None:
    books.execute("INSERT INTO parties.organisation_unit VALUES ('U2', '另一支行', 'sub_branch', NULL)")
    books.execute(
        "UPDATE ledger.loan_note SET unit_id = 'U2', state = 'overdue' WHERE loan_id = %s", (QUIET_LOAN,)
    )
    books.execute(
        "UPDATE early_warning.thread SET disposition = 'false_alarm', disposed_by = 'S1' WHERE thread_id = %s",
        (THREAD,),
    )
    opened(page, context, own_address, books, Role.BRANCH_MANAGER, "S2")

    told = figures(page)
    assert (told["等我复核的预警"], told["逾期贷款余额占比"]) == ("1", "0%")
    expect(page.locator(".figures-row")).to_contain_text("全行 21.7%")
    waiting = page.get_by_role("region", name="等我复核的预警")
    expect(waiting.get_by_role("link", name="甲纺织")).to_be_visible()


def test_an_executive_sees_sums_and_no_customer(
    page: Page, context: BrowserContext, books: Connection, own_address: str
) -> None:
    opened(page, context, own_address, books, Role.EXECUTIVE)

    assert figures(page) == {
        "贷款余额": "138.00 万元",
        "逾期贷款余额占比": "0%",
        "有疑点的贷款占比": "33.3%",
        "橙色、红色预警": "1",
    }
    expect(page.locator("main")).not_to_contain_text("纺织")
    expect(page.get_by_role("link", name="贷后总览").first).to_be_visible()


def test_who_runs_the_system_sees_how_the_data_stand(
    page: Page, context: BrowserContext, books: Connection, own_address: str
) -> None:
    books.execute(
        "INSERT INTO ledger.refusal (refusal_id, source_file, position, record_type, field, reason, message, original, "
        "created_at) VALUES ('R1', '流水.csv', 3, 'statement_line', 'amount', 'not_a_number', 'x', '', now())"
    )
    opened(page, context, own_address, books, Role.IT_OPERATOR)

    assert figures(page)["待处理的拒收记录"] == "1"
    expect(page.get_by_role("region", name="数据情况")).to_contain_text("流水.csv")


@pytest.mark.parametrize(
    ("role", "pages", "card", "told"),
    [
        (
            Role.SYSTEM_ADMINISTRATOR,
            ["待办审批", "管理", "我的账户", "术语"],
            "人员与权限",
            {"待审批的人员变更": "0", "已锁定": "1"},
        ),
        (
            Role.AUDIT_ADMINISTRATOR,
            ["管理", "审计日志", "我的账户", "术语"],
            "审计日志",
            {"审计日志": "还没有验证过", "被拒绝的请求": "0"},
        ),
    ],
)
def test_an_administrator_finds_the_pages_and_the_numbers_that_are_theirs(
    page: Page,
    context: BrowserContext,
    books: Connection,
    own_address: str,
    role: Role,
    pages: list[str],
    card: str,
    told: dict[str, str],
) -> None:
    write_person(books, "locked", [Role.RULE_AUTHOR])
    books.execute(
        "UPDATE identity.person SET locked_until = now() + interval '1 hour' WHERE person_id = 'locked'"
    )
    opened(page, context, own_address, books, role)

    ways = page.get_by_role("region", name="我可以打开的页面")
    assert ways.get_by_role("link").all_inner_texts() == pages
    assert figures(page).items() >= told.items()
    expect(page.get_by_role("region", name=card)).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("纺织")


def test_what_somebody_proposed_waits_on_the_workbench_and_counts_in_the_menu(
    page: Page, context: BrowserContext, books: Connection, own_address: str
) -> None:
    with books.transaction():
        lowering = ProposeLowering(Level.YELLOW, "已归还大部分资金")
        act_on(books, THREAD, lowering, "S1", 2, "key-00000001", shipped_parameters())
    opened(page, context, own_address, books, Role.RISK_MANAGER, "S2")

    expect(page.locator(".menu-count").first).to_have_text("1")
    proposals = page.get_by_role("region", name="等我审批的事项")
    proposals.get_by_role("link", name=f"下调预警等级：{LOAN}").click()
    expect(page.locator(".difference")).to_contain_text("黄色")
    page.get_by_role("button", name="到预警页决定").click()
    expect(page).to_have_url(re.compile(f"/warnings/{THREAD}"))


def test_a_head_sees_whose_work_nobody_does_and_hands_it_over(
    page: Page, context: BrowserContext, books: Connection, own_address: str
) -> None:
    books.execute("UPDATE early_warning.thread SET assignee = 'S1'")
    write_person(books, "S1", [Role.RELATIONSHIP_MANAGER], "U1", "S1")
    books.execute("UPDATE identity.person SET state = 'left' WHERE person_id = 'S1'")
    opened(page, context, own_address, books, Role.BRANCH_MANAGER, "S2")
    held = page.get_by_role("region", name="谁手上有多少工作")
    expect(held).to_contain_text("1 人已不能处理，请移交")
    expect(held.get_by_role("listitem").first).to_contain_text("客户经理一")
    expect(held.get_by_role("listitem").first).to_contain_text("已离职")

    held.get_by_role("button", name="移交 客户经理一").click()
    form = held.get_by_role("form", name="移交工作")
    expect(form.get_by_role("button", name="移交")).to_be_disabled()
    assert flaws(page) == []
    box = form.get_by_role("combobox", name="交给")
    box.click()
    box.fill("S2")
    page.locator(".ant-select-dropdown:visible .ant-select-item-option").filter(has_text="S2").first.click()
    form.get_by_role("button", name="移交").click()

    expect(held).to_contain_text("已移交 2 条预警、0 项检查。")
    expect(held).not_to_contain_text("客户经理一")
    assert books.execute("SELECT DISTINCT assignee FROM early_warning.thread").fetchall() == [("S2",)]


def test_an_empty_bank_says_so(page: Page, own_address: str) -> None:
    page.goto(own_address)
    settled(page)
    expect(page.get_by_text("没有待处置的预警。")).to_be_visible()
    expect(page.get_by_text("没有新变化。")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("role", list(Role))
def test_the_workbench_of_every_role_fits_and_can_be_used_by_everyone(
    page: Page, context: BrowserContext, books: Connection, own_address: str, role: Role, language: str
) -> None:
    write_person(books, "one", [role])
    sign_in_as(context, "one")
    for width in in_every_window(page, own_address, language):
        assert wider_than_the_window(page) == [], f"{width} wide"
        assert page.locator(".top").evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    assert flaws(page) == []


def test_the_first_screen_does_not_jump(page: Page, books: Connection, own_address: str) -> None:
    watch_shifts(page)
    page.goto(own_address)
    settled(page)
    page.wait_for_timeout(500)
    assert shifted(page) < SHIFT_MOST
