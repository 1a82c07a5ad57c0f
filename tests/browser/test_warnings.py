"""The warning centre in a real browser: from the queue to a decision, by mouse, by keyboard, and as it comes."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import sign_in_as
from tests.browser.keeping import kept_and_applied
from tests.http.bank import LOAN, transfer_id
from tests.http.warned import QUIET_HIT, QUIET_THREAD, THREAD, hit_row, take_rows
from tests.signing_in import write_person

from loantrail.early_warning.hits import Level
from loantrail.identity.abilities import Role

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

CLICKS_TO_DECIDE = 2
CLICKS_WITH_A_REASON = 3


def count_clicks(page: Page) -> None:
    """Count what the reader presses from now on."""
    page.evaluate(
        "window.clicks = 0; addEventListener('click', event => event.isTrusted && window.clicks++, true)"
    )


def acts_as(page: Page, number: str) -> None:
    """Be signed in as this member of staff, on the page as it is; what it still asks for meanwhile is asked by one or the other."""
    sign_in_as(page.context, number)
    page.reload()
    expect(page.get_by_role("button", name=f"{number}：我的菜单")).to_be_visible()


def test_the_most_urgent_warning_is_laid_out_at_once(page: Page, warned: str) -> None:
    page.goto(f"{warned}/warnings?lang=zh")
    expect(page).to_have_url(f"{warned}/warnings/{THREAD}?lang=zh")
    case = page.get_by_role("article")
    expect(case.locator(".story")).to_contain_text("疑似流入证券、期货、理财等")
    expect(case.locator(".story")).to_contain_text("无论如何计算至少 25.00 万元")
    evidence = page.get_by_role("region", name="主要证据")
    expect(evidence.get_by_role("listitem")).to_have_count(3)
    expect(evidence.get_by_role("link", name="查看交易").last).to_have_attribute(
        "href", f"/transactions/{transfer_id('入市')}"
    )
    expect(page.get_by_role("region", name="为什么可能是误报")).to_contain_text("确证的只有")
    expect(page.locator("[data-drawn]")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("option").filter(has_text="己证券")).to_have_count(1)
    queue = page.get_by_role("list", name="预警列表，按期限排序").get_by_role("listitem")
    expect(queue).to_have_count(2)
    expect(queue.first).to_contain_text("红色")
    expect(queue.first).to_contain_text("甲纺织有限公司")


def test_a_decision_takes_two_clicks_and_is_kept_under_the_person(page: Page, warned: str) -> None:
    page.goto(f"{warned}/warnings?lang=zh")
    acts_as(page, "S1")
    count_clicks(page)
    page.get_by_role("button", name=re.compile("^属实")).click()
    page.get_by_role("button", name="确认属实").click()
    expect(page.locator(".acts-said")).to_contain_text("已记录")
    assert page.evaluate("window.clicks") == CLICKS_TO_DECIDE
    expect(page.locator(".warning-timeline li").first).to_contain_text("客户经理一 判断：属实")
    # It waits for its measure there.
    expect(page.get_by_role("list", name="预警列表，按期限排序").get_by_role("listitem")).to_have_count(2)
    page.get_by_role("button", name=re.compile("^下一条")).click()
    expect(page).to_have_url(re.compile(QUIET_THREAD))
    page.get_by_role("button", name=re.compile("^误报")).click()
    page.evaluate("window.clicks = 1")
    page.get_by_text("退货、退款").click()
    page.get_by_role("button", name="确认误报").click()
    expect(page.locator(".acts-said")).to_contain_text("已记录")
    # The label and its field each hear a click on a reason.
    assert page.evaluate("window.clicks") - 1 == CLICKS_WITH_A_REASON


def test_by_keyboard_alone(page: Page, warned: str) -> None:
    page.goto(f"{warned}/warnings?lang=zh")
    expect(page.locator(".story")).to_be_visible()
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(QUIET_THREAD))
    # What stood there before stays until this one is read.
    expect(page.locator(".warning-timeline li").first).to_contain_text("资金闲置")
    page.keyboard.press("k")
    expect(page).to_have_url(re.compile(THREAD))
    expect(page.locator(".warning-timeline li").first).to_contain_text("流入证券")
    expect(page.get_by_role("button", name=re.compile("待查")).first).to_be_enabled()
    page.keyboard.press("3")
    expect(page.locator("form textarea").first).to_be_focused()
    page.keyboard.type("先看合同")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".warning-timeline li").first).to_contain_text("判断：待查 · 先看合同")
    page.locator("body").click(position={"x": 5, "y": 300})
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile(QUIET_THREAD))
    page.keyboard.press("/")
    page.keyboard.type("甲纺")
    expect(page).to_have_url(re.compile(f"{THREAD}.*search="))
    page.keyboard.press("1")  # typed, not pressed
    expect(page.get_by_text("没有符合条件的预警").first).to_be_visible()


def test_the_page_says_who_answers_why_and_by_when(page: Page, warned: str, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        for number, role in (("S3", Role.POST_LOAN_INSPECTOR), ("S4", Role.LEGAL)):
            connection.execute("INSERT INTO parties.staff VALUES (%s, 'U1', %s, 'other')", (number, number))
            write_person(connection, number, [role], "U1", number)
    page.goto(f"{warned}/warnings?lang=zh")
    facts = page.locator(".case-facts")
    acts_as(page, "S3")
    expect(facts).to_contain_text(
        "支行行长、风险经理24 小时内处置 · 贷款低于 500.00 万元，红色预警由分支行处置"
    )
    expect(facts).to_contain_text("判断属实或误报")
    expect(facts).to_contain_text("超期通知总行风险管理部、法务")
    # Others answer for it: no button and no key judges, what was done can be entered.
    acts = page.get_by_role("complementary")
    expect(acts).to_contain_text("这条预警由支行行长、风险经理处置")
    expect(acts.get_by_role("button", name="属实")).to_have_count(0)
    page.keyboard.press("1")
    expect(page.locator(".act-form")).to_have_count(0)
    expect(acts.get_by_role("button", name="登记措施")).to_be_visible()
    page.get_by_label("本岗处置").click()
    expect(page).to_have_url(re.compile(rf"/warnings/{QUIET_THREAD}\?.*ours=true"))
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE ledger.loan_note SET amount_fen = 500000000 WHERE loan_id = %s", (LOAN,))
    page.goto(f"{warned}/warnings/{THREAD}?lang=zh")
    acts_as(page, "S4")
    expect(facts).to_contain_text(
        "总行风险管理部、法务24 小时内处置 · 对公贷款达到 500.00 万元，红色预警由总行处置"
    )
    acts.get_by_role("button", name="属实").click()
    acts.get_by_role("button", name="确认属实").click()
    expect(facts).to_contain_text("登记措施")


def test_a_second_person_closes_what_the_first_one_judged(page: Page, warned: str) -> None:
    page.goto(f"{warned}/warnings/{THREAD}?lang=zh")
    acts_as(page, "S1")
    page.get_by_role("button", name=re.compile("^误报")).click()
    page.get_by_text("退货、退款").click()
    page.get_by_role("button", name="确认误报").click()
    expect(page.get_by_text("须由另一人复核，您是提出人")).to_be_visible()
    expect(page.get_by_role("button", name="解除预警")).to_have_count(0)
    acts_as(page, "S2")
    page.get_by_role("button", name="解除预警").first.click()
    page.get_by_label("解除依据").fill("凭证已核实")
    page.locator("form").get_by_role("button", name="解除预警").click()
    expect(page.get_by_text("这条预警已经解除")).to_be_visible()
    page.goto(f"{warned}/warnings?lang=zh&state=closed")
    expect(page.get_by_role("list", name="预警列表，按期限排序").get_by_role("listitem")).to_have_count(1)


def test_new_ones_appear_without_reload(page: Page, warned: str, database_url: str) -> None:
    page.goto(f"{warned}/warnings?lang=zh")
    queue = page.get_by_role("list", name="预警列表，按期限排序").get_by_role("listitem")
    expect(queue).to_have_count(2)
    expect(page.get_by_text("实时", exact=True)).to_be_visible()
    with psycopg.connect(database_url) as connection:
        take_rows(connection, [hit_row(), {**QUIET_HIT, "level": Level.RED.value}])
    raised = queue.filter(has_text=re.compile("乙"))
    expect(raised).to_contain_text("红色")
    expect(raised).to_have_class(re.compile("fresh"))


def test_two_who_act_at_once_are_told(page: Page, allowed: list[str], warned: str, database_url: str) -> None:
    allowed += ["409"]  # the answer that this test asks for
    page.goto(f"{warned}/warnings/{THREAD}?lang=zh")
    page.get_by_role("button", name=re.compile("^属实")).click()
    page.evaluate(
        f"""() => fetch('/api/v1/warnings/{THREAD}/acts', {{method: 'POST', headers: {{'Content-Type': 'application/json'}},
            body: JSON.stringify({{act: 'assign', to: 'S2', version: 2, request_key: 'other-0001'}})}})"""
    )
    page.evaluate("document.querySelector('.act-form').requestSubmit()")
    expect(page.get_by_role("alert")).to_contain_text("期间有人处理过这条预警")
    # Read again by itself: the same button does it now.
    expect(page.locator(".warning-timeline li").first).to_contain_text("指派")
    page.evaluate("document.querySelector('.act-form').requestSubmit()")
    expect(page.locator(".acts-said")).to_contain_text("已记录")


def test_filters_stand_in_the_address(page: Page, warned: str) -> None:
    page.goto(f"{warned}/warnings?lang=zh")
    page.get_by_role("button", name=re.compile("^蓝色")).click()
    expect(page).to_have_url(re.compile(rf"{QUIET_THREAD}\?.*level=blue"))
    page.reload()
    expect(page.get_by_role("list", name="预警列表，按期限排序").get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name=re.compile("^蓝色")).click()
    page.get_by_role("checkbox", name=re.compile("仅超期")).click()
    expect(page.get_by_text("没有符合条件的预警").first).to_be_visible()
    page.get_by_role("button", name="清除筛选").click()
    expect(page).to_have_url(re.compile(rf"/warnings/{THREAD}(\?lang=zh)?$"))
    expect(page.get_by_role("list", name="预警列表，按期限排序").get_by_role("listitem")).to_have_count(2)


def test_a_filter_of_the_queue_is_kept_by_name(page: Page, warned: str) -> None:
    kept_and_applied(page, f"{warned}/warnings", "level=blue", "蓝色的")
    expect(page.get_by_role("list", name="预警列表，按期限排序").get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="常用筛选").click()
    page.get_by_role("button", name="仅超期", exact=True).click()
    expect(page.get_by_role("checkbox", name=re.compile("仅超期"))).to_be_checked()
    expect(page.locator(".level-filter .level-blue")).to_have_attribute("aria-pressed", "false")


def test_several_are_given_to_one_person(page: Page, warned: str) -> None:
    page.goto(f"{warned}/warnings?lang=zh")
    for borrower in ("甲纺织有限公司", "乙"):
        page.get_by_role("checkbox", name=f"选择 {borrower}", exact=True).check()
    group = page.get_by_role("group", name="批量指派")
    group.get_by_role("combobox").click()
    page.locator(".ant-select-item-option").filter(has_text="S2").click()
    expect(page.get_by_text("已将 2 条预警指派给 风险经理二")).to_be_visible()
    expect(page.locator(".queue-item").filter(has_text="风险经理二")).to_have_count(2)
    expect(group).to_have_count(0)
    expect(page.locator(".queue-item.current a")).to_be_focused()


def test_the_loan_says_that_it_has_a_warning(page: Page, warned: str) -> None:
    page.goto(f"{warned}/loans/{LOAN}?lang=zh")
    line = page.get_by_role("region", name="这笔贷款有预警")
    expect(line).to_contain_text("红色")
    line.get_by_role("link").click()
    expect(page).to_have_url(re.compile(THREAD))


def test_without_a_warning_the_page_says_what_comes(page: Page, own_address: str) -> None:
    page.goto(f"{own_address}/warnings?lang=en")
    expect(page.get_by_role("status").filter(has_text="No warning waits")).to_be_visible()
    page.goto(f"{own_address}/warnings?lang=zh&state=closed")
    expect(page.get_by_text("没有符合条件的预警").first).to_be_visible()


def test_a_loans_page_says_what_came_live_is_not_in_it_yet_and_leads_to_its_warning(
    page: Page, warned: str, database_url: str
) -> None:
    """The page asks how far the evaluation is, which begins the run; when that is over the page reads all anew by itself."""
    with psycopg.connect(database_url) as connection:
        take_rows(connection, [hit_row(), hit_row("ROUND_TRIP"), QUIET_HIT])
        connection.execute("UPDATE live.waiting SET line_count = 3, since = '2025-03-21T02:15:00Z'")
    evaluation = f"{warned}/api/v1/evaluation"
    told = page.request.get(evaluation).json() | {
        "untraced_lines": 3,
        "waiting_since": "2025-03-21T02:15:00Z",
    }
    # What it says at first is held, however soon the run ends.
    page.route("**/api/v1/evaluation", lambda route: route.fulfill(json=told))
    page.goto(f"{warned}/loans/{LOAN}?lang=zh")
    notice = page.locator(".live-notice")
    expect(notice).to_have_text(
        "全行有 3 笔实时流水（2025-03-21 10:15:00 起）尚未计入本页，将在下次重新计算后反映；预警实时判断"
    )
    beyond = page.get_by_role("region", name="疑似线索").get_by_role("link", name="预警中还有：")
    expect(beyond).to_have_attribute("href", f"/warnings/{THREAD}?state=all")
    page.unroute("**/api/v1/evaluation")
    expect(notice).to_have_text("", timeout=90_000)


def test_a_loans_page_hears_of_its_warning_while_live_lines_wait(
    page: Page, warned: str, database_url: str
) -> None:
    """Each time it is asked for leaves an entry in the audit log."""
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if one.url.endswith(f"/{LOAN}/warning") else None)
    page.clock.install()
    page.goto(f"{warned}/loans/{LOAN}?lang=zh")
    of_loan = page.get_by_role("region", name="这笔贷款有预警")
    expect(of_loan).to_be_visible()
    before = len(asked)
    with page.expect_response(re.compile(f"/loans/{LOAN}$")):
        page.clock.run_for(65_000)
    assert len(asked) == before
    waiting = {"untraced_lines": 3, "waiting_since": "2025-03-21T02:15:00Z"}
    told = page.request.get(f"{warned}/api/v1/evaluation").json() | waiting
    page.route("**/api/v1/evaluation", lambda route: route.fulfill(json=told))
    with page.expect_response(re.compile(f"/{LOAN}/warning$")):
        page.clock.run_for(21_000)
    expect(page.locator(".live-notice")).to_contain_text("全行有 3 笔实时流水")
    before = len(asked)
    with page.expect_response(re.compile(f"/loans/{LOAN}$")):
        page.clock.run_for(65_000)
    assert len(asked) == before, "the server told of nothing"
    expect(of_loan).not_to_contain_text("资金回流")
    with psycopg.connect(database_url) as connection, page.expect_response(re.compile(f"/{LOAN}/warning$")):
        take_rows(connection, [hit_row(), hit_row("ROUND_TRIP"), QUIET_HIT])
    expect(of_loan).to_contain_text("资金回流")
