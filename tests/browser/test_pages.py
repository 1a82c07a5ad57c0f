"""What a reader sees and does, in both languages."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from tests.browser.conftest import SIZES
from tests.http.bank import LOAN, QUIET_LOAN, UNTRACED_LOAN, transfer_id

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

SHOTS = os.environ.get("LOANTRAIL_SCREENSHOTS")
"""A folder to keep pictures in, for a person to look at."""


def _picture(page: Page, name: str) -> None:
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def _fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def _clipped(page: Page) -> list[str]:
    """Cells and boxes whose content is wider than they are."""
    return page.evaluate(
        "[...document.querySelectorAll('th, td, .card, .ant-table-content, .party-name, .step-amount')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')"
        ".map(e => `${e.tagName} ${e.className}: ${e.textContent}`)"
    )


WORDS = {
    "zh": {
        "loans": "贷款",
        "statement": "资金用途表",
        "securities": "证券、基金",
        "leads": "疑似线索",
        "path": "路径",
    },
    "en": {
        "loans": "Loans",
        "statement": "Use of proceeds",
        "securities": "Securities and funds",
        "leads": "Leads",
        "path": "Path",
    },
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_from_the_list_to_the_loan_to_the_path_of_the_misused_money(
    page: Page, bank_address: str, language: str
) -> None:
    words = WORDS[language]
    page.goto(f"{bank_address}/loans")
    if language == "en":
        page.get_by_text("English").click()
    expect(page.get_by_role("heading", name=words["loans"], level=1)).to_be_visible()
    _picture(page, f"list-{language}")
    page.get_by_role("link", name=LOAN).click()
    expect(page.get_by_role("heading", name=words["statement"])).to_be_visible()
    line = page.get_by_role("row").filter(has_text=words["securities"]).first
    expect(line).to_contain_text("300,000.00")
    expect(line).to_contain_text("250,000.00 – 300,000.00")
    line.get_by_role("button").click()
    steps = page.get_by_role("list", name=words["path"]).get_by_role("listitem")
    expect(steps).to_have_count(3)
    expect(steps.nth(0)).to_contain_text("1,000,000.00")
    expect(steps.nth(1)).to_contain_text("350,000.00")
    expect(steps.nth(1)).to_contain_text("戊贸易有限公司")
    expect(steps.nth(2)).to_contain_text(
        "2025-03-06 10:30:00"
    )  # Asia/Shanghai, though the browser is elsewhere
    expect(page.get_by_role("region", name=words["leads"])).to_contain_text("300,000.00")
    _picture(page, f"loan-{language}")


def test_the_exact_fen_are_one_hover_away(page: Page, bank_address: str) -> None:
    page.goto(f"{bank_address}/loans")
    row = page.get_by_role("row").filter(has_text=LOAN)
    expect(row.get_by_text("100.00", exact=True).first).to_have_attribute(
        "title", "1,000,000.00 元（100,000,000 分）"
    )


def test_searching_narrows_the_list_and_stands_in_the_address(page: Page, bank_address: str) -> None:
    page.goto(f"{bank_address}/loans")
    expect(page.get_by_role("link", name=UNTRACED_LOAN)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("030002")
    expect(page.get_by_role("link", name=UNTRACED_LOAN)).to_have_count(0)
    expect(page.get_by_role("link", name=QUIET_LOAN)).to_be_visible()
    expect(page).to_have_url(f"{bank_address}/loans?search=030002")
    page.reload()
    expect(page.get_by_role("link", name=QUIET_LOAN)).to_be_visible()
    expect(page.get_by_role("link", name=LOAN)).to_have_count(0)
    page.get_by_role("searchbox").or_(page.get_by_role("textbox")).fill("没有这样的")
    expect(page.get_by_role("status")).to_contain_text("没有符合条件的贷款")
    _picture(page, "no-match")
    page.get_by_role("button", name="清除条件").click()
    expect(page.get_by_role("link", name=LOAN)).to_be_visible()


def test_a_link_to_an_open_line_shows_it_open(page: Page, bank_address: str) -> None:
    page.goto(f"{bank_address}/loans/{LOAN}?line=supplier&lang=en")
    expect(page.get_by_role("heading", name="Evidence: 2 transactions")).to_be_visible()
    expect(page.get_by_text(transfer_id("货款"))).to_be_visible()


def test_a_lead_opens_the_evidence_it_rests_on(page: Page, bank_address: str) -> None:
    page.goto(f"{bank_address}/loans/{LOAN}")
    page.get_by_role("button", name="查看证据", exact=True).click()
    expect(page.get_by_role("heading", name="证据：1 笔交易")).to_be_visible()
    expect(page.get_by_role("button", name="收起“证券、基金”的证据")).to_be_focused()


def test_everything_can_be_done_from_the_keyboard(page: Page, bank_address: str) -> None:
    page.goto(f"{bank_address}/loans")
    link = page.get_by_role("link", name=LOAN)
    expect(link).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if link.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="查看“证券、基金”的证据")
    expect(button).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if button.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="收起“证券、基金”的证据")).to_have_attribute(
        "aria-expanded", "true"
    )
    expect(page.get_by_role("list", name="路径")).to_be_visible()


def test_bounds_not_computed_yet_are_asked_for(page: Page, own_bank: str) -> None:
    page.set_default_timeout(100_000)
    page.goto(f"{own_bank}/loans/{LOAN}?lang=en")
    line = page.get_by_role("row").filter(has_text="Held by the borrower").first
    ask = line.get_by_role("button", name="Held by the borrower: least and most")
    ask.click()
    expect(ask).to_have_count(0, timeout=100_000)
    # 920,000.00 left the account afterwards; whether other money was there to pay it is not known.
    expect(line).to_contain_text("80,000.00 – 1,000,000.00")


def _with_a_disbursement(route: Route) -> None:
    """A loan that was never paid out says something else."""
    answer = route.fetch()
    body = answer.json()
    body["facts"]["disbursements"] = [
        {
            "disbursement_id": "FK9",
            "booked_at": "2025-03-03T02:00:00Z",
            "amount_fen": "8000000",
            "account": "6201",
        }
    ]
    route.fulfill(response=answer, body=json.dumps(body))


def test_a_loan_outside_the_trace_says_so(page: Page, bank_address: str) -> None:
    page.route(f"**/api/v1/loans/{UNTRACED_LOAN}", _with_a_disbursement)
    page.goto(f"{bank_address}/loans/{UNTRACED_LOAN}")
    expect(page.get_by_role("status")).to_contain_text("这笔贷款还没有追踪结果")
    page.unroute(f"**/api/v1/loans/{UNTRACED_LOAN}")
    _picture(page, "untraced")


def test_a_loan_that_was_not_paid_out_is_not_said_to_be_untraced(page: Page, bank_address: str) -> None:
    page.goto(f"{bank_address}/loans/{UNTRACED_LOAN}")
    expect(page.locator(".band-facts")).to_contain_text("无放款")
    expect(page.locator(".band-facts")).not_to_contain_text("尚未追踪")


def test_days_are_typed_year_first_in_either_language(page: Page, bank_address: str) -> None:
    for language, filters, day_from in (("zh", "筛选", "发放日从"), ("en", "Filters", "Issued from")):
        page.goto(f"{bank_address}/loans?lang={language}")
        page.get_by_role("button", name=filters, exact=True).click()
        page.get_by_label(day_from).press_sequentially("2025-03-05")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("issued_from=2025-03-05"))
        expect(page.get_by_role("link", name=LOAN)).to_have_count(0)
        expect(page.locator("input[type=date]")).to_have_count(0)


def test_files_of_no_known_format_wait_for_no_import(page: Page, own_address: str) -> None:
    site = {"sec-fetch-site": "same-origin"}
    begun = page.request.post(f"{own_address}/api/v1/imports", data={}).json()["import_id"]
    address = f"{own_address}/api/v1/imports/{begun}"
    kind = {"content-type": "application/octet-stream"}
    assert page.request.put(f"{address}/files/letter.txt", data=b"Dear bank,\n", headers=site | kind).ok
    assert page.request.post(f"{address}/check", data={"format": "", "mapping": "", "account": ""}).ok
    page.goto(f"{own_address}/imports/files/{begun}")
    expect(page.locator(".import-head .state")).to_have_text("没有可导入的文件")
    expect(page.get_by_role("button", name="导入", exact=True)).to_be_disabled()


def test_an_unknown_loan_and_an_unknown_page_lead_back(
    page: Page, allowed: list[str], bank_address: str
) -> None:
    allowed += ["404"]  # the browser's own line about the answer
    page.goto(f"{bank_address}/loans/nothing")
    expect(page.get_by_role("status")).to_contain_text("没有借据 nothing")
    page.goto(f"{bank_address}/elsewhere")
    page.locator("main").get_by_role("link").first.click()
    expect(page).not_to_have_url(f"{bank_address}/elsewhere")


def test_empty_books_say_what_to_do(page: Page, own_address: str) -> None:
    page.goto(f"{own_address}/loans")
    expect(page.get_by_role("status")).to_contain_text("账上还没有贷款")
    expect(page.get_by_role("status")).to_contain_text("loantrail import")
    _picture(page, "empty")


def test_a_failure_is_shown_with_its_remedy_and_can_be_tried_again(
    page: Page, allowed: list[str], bank_address: str
) -> None:
    allowed += ["500", "503", "ERR_FAILED"]

    def fail(route: Route) -> None:
        route.fulfill(
            status=500,
            content_type="application/problem+json",
            body=json.dumps(
                {
                    "type": "about:blank",
                    "title": "",
                    "status": 500,
                    "code": "unforeseen",
                    "detail": "It broke",
                    "detail_chinese": "出错了",
                    "remedy": "Words that have no Chinese",
                    "remedy_chinese": None,
                    "fields": [],
                }
            ),
        )

    page.route("**/api/v1/loans?**", fail)
    page.goto(f"{bank_address}/loans?lang=en")
    expect(page.get_by_role("alert")).to_contain_text("It broke")
    page.goto(f"{bank_address}/loans?lang=zh")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("暂时读取不到")
    expect(alert).to_contain_text("出错了")
    expect(alert).not_to_contain_text("It broke")
    expect(alert).to_contain_text("Words that have no Chinese")
    expect(alert).to_contain_text("错误代码 unforeseen")
    _picture(page, "failure")
    page.unroute("**/api/v1/loans?**")
    page.get_by_role("button", name="重试").click()
    expect(page.get_by_role("link", name=LOAN)).to_be_visible()
    page.route("**/evidence?**", lambda route: route.abort())
    page.goto(f"{bank_address}/loans/{LOAN}?line=securities")
    expect(page.get_by_role("alert")).to_contain_text("服务没有应答")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_is_wider_than_the_window(page: Page, bank_address: str, size: str, language: str) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{bank_address}/loans?lang={language}")
    expect(page.get_by_role("link", name=LOAN)).to_be_visible()
    assert _fits(page)
    assert _clipped(page) == []
    _picture(page, f"list-{language}-{size}")
    page.goto(f"{bank_address}/loans/{LOAN}?lang={language}&line=securities&line=supplier")
    expect(page.get_by_text(transfer_id("入市"))).to_be_visible()
    expect(page.get_by_text(transfer_id("货款"))).to_be_visible()
    assert _fits(page)
    assert _clipped(page) == []
    _picture(page, f"loan-{language}-{size}")
