"""The three lists in a real browser: proposed, approved by a second person, ended, found, by hand and by keys."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Locator, Page, Route, expect
from tests.browser.conftest import act_as
from tests.http.bank import BROKER, LOAN, write_books, write_trace
from tests.http.warned import THREAD, write_warnings

from loantrail import clock
from loantrail.lists.model import ListName, ListScope, Proposal
from loantrail.lists.workflow import hash_of_proposal

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]


@pytest.fixture
def own_bank(own_address: str, database_url: str) -> Iterator[str]:
    """Address of the traced and warned bank in this test's own database, with two people on its staff."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        write_warnings(connection)
    yield own_address


@pytest.fixture
def entries(own_bank: str, database_url: str) -> str:
    """The same with an entry in every state."""
    today = clock.business_date(clock.now())
    with psycopg.connect(database_url) as connection:
        for number, (list_, scope, subject, rule, days, checked, ended) in enumerate(
            (
                ("allow", "loan", LOAN, "FLOW_SECURITIES", 30, False, False),
                ("watch", "account", BROKER, "", 30, True, False),
                ("black", "party", "P3", "", 30, True, True),
                ("black", "account", "6203", "", -1, True, False),
            )
        ):
            until = today + datetime.timedelta(days=days)
            proposed = Proposal(
                ListName(list_), ListScope(scope), subject, "测试原因", until, "S1", f"key-{number}", rule
            )
            connection.execute(
                "INSERT INTO lists.entry (entry_id, request_key, list, scope, subject, rule_code, reason, expires_on,"
                " content_hash, maker, made_at, checker, checked_at, ended_by, ended_at, ended_reason) VALUES"
                " (%s, %s, %s, %s, %s, %s, '测试原因', %s, %s, 'S1', now() - make_interval(hours => %s), %s, %s, %s, %s, %s)",
                (
                    f"{number:032x}",
                    f"key-{number}",
                    list_,
                    scope,
                    subject,
                    rule,
                    until,
                    hash_of_proposal(proposed),
                    number,
                    *(("S2", clock.now()) if checked else (None, None)),
                    *(("S2", clock.now(), "误列") if ended else (None, None, None)),
                ),
            )
    return own_bank


def rows(page: Page) -> Locator:
    return page.locator("tbody tr.ant-table-row")


def test_an_account_is_put_on_the_black_list_by_two_people_and_taken_off(
    page: Page, allowed: list[str], own_bank: str, database_url: str
) -> None:
    page.goto(f"{own_bank}/lists?lang=zh")
    act_as(page, database_url, "S1")
    expect(page.get_by_role("status")).to_contain_text("名单是空的")
    page.get_by_role("button", name="提交条目").click()
    form = page.get_by_role("form", name="提交条目")
    form.get_by_role("radio", name="黑名单").check()
    expect(form.get_by_role("radio", name="借据")).to_have_count(0)
    form.get_by_label("账号").fill("不存在")
    form.get_by_label("原因").fill("洗钱账户")
    allowed.append("404")  # the refusal that this test asks for
    form.get_by_role("button", name="提交，待另一人批准").click()
    expect(form.get_by_role("alert")).to_contain_text("账簿中没有账户不存在")
    form.get_by_label("账号").fill(BROKER)
    form.get_by_role("button", name="提交，待另一人批准").click()
    expect(rows(page)).to_have_count(1)
    row = rows(page).first
    expect(row).to_contain_text("己证券股份有限公司客户资金")
    expect(row).to_contain_text("待批准")
    expect(row).to_contain_text("您提交的，须另一人批准")
    expect(row.get_by_role("button", name="批准")).to_have_count(0)

    act_as(page, database_url, "S2")
    row.get_by_role("button", name="批准").click()
    expect(row).to_contain_text("有效")
    expect(row).to_contain_text("风险经理二 批准")
    allowed.append("409")  # the refusal that this test asks for
    act_as(page, database_url, "S1")
    row.get_by_role("button", name="移出").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("原因").fill("误列")
    dialog.get_by_role("button", name="移出").click()
    expect(dialog.get_by_role("alert")).to_contain_text("提交的人不能移出")
    dialog.get_by_role("button", name="取消").click()

    act_as(page, database_url, "S2")
    row.get_by_role("button", name="移出").click()
    dialog.get_by_label("原因").fill("误列")
    dialog.get_by_role("button", name="移出").click()
    expect(row).to_contain_text("已移出")
    expect(row).to_contain_text("风险经理二 移出：误列")


