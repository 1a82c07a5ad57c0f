"""The working calendar, in a real browser: one person moves a day by keyboard, another approves, and it is told what waits."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import sign_in_as
from tests.browser.manners import flaws, wider_than_the_window
from tests.browser.settling import settled
from tests.browser.test_manners import SHOTS
from tests.http.bank import write_books, write_trace
from tests.signing_in import write_person

from loantrail import clock
from loantrail.identity.abilities import Role
from loantrail.working_days import published_until, statutory

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

Connection = psycopg.Connection[Any]
TODAY = clock.business_date(clock.now())
YEAR = TODAY.year + 1
"""All of its days are to come."""
WORKED = statutory().later(datetime.date(YEAR, 3, 10), 1)
NEXT = WORKED + datetime.timedelta(days=1)


@pytest.fixture
def two(own_address: str, database_url: str) -> Iterator[Connection]:
    """Two of the head office's risk department, and an administrator who only reads."""
    del own_address
    with psycopg.connect(database_url, autocommit=True) as connection:
        with connection.transaction():
            write_books(connection)
            write_trace(connection)
        for person, name in (("risk1", "赵总"), ("risk2", "钱总")):
            write_person(connection, person, [Role.HEAD_OFFICE_RISK])
            connection.execute("UPDATE identity.person SET name = %s WHERE person_id = %s", (name, person))
        write_person(connection, "security", [Role.SECURITY_ADMINISTRATOR])
        yield connection


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def test_a_day_is_moved_by_two_persons_with_the_keyboard_and_taken_back(
    page: Page, context: BrowserContext, two: Connection, own_address: str
) -> None:
    sign_in_as(context, "risk1")
    calendar = f"{own_address}/administration/calendar?year={YEAR}"
    page.goto(calendar)
    day = page.locator(f'[data-day="{WORKED}"]')
    day.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(day).to_be_focused()
    page.keyboard.press("Space")
    expect(day).to_have_attribute("aria-pressed", "true")
    form = page.get_by_role("form", name="调整日期")
    expect(form.get_by_role("radio", name="休息")).to_be_checked()
    expect(form.get_by_role("button", name="提交审批")).to_be_disabled()
    form.get_by_label("理由").fill("网点迁址停业一天")
    form.get_by_role("radio", name="工作").check()
    expect(form.get_by_role("alert")).to_contain_text(str(WORKED))
    form.get_by_role("radio", name="休息").check()
    shot(page, "calendar-form")
    form.get_by_role("button", name="提交审批").click()
    expect(page.get_by_text("已提交，等待另一人审批")).to_be_visible()
    expect(page.get_by_text("1 天的调整正在等待另一人审批")).to_be_visible()
    expect(page.get_by_role("button", name="调整日期")).to_have_count(0)

    sign_in_as(context, "risk2")
    page.goto(f"{own_address}/inbox")
    page.get_by_role("link", name=re.compile("工作日历")).first.click()
    difference = page.locator(".difference")
    expect(difference).to_contain_text(str(WORKED))
    expect(difference).to_contain_text("工作日")
    expect(difference).to_contain_text("本行休息")
    shot(page, "calendar-inbox")
    page.get_by_label("决定的理由").fill("已核对")
    page.get_by_role("button", name="同意").click()
    expect(page.get_by_text("已同意")).to_be_visible()

    page.goto(calendar)
    own = page.get_by_role("table", name="本行自行安排的日期")
    expect(own).to_contain_text("网点迁址停业一天")
    expect(own).to_contain_text("赵总 提出，钱总 批准")
    expect(page.locator(f'[data-day="{WORKED}"]')).to_contain_text("行休")
    assert flaws(page) == []
    shot(page, "calendar-own-day")
    own.get_by_role("button", name=f"恢复法定安排：{WORKED}").click()
    form = page.get_by_role("form", name="调整日期")
    expect(form.get_by_role("radio", name="恢复法定安排")).to_be_checked()
    form.get_by_label("理由").fill("迁址推迟")
    form.get_by_role("button", name="提交审批").click()
    expect(page.get_by_text("已提交，等待另一人审批")).to_be_visible()
    stored = two.execute("SELECT day, is_worked, maker, checker FROM policy.own_day").fetchall()
    assert stored == [(WORKED, False, "risk1", "risk2")]


def test_who_only_reads_is_offered_no_change(
    page: Page, context: BrowserContext, two: Connection, own_address: str
) -> None:
    del two
    sign_in_as(context, "security")
    page.goto(f"{own_address}/administration/calendar?year={YEAR}")
    expect(page.get_by_role("heading", name=f"{YEAR} 年")).to_be_visible()
    expect(page.locator("[data-day]")).to_have_count(0)
    expect(page.get_by_role("button", name="调整日期")).to_have_count(0)


def test_years_are_turned_and_one_that_is_not_made_known_says_so(
    page: Page, context: BrowserContext, two: Connection, own_address: str
) -> None:
    del two
    sign_in_as(context, "security")
    page.goto(f"{own_address}/administration/calendar?year={published_until()}")
    expect(page.get_by_role("heading", name=f"{published_until()} 年")).to_be_visible()
    notice = page.get_by_role("alert").filter(has_text="为暂定")
    expect(notice).to_have_count(0)
    expect(page.locator(".calendar-named").filter(has_text="春节").first).to_be_visible()
    page.get_by_role("button", name="下一年").click()
    expect(notice).to_contain_text(f"{published_until() + 1} 年为暂定")
    expect(page.get_by_text("暂定", exact=True)).to_have_count(13)
    page.keyboard.press("[")
    expect(notice).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_calendar_fits_and_can_be_used_by_everyone(
    page: Page, context: BrowserContext, two: Connection, own_address: str, language: str
) -> None:
    del two
    sign_in_as(context, "risk1")
    for width in (1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        for year in (published_until(), published_until() + 1):
            page.goto(f"{own_address}/administration/calendar?year={year}&lang={language}")
            page.get_by_role("button", name=re.compile("调整日期|Change days")).click()
            settled(page)
            assert wider_than_the_window(page) == [], f"{year} {width}"
            assert flaws(page) == [], str(year)
            shot(page, f"calendar-{language}-{year}-{width}")
