"""The working calendar, in a real browser: one person chooses days, another approves, and the year shows them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.manners import flaws, wider_than_the_window
from tests.browser.settling import settled
from tests.browser.test_manners import SHOTS
from tests.browser.test_sign_in import as_person
from tests.http.bank import write_books, write_trace
from tests.signing_in import write_person

from loantrail import clock
from loantrail.identity.abilities import Role
from loantrail.working_days import published_until

pytestmark = [pytest.mark.database, pytest.mark.browser]

# A Wednesday before the National Day: 1 to 8 October are off, Saturday the 11th is worked.
NOON = datetime.datetime(2025, 9, 24, 4, tzinfo=datetime.UTC)
PLACE = "/administration/calendar?lang=zh"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    clock.set_clock(lambda: NOON)
    yield
    clock.set_clock(None)


@pytest.fixture
def _two(own_address: str, database_url: str) -> None:
    """Two persons of the head office's risk department, and an administrator who only reads."""
    del own_address
    with psycopg.connect(database_url, autocommit=True) as connection:
        with connection.transaction():
            write_books(connection)
            write_trace(connection)
        for person, name in (("risk1", "赵总"), ("risk2", "钱总")):
            write_person(connection, person, [Role.HEAD_OFFICE_RISK])
            connection.execute("UPDATE identity.person SET name = %s WHERE person_id = %s", (name, person))
        write_person(connection, "security", [Role.SECURITY_ADMINISTRATOR])


def day(page: Page, text: str) -> Any:
    return page.get_by_role("button", name=re.compile(text))


@pytest.mark.usefixtures("_two")
def test_days_are_chosen_by_one_and_approved_by_another(
    page: Page, context: BrowserContext, own_address: str
) -> None:
    as_person(context, "risk1")
    page.goto(f"{own_address}{PLACE}")
    settled(page)
    expect(page.get_by_role("button", name="提交审批")).to_be_disabled()
    day(page, "2025-09-25").click()
    day(page, "2025-09-26").press("Enter")
    expect(page.get_by_role("status").filter(has_text="已选 2 天")).to_contain_text("2025-09-25、2025-09-26")
    page.get_by_label("理由").fill("系统切换")
    page.get_by_role("button", name="提交审批").click()
    expect(page.get_by_text("已提交，等待另一人审批")).to_be_visible()
    expect(page.get_by_role("link", name="去审批")).to_be_visible()

    as_person(context, "risk2")
    page.goto(f"{own_address}/inbox?lang=zh")
    page.get_by_role("link", name=re.compile("工作日历：2025-09-25 至 2025-09-26（2 天）改为休息日")).click()
    difference = page.locator(".difference")
    expect(difference).to_contain_text("2025-09-25")
    expect(difference).to_contain_text("工作日")
    expect(difference).to_contain_text("本行休息")
    page.get_by_label("决定的理由").fill("已核对")
    page.get_by_role("button", name="同意").click()
    expect(page.get_by_text("已同意")).to_be_visible()

    page.goto(f"{own_address}{PLACE}")
    own = page.get_by_role("table", name="本行自行安排的日期")
    expect(own).to_contain_text("系统切换")
    expect(own).to_contain_text("赵总")
    expect(day(page, "2025-09-25")).to_have_attribute("title", re.compile("星期四、本行休息、系统切换"))
    for width in (1280, 1920):
        page.set_viewport_size({"width": width, "height": 1000})
        settled(page)
        assert wider_than_the_window(page) == []
        if SHOTS:
            page.screenshot(path=str(Path(SHOTS) / f"calendar-{width}.png"), full_page=True)
    assert flaws(page) == []


@pytest.mark.usefixtures("_two")
def test_a_year_that_is_not_made_known_says_so_and_who_only_reads_chooses_nothing(
    page: Page, context: BrowserContext, own_address: str
) -> None:
    as_person(context, "security")
    page.goto(f"{own_address}{PLACE}")
    expect(page.get_by_text("放假安排尚未公布")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("2025-09-25"))).to_have_count(0)
    expect(page.get_by_role("button", name="提交审批")).to_have_count(0)
    for _ in range(published_until() + 1 - NOON.year):
        page.get_by_role("button", name="下一年").click()
        settled(page)
    expect(page.get_by_role("alert")).to_contain_text(f"{published_until() + 1} 年的放假安排尚未公布")
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / "calendar-provisional.png"), full_page=True)
    assert flaws(page) == []