def test_an_entry_proposed_in_a_warning_is_approved_on_the_lists(
    page: Page, own_bank: str, database_url: str
) -> None:
    page.goto(f"{own_bank}/warnings/{THREAD}?lang=zh&state=all")
    act_as(page, database_url, "S1")
    page.locator(".dispose-false_alarm").click()
    page.locator(".reasons").get_by_role("radio").first.check()
    page.get_by_role("button", name=re.compile("^确认")).click()
    page.get_by_role("button", name="申请加入放行名单").click()
    page.locator(".act-form textarea").last.fill("每月代客理财")
    page.get_by_role("button", name="提交申请").click()
    # The term of the same name stands there until the answer came.
    page.locator(".act-form a[href^='/lists']").click()
    expect(page.get_by_role("heading", name="名单", exact=True)).to_be_visible(timeout=30_000)
    row = rows(page).first
    expect(row).to_contain_text(LOAN)
    expect(row.get_by_role("link", name="相关预警")).to_have_attribute(
        "href", f"/warnings/{THREAD}?state=all"
    )
    act_as(page, database_url, "S2")
    row.get_by_role("button", name="批准").click()
    expect(row).to_contain_text("有效")


def test_entries_are_found_and_the_address_keeps_what_is_shown(page: Page, entries: str) -> None:
    page.goto(f"{entries}/rules/lists?lang=zh")
    expect(page).to_have_url(re.compile(r"/lists$"))
    expect(rows(page)).to_have_count(4)
    expect(rows(page).first).to_contain_text("待批准")
    page.get_by_role("radiogroup", name="名单").get_by_text("黑名单").click()
    expect(rows(page)).to_have_count(2)
    expect(rows(page)).to_contain_text(["已移出", "已到期"])
    page.reload()
    expect(rows(page)).to_have_count(2)
    page.get_by_role("radiogroup", name="名单").get_by_text("全部").click()
    expect(page.get_by_role("radiogroup", name="名单")).to_contain_text("放行名单（1 待批准）")
    page.get_by_label("按账号、客户、规则或原因查找").fill("己证券")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("按账号、客户、规则或原因查找").fill("没有这样的")
    expect(page.get_by_role("status")).to_contain_text("没有符合条件的条目")
    page.get_by_role("button", name="清除条件").click()
    expect(rows(page)).to_have_count(4)


def test_the_lists_can_be_worked_with_keys_alone(page: Page, entries: str, database_url: str) -> None:
    page.goto(f"{entries}/lists?lang=zh")
    act_as(page, database_url, "S2")
    expect(rows(page)).to_have_count(4)
    page.keyboard.press("j")
    expect(rows(page).first).to_be_focused()
    page.keyboard.press("j")
    expect(rows(page).nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("a")
    expect(rows(page).first).to_contain_text("风险经理二 批准")
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("原因").press_sequentially("jake n")
    expect(dialog.get_by_label("原因")).to_have_value("jake n")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("/")
    expect(page.get_by_label("按账号、客户、规则或原因查找")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.get_by_label("账号", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("form")).to_have_count(0)


def test_what_loads_and_what_fails_is_said(page: Page, allowed: list[str], entries: str) -> None:
    allowed.append("503")  # the failure that this test makes

    def failing(route: Route) -> None:
        route.fulfill(
            status=503,
            content_type="application/problem+json",
            body='{"title": "", "status": 503, "code": "database_unavailable", "detail": "the server is gone"}',
        )

    page.route("**/api/v1/list-entries*", failing)
    page.goto(f"{entries}/lists?lang=zh")
    expect(page.get_by_role("alert")).to_contain_text("the server is gone")
    page.unroute("**/api/v1/list-entries*")
    page.get_by_role("button", name="重试").click()
    expect(rows(page)).to_have_count(4)


@pytest.mark.parametrize("width", [1280, 1920])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_all_of_a_row_is_in_sight_on_a_desk(page: Page, entries: str, width: int, language: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{entries}/lists?lang={language}")
    expect(rows(page)).to_have_count(4)
    hidden = page.locator(".ant-table-content").evaluate("e => e.scrollWidth - e.clientWidth")
    assert hidden <= 1
