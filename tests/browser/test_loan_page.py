"""What an officer sees and does on the page of one loan."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, Route, expect
from tests.http.bank import LOAN, RELATED, UNTRACED_LOAN, transfer_id

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

FIVE_YUAN_FEN = 500
PATIENCE_MS = 30_000


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".band").wait_for(timeout=PATIENCE_MS)


def test_the_band_and_the_verdict_say_what_matters_and_stay_in_sight(page: Page, bank_address: str) -> None:
    _open(page, f"{bank_address}/loans/{LOAN}?line=securities&line=supplier")
    band = page.locator(".band")
    expect(band).to_contain_text("甲纺织有限公司")
    expect(band).to_contain_text(LOAN)
    expect(band).to_contain_text("无还款计划")
    expect(band).to_contain_text("未登记还款账户")
    expect(band.get_by_role("link", name="资金流向报告 PDF")).to_have_attribute(
        "href", f"/api/v1/loans/{LOAN}/report.pdf?language=zh"
    )
    verdict = page.get_by_role("region", name="追踪结论")
    expect(verdict).to_contain_text(
        "30.00 万元疑似流入证券、基金（无论如何计算至少 25.00 万元），请核实凭证。"
    )
    expect(page.get_by_text(transfer_id("入市"))).to_be_visible()
    page.mouse.wheel(0, 4000)
    expect(band).to_be_in_viewport()
    expect(verdict).not_to_be_in_viewport()


def test_the_evidence_leads_on_to_accounts_and_transactions(page: Page, bank_address: str) -> None:
    _open(page, f"{bank_address}/loans/{LOAN}?line=securities&lang=en")
    expect(page.get_by_role("link", name=RELATED).first).to_have_attribute("href", f"/accounts/{RELATED}")
    expect(page.get_by_role("link", name=f"Transaction {transfer_id('入市')}")).to_have_attribute(
        "href", f"/transactions/{transfer_id('入市')}"
    )


def test_each_tab_has_its_own_address(page: Page, bank_address: str) -> None:
    _open(page, f"{bank_address}/loans/{LOAN}")
    page.get_by_role("tab", name="担保与要素").click()
    expect(page).to_have_url(f"{bank_address}/loans/{LOAN}/guarantees")
    expect(page.get_by_text("合同下没有登记担保")).to_be_visible()
    page.reload()
    expect(page.get_by_role("tab", name="担保与要素")).to_have_attribute("aria-selected", "true")
    page.go_back()
    expect(page.get_by_role("heading", name="资金用途表")).to_be_visible()
    page.get_by_role("tab", name="资金用途").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{bank_address}/loans/{LOAN}/flow")


def test_more_than_eight_lines_fold_into_one_that_opens(
    page: Page, allowed: list[str], bank_address: str
) -> None:
    allowed += ["404"]  # the added lines have no evidence
    uses = ["payroll", "tax", "utilities", "untraced", "relent", "outside"]

    def with_more_lines(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        pattern = body["statement"][-1]
        body["statement"] += [{**pattern, "use": use, "amount_fen": str(FIVE_YUAN_FEN)} for use in uses]
        route.fulfill(response=answer, body=json.dumps(body))

    page.route(f"**/api/v1/loans/{LOAN}", with_more_lines)
    _open(page, f"{bank_address}/loans/{LOAN}")
    table = page.locator(".statement").first
    rows = table.locator("tbody tr.ant-table-row")
    expect(rows).to_have_count(8)
    expect(rows.first).to_contain_text("证券、基金")
    expect(rows.last).to_contain_text("其他 3 项")
    expect(rows.last).to_contain_text("15.00")
    page.get_by_role("button", name="展开其他 3 项").click()
    expect(rows).to_have_count(11)
    page.get_by_role("button", name="收起其他 3 项").click()
    expect(rows).to_have_count(8)
    _open(page, f"{bank_address}/loans/{LOAN}?line=outside")  # a folded line that is linked to is shown
    expect(rows).to_have_count(11)


def test_a_loan_that_goes_while_it_is_read_stays_on_the_page_and_says_so(
    page: Page, allowed: list[str], bank_address: str
) -> None:
    allowed += ["404", "ERR_FAILED"]  # the browser's own lines about the answers
    page.clock.install()
    _open(page, f"{bank_address}/loans/{LOAN}")
    expect(page.get_by_role("heading", name="资金用途表")).to_be_visible()
    address = f"**/api/v1/loans/{LOAN}"
    page.route(
        address,
        lambda route: route.fulfill(
            status=404,
            content_type="application/problem+json",
            body='{"type":"about:blank","title":"","status":404,"code":"not_found","detail":"没有了","remedy":"","fields":[]}',
        ),
    )
    page.clock.run_for(61_000)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("最新数据中已没有这笔借据")
    expect(page.get_by_role("heading", name="资金用途表")).to_be_visible()
    page.unroute(address)
    page.route(address, lambda route: route.abort())
    alert.get_by_role("button", name="重新载入").click()
    expect(alert).to_contain_text("暂时读取不到新数据")
    expect(page.locator(".band")).to_contain_text("甲纺织有限公司")
    page.unroute(address)
    alert.get_by_role("button", name="重新载入").click()
    expect(alert).to_have_count(0)


def test_a_line_that_a_new_trace_dropped_says_so(page: Page, allowed: list[str], bank_address: str) -> None:
    allowed += ["404"]  # the browser's own line about the answer
    page.route(
        "**/evidence?**",
        lambda route: route.fulfill(
            status=404,
            content_type="application/problem+json",
            body='{"type":"about:blank","title":"","status":404,"code":"not_found","detail":"","remedy":"","fields":[]}',
        ),
    )
    _open(page, f"{bank_address}/loans/{LOAN}?line=supplier")
    expect(page.get_by_text("这一项已不在资金用途表中")).to_be_visible()
    page.unroute("**/evidence?**")


def test_a_loan_without_disbursement_has_nothing_to_follow(page: Page, bank_address: str) -> None:
    for tab in ("", "/flow", "/conventions"):
        _open(page, f"{bank_address}/loans/{UNTRACED_LOAN}{tab}")
        expect(page.get_by_role("status")).to_contain_text("没有放款记录")
    expect(page.locator(".band")).to_contain_text("无放款")


def test_a_convention_that_cannot_be_counted_says_why_and_the_rest_stays(
    page: Page, allowed: list[str], bank_address: str
) -> None:
    allowed += ["422"]  # the browser's own line about the answer
    page.route(
        "**/conventions/lifo",
        lambda route: route.fulfill(
            status=422,
            content_type="application/problem+json",
            body='{"type":"about:blank","title":"","status":422,"code":"input","detail":"账已更新","remedy":"重新追踪","fields":[]}',
        ),
    )
    _open(page, f"{bank_address}/loans/{LOAN}/conventions?by=lifo")
    expect(page.get_by_role("alert")).to_contain_text("账已更新。重新追踪")
    expect(page.get_by_role("heading", name="按其他计算方法")).to_be_visible()
    expect(page.locator(".analysis-mark")).to_have_text("仅供分析")
    page.unroute("**/conventions/lifo")
