"""The bank's own numbers, in a real browser: one person proposes, another sees the difference in words and approves."""

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

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

Connection = psycopg.Connection[Any]
LIMIT = "更正收款方分类所涉付款达到此金额，须第二人复核"
DRAW = "autonomous_up_to_consumer_loan_fen"
TOMORROW = clock.business_date(clock.now()) + datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def _refusals_are_meant(allowed: list[str]) -> None:
    """What is refused is answered 403, 409 or 422: the browser tells of each."""
    allowed += ["403 (Forbidden)", "409 (Conflict)", "422 (Unprocessable Entity)"]


@pytest.fixture
def two(own_address: str, database_url: str) -> Iterator[Connection]:
    """两人, of the head office's risk department, and an administrator who only reads."""
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


def search(page: Page, address: str, text: str) -> None:
    page.goto(f"{address}/administration/parameters?search={text}")
    expect(page.get_by_role("table", name="参数")).to_be_visible()


def propose(page: Page, value: str, basis: str = "风险管理委员会纪要2026年第9号") -> None:
    page.get_by_role("button", name=re.compile("调整参数")).click()
    form = page.get_by_role("form")
    form.get_by_label("新的值").fill(value)
    form.get_by_label("依据").fill(basis)
    form.get_by_label("理由").fill("业务量增加")


def test_a_limit_is_changed_by_two_persons_from_tomorrow_on(
    page: Page, context: BrowserContext, two: Connection, own_address: str
) -> None:
    sign_in_as(context, "risk1")
    search(page, own_address, "correction_approval_fen")
    propose(page, "500000.001")
    expect(page.get_by_role("alert")).to_contain_text("小数位数")
    expect(page.get_by_role("button", name="提交审批")).to_be_disabled()
    page.get_by_label("新的值").fill("500,000")
    preview = page.locator(".parameter-preview")
    expect(preview).to_contain_text("1,000,000 元")
    expect(preview).to_contain_text(f"500,000 元 {TOMORROW} 起")
    page.get_by_role("button", name="提交审批").click()
    expect(page.get_by_text("已提交，等待另一人审批")).to_be_visible()
    expect(page.get_by_role("link", name="等待审批")).to_be_visible()
    page.get_by_role("link", name=re.compile("调整参数")).click()
    expect(page.get_by_text("这是您自己提出的，须由他人决定")).to_be_visible()

    sign_in_as(context, "risk2")
    page.goto(f"{own_address}/inbox")
    page.get_by_role("link", name=re.compile(LIMIT)).click()
    difference = page.locator(".difference")
    expect(difference).to_contain_text("1,000,000 元")
    expect(difference).to_contain_text("500,000 元")
    expect(difference).to_contain_text("行业惯例，由本行确认（待确认）")
    expect(difference).to_contain_text("风险管理委员会纪要2026年第9号")
    expect(difference).not_to_contain_text("100000000")
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / "parameter-inbox.png"), full_page=True)
    assert flaws(page) == []
    page.get_by_label("决定的理由").fill("已核对")
    page.get_by_role("button", name="同意").click()
    expect(page.get_by_text("已同意")).to_be_visible()

    search(page, own_address, "correction_approval_fen")
    row = page.get_by_role("row").filter(has_text="correction_approval_fen")
    expect(row).to_contain_text("计划")
    expect(row).to_contain_text("本行决定")
    row.get_by_role("button", name=re.compile("展开|Expand")).click()
    history = page.get_by_role("table", name="历次值与决定")
    expect(history).to_contain_text("赵总 提出，钱总 批准")
    expect(history).to_contain_text("随系统提供")
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / "parameter-history.png"), full_page=True)
    assert flaws(page) == []
    stored = two.execute(
        "SELECT value, effective_from, maker, checker FROM policy.parameter_change"
    ).fetchall()
    assert stored == [(50_000_000, TOMORROW, "risk1", "risk2")]

    history.get_by_role("button", name="撤销计划").click()
    page.get_by_label("理由").fill("暂不调整")
    page.get_by_role("button", name="提交审批").click()
    expect(page.get_by_text("已提交，等待另一人审批")).to_be_visible()
    sign_in_as(context, "risk1")
    page.goto(f"{own_address}/inbox")
    page.get_by_role("link", name=re.compile("撤销计划中的参数值")).click()
    page.get_by_label("决定的理由").fill("同意撤销")
    page.get_by_role("button", name="同意").click()
    expect(page.get_by_text("已同意")).to_be_visible()
    page.goto(f"{own_address}/administration/parameters/correction_approval_fen")
    history = page.get_by_role("table", name="历次值与决定")
    expect(history).to_contain_text("已撤销，未生效")
    expect(page.get_by_role("row").filter(has_text="correction_approval_fen").first).not_to_contain_text(
        "计划"
    )


def test_a_number_of_law_is_warned_of_and_its_basis_must_name_the_new_text(
    page: Page, context: BrowserContext, two: Connection, own_address: str
) -> None:
    del two
    sign_in_as(context, "risk1")
    search(page, own_address, DRAW)
    propose(page, "600000", "行里决定")
    expect(page.get_by_role("form").get_by_text("这是法规规定的数值")).to_be_visible()
    page.get_by_role("button", name="提交审批").click()
    expect(
        page.get_by_role("form").get_by_role("alert").filter(has_text="依据须写明新的法规文件")
    ).to_be_visible()
    page.get_by_label("依据", exact=True).fill("《个人贷款管理办法》（2027年修订）第三十二条")
    page.get_by_role("button", name="提交审批").click()
    expect(page.get_by_text("已提交，等待另一人审批")).to_be_visible()

    sign_in_as(context, "risk2")
    page.goto(f"{own_address}/inbox")
    page.get_by_role("link", name=re.compile("自 ")).click()
    expect(page.get_by_text("请核对依据中写明的新文件")).to_be_visible()


def test_who_only_reads_is_offered_no_change(
    page: Page, context: BrowserContext, two: Connection, own_address: str
) -> None:
    del two
    sign_in_as(context, "security")
    search(page, own_address, "correction_approval_fen")
    expect(page.get_by_role("row").filter(has_text="correction_approval_fen")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("调整参数"))).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_forms_and_the_history_fit_and_can_be_used_by_everyone(
    page: Page, context: BrowserContext, two: Connection, own_address: str, language: str
) -> None:
    del two
    sign_in_as(context, "risk1")
    for width in (1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        for name in (DRAW, "warning_red_owner_roles"):
            page.goto(f"{own_address}/administration/parameters/{name}?lang={language}")
            page.get_by_role("button", name=re.compile("调整参数|Change:")).click()
            settled(page)
            assert wider_than_the_window(page) == [], f"{name} {width}"
            assert flaws(page) == [], name
            if SHOTS:
                page.screenshot(
                    path=str(Path(SHOTS) / f"parameter-{name}-{language}-{width}.png"), full_page=True
                )
