"""A new risk manager disposes of ten warnings, the branch head closes them: every press of the mouse is counted."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import sign_in_as
from tests.http.bank import write_books, write_trace
from tests.http.checked import honest_loan, write_honest_loans
from tests.http.warned import hit_row, take_rows
from tests.signing_in import write_person

from loantrail import clock
from loantrail.early_warning.hits import Level
from loantrail.identity.abilities import Role

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

TEN = 10
PRESSES_MOST = 12
SECONDS_MOST = 300
NEWCOMER, SECOND = "S1", "S2"
LEVELS = (Level.ORANGE, Level.YELLOW, Level.BLUE)
FALSE_ALARM_PRESSES = 4
"""误报, the reason, 确认误报, 下一条."""
CONFIRMED_PRESSES = 5
"""属实, 确认属实, 登记措施, 登记, 下一条: who confirms takes a measure before the warning can be closed."""
SECOND_PRESSES = 3
"""解除预警, 解除预警 beneath the reason, 下一条."""


@pytest.fixture
def ten(own_address: str, database_url: str) -> Iterator[str]:
    """Address of a bank with ten warnings of ten loans of the newcomer, at three levels."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        connection.execute(
            "INSERT INTO parties.staff VALUES (%s, 'U1', '行长二', 'branch_manager')", (SECOND,)
        )
        write_honest_loans(connection, TEN)
        take_rows(
            connection,
            [
                hit_row("IDLE_FUNDS", LEVELS[number % 3], 60_000, honest_loan(number), "放款", 5, "supplier")
                for number in range(TEN)
            ],
        )
        write_person(connection, NEWCOMER, (Role.RISK_MANAGER,), "U1", NEWCOMER)
        write_person(connection, SECOND, (Role.BRANCH_MANAGER,), "U1", SECOND)
        connection.commit()
    yield own_address


def sits_down(page: Page, person: str, address: str) -> Locator:
    """This person opens the page, and every press from now on is counted; answers the queue."""
    sign_in_as(page.context, person)
    page.goto(address)
    queue = page.get_by_role("list", name="预警列表，按期限排序").get_by_role("listitem")
    expect(queue).to_have_count(TEN)
    # Not clicks: a label passes its own on to its field, and one press would count twice.
    page.evaluate(
        "window.presses = 0; addEventListener('pointerdown', one => one.isTrusted && window.presses++, true)"
    )
    return queue


def presses(page: Page) -> int:
    """How many since the last time that was asked."""
    counted = int(page.evaluate("window.presses"))
    page.evaluate("window.presses = 0")
    return counted


def shown_loan(page: Page) -> str:
    return page.locator(".case-line a.figures").inner_text()


def disposes(page: Page, falsely_raised: bool) -> None:
    """Judge the warning that is laid out, with a reason or a measure."""
    if falsely_raised:
        page.get_by_role("button", name=re.compile("^误报")).click()
        page.get_by_role("complementary").get_by_text("退货、退款").click()
        page.get_by_role("button", name="确认误报").click()
    else:
        page.get_by_role("button", name=re.compile("^属实")).click()
        page.keyboard.type("与客户核实，货物未到")
        page.get_by_role("button", name="确认属实").click()
        expect(page.locator(".warning-timeline li").first).to_contain_text("判断：属实")
        page.get_by_role("button", name="登记措施").click()
        page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator(".acts-said")).to_contain_text("已记录")


def goes_on(page: Page, loan: str) -> None:
    """To the next warning: shown, ready to be judged."""
    page.get_by_role("button", name=re.compile("^下一条")).click()
    expect(page.locator(".case-line a.figures")).not_to_have_text(loan)


def test_ten_warnings_are_closed_within_the_presses(page: Page, ten: str, database_url: str) -> None:
    began = clock.monotonic_seconds()
    queue = sits_down(page, NEWCOMER, f"{ten}/warnings?lang=zh")
    told: dict[str, int] = {}
    for left in range(TEN, 0, -1):
        expect(queue).to_have_count(left)
        loan = shown_loan(page)
        disposes(page, falsely_raised=left % 2 == 0)
        if left > 1:
            goes_on(page, loan)
        told[loan] = presses(page)
    expect(queue).to_have_count(0)
    assert len(told) == TEN
    assert {loan: count for loan, count in told.items() if count > PRESSES_MOST} == {}
    assert list(told.values()) == [FALSE_ALARM_PRESSES, CONFIRMED_PRESSES] * 4 + [
        FALSE_ALARM_PRESSES,
        CONFIRMED_PRESSES - 1,
    ]

    queue = sits_down(page, SECOND, f"{ten}/warnings?lang=zh&state=review")
    closed: dict[str, int] = {}
    for left in range(TEN, 0, -1):
        expect(queue).to_have_count(left)
        loan = shown_loan(page)
        page.get_by_role("button", name="解除预警").first.click()
        page.keyboard.type("凭证已核实")
        page.locator("form").get_by_role("button", name="解除预警").click()
        expect(page.get_by_text("这条预警已经解除")).to_be_visible()
        if left > 1:
            goes_on(page, loan)
        closed[loan] = presses(page)
    assert closed.keys() == told.keys()
    assert list(closed.values()) == [SECOND_PRESSES] * (TEN - 1) + [SECOND_PRESSES - 1]
    assert clock.monotonic_seconds() - began < SECONDS_MOST
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT disposition, count(*), bool_and(disposed_by = %s) FROM early_warning.thread WHERE state = 'closed' "
            "GROUP BY 1 ORDER BY 1",
            (NEWCOMER,),
        ).fetchall()
    assert found == [("false_alarm", 5, True), ("true_positive", 5, True)]
