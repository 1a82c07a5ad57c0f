"""The loan checks in a real browser: ten closed within the clicks, vouchers dropped, a suspicion, a review, the loan's page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
from playwright.sync_api import Error, Page, Route, expect
from tests.browser.conftest import sign_in_as
from tests.browser.keeping import kept_and_applied
from tests.browser.manners import flaws
from tests.browser.settling import settled
from tests.http.bank import LOAN
from tests.http.checked import (
    CHECK,
    INSPECTOR,
    PDF_BYTES,
    honest_loan,
    write_checked_bank,
    write_honest_loans,
)
from tests.http.warned import THREAD
from tests.signing_in import write_person

from loantrail import clock
from loantrail.identity.abilities import Role
from loantrail.inspections.scheduling import schedule
from loantrail.parameters import shipped_parameters

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

CLICKS_MOST = 12
SECONDS_MOST = 300
TEN = 10
PNG_BYTES = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 30 + b"\x00\x00\x00\x00IEND\xaeB`\x82"


@pytest.fixture
def checked(own_address: str, database_url: str) -> Iterator[str]:
    """Address of the checked bank with ten honest loans, in this test's own database."""
    with psycopg.connect(database_url) as connection:
        write_checked_bank(connection)
        write_honest_loans(connection, TEN)
        write_person(connection, "S1", (Role.RELATIONSHIP_MANAGER,), "U1", "S1")
        write_person(connection, INSPECTOR, (Role.POST_LOAN_INSPECTOR, Role.BRANCH_MANAGER), "U1", INSPECTOR)
    yield own_address


def count_clicks(page: Page) -> None:
    """Count what the reader presses from now on, through all pages that follow without a reload."""
    page.evaluate(
        "window.clicks = 0; addEventListener('click', event => event.isTrusted && window.clicks++, true)"
    )


def clicks(page: Page) -> int:
    """How many since the last time that was asked."""
    counted = int(page.evaluate("window.clicks"))
    page.evaluate("window.clicks = 0")
    return counted


def shown_loan(page: Page) -> str:
    return page.locator(".check-head .figures.quiet").first.inner_text()


def test_ten_checks_are_closed_within_the_clicks(page: Page, checked: str, database_url: str) -> None:
    sign_in_as(page.context, "S1")
    page.goto(f"{checked}/checks?lang=zh&search=诚信")
    queue = page.get_by_role("list", name="检查列表，按期限排序").get_by_role("listitem")
    expect(queue).to_have_count(TEN)
    count_clicks(page)
    began = clock.monotonic_seconds()
    told: list[tuple[str, int]] = []
    for left in range(TEN, 0, -1):
        expect(queue).to_have_count(left)
        expect(page.get_by_text("已判断 0 / 3 项")).to_be_visible()
        loan = shown_loan(page)
        page.get_by_role("button", name=re.compile("有据且凭证齐全的 2 项：全部属实")).click()
        page.get_by_role("group", name="判断 支付机构").get_by_role(
            "button", name=re.compile("^属实")
        ).click()
        conclusion = page.get_by_role("region", name="结论")
        expect(conclusion.get_by_role("radio", name=re.compile("^符合约定用途"))).to_be_checked()
        expect(conclusion.get_by_label("结论说明")).to_have_value(re.compile("建议结论：符合约定用途。$"))
        conclusion.get_by_role("button", name=re.compile("^提交")).click()
        if left > 1:
            expect(page.locator(".check-head .figures.quiet").first).not_to_have_text(loan)
        told.append((loan, clicks(page)))
    expect(page.get_by_text("已提交").or_(page.get_by_text("待复核")).first).to_be_visible()
    assert len({loan for loan, _ in told}) == TEN
    assert [count for _, count in told if count > CLICKS_MOST] == []
    assert [count for _, count in told] == [3] * TEN
    sign_in_as(page.context, INSPECTOR)
    page.goto(f"{checked}/checks?lang=zh&state=review&mine=true")
    expect(queue).to_have_count(TEN)
    count_clicks(page)
    for left in range(TEN, 0, -1):
        expect(queue).to_have_count(left)
        page.get_by_role("group", name="复核").get_by_role("button", name=re.compile("^通过")).click()
        if left > 1:
            expect(queue).to_have_count(left - 1)
            assert clicks(page) == 1
    expect(page.get_by_text(re.compile("贷后检查岗三 于 .* 复核通过"))).to_be_visible()
    assert clock.monotonic_seconds() - began < SECONDS_MOST
    with psycopg.connect(database_url) as connection:
        closed = connection.execute(
            "SELECT count(*) FROM published.loan_check WHERE state = 'closed' AND conclusion = 'as_agreed' AND on_time"
        ).fetchone()
    assert closed == (TEN,)


def test_by_keyboard_alone(page: Page, checked: str) -> None:
    sign_in_as(page.context, "S1")
    page.goto(f"{checked}/checks?lang=zh&search=诚信")
    first = shown_loan(page)
    page.keyboard.press("j")
    expect(page.locator(".check-head .figures.quiet").first).not_to_have_text(first)
    page.keyboard.press("k")
    expect(page.locator(".check-head .figures.quiet").first).to_have_text(first)
    page.keyboard.press("a")
    expect(page.get_by_text("已判断 2 / 3 项")).to_be_visible()
    page.keyboard.press("3")
    page.keyboard.type("支付机构的商户明细")
    page.keyboard.press("Enter")
    expect(page.get_by_text("已判断 3 / 3 项")).to_be_visible()
    expect(page.locator(".judged-more_papers")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_label("结论说明")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".check-head .figures.quiet").first).not_to_have_text(first)


def test_a_suspicion_wants_a_reason_and_leads_to_the_warning(page: Page, checked: str) -> None:
    sign_in_as(page.context, "S1")
    page.goto(f"{checked}/checks/{CHECK}?lang=zh")
    line = page.locator("[data-use=securities]")
    expect(line.get_by_text("受限用途")).to_be_visible()
    line.get_by_role("button", name=re.compile("^属实")).click()
    # A restricted use is genuine only with a voucher or a reason.
    expect(line.get_by_label("属实的说明")).to_be_focused()
    line.get_by_role("button", name=re.compile("^不属实")).click()
    line.get_by_label("不属实的说明").fill("转入关联方证券账户")
    line.get_by_role("button", name="确认不属实").click()
    expect(line.locator(".judged-not_genuine")).to_be_visible()
    expect(
        page.get_by_role("region", name="结论").get_by_role("radio", name=re.compile("^部分不符"))
    ).to_be_checked()
    note = page.get_by_role("note")
    expect(note).to_contain_text("一人确认的疑似，不是认定")
    note.get_by_role("link", name="打开预警").click()
    expect(page).to_have_url(re.compile(THREAD))


def test_vouchers_are_brought_where_they_are_missing(page: Page, allowed: list[str], checked: str) -> None:
    allowed += ["422"]  # the refusal that this test asks for
    sign_in_as(page.context, "S1")
    page.goto(f"{checked}/checks/{CHECK}?lang=zh")
    supplier = page.locator("[data-use=supplier]")
    expect(supplier.get_by_text("缺发票 45.00 万元")).to_be_visible()
    page.get_by_test_id("bring-supplier-invoice").set_input_files(
        {"name": "发票.pdf", "mimeType": "application/pdf", "buffer": PDF_BYTES}
    )
    expect(supplier.get_by_text("缺发票")).to_have_count(0)
    vouchers = page.get_by_role("region", name="凭证")
    expect(vouchers.get_by_role("link", name="发票.pdf")).to_be_visible()
    # Dropped on the zone, for another line.
    page.evaluate(
        """bytes => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], '现场.png', {type: 'image/png'}));
            document.querySelector('.voucher-drop').dispatchEvent(
                new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: transfer}));
        }""",
        list(PNG_BYTES),
    )
    expect(vouchers.get_by_role("link", name="现场.png")).to_be_visible()
    page.get_by_test_id("vouchers").set_input_files(
        {"name": "假.pdf", "mimeType": "application/pdf", "buffer": b"<html><script>alert(1)</script>"}
    )
    expect(vouchers.get_by_text("假.pdf：文件不是可接收的类型")).to_be_visible()
    with page.expect_download() as saving:
        vouchers.get_by_role("link", name="发票.pdf").click()
    assert saving.value.path().read_bytes() == PDF_BYTES
    page.goto(f"{checked}/loans/{LOAN}/documents?lang=zh")
    expect(page.get_by_role("link", name="发票.pdf")).to_be_visible()


def test_a_returned_check_says_why(page: Page, checked: str) -> None:
    sign_in_as(page.context, "S1")
    page.goto(f"{checked}/checks?lang=zh&search={honest_loan(3)}")
    page.get_by_role("button", name=re.compile("全部属实")).click()
    page.get_by_role("group", name="判断 支付机构").get_by_role("button", name=re.compile("^属实")).click()
    page.get_by_role("button", name="提交", exact=True).click()
    expect(
        page.get_by_text("提交或判断过这项检查的人不能复核").or_(page.get_by_text("本岗位不能复核"))
    ).to_be_visible()
    sign_in_as(page.context, INSPECTOR)
    page.goto(f"{checked}/checks?lang=zh&state=review")
    page.get_by_role("button", name="退回").click()
    page.get_by_label("退回原因").fill("请补现场照片")
    page.locator("form").get_by_role("button", name="退回").click()
    expect(page.get_by_text("复核退回：请补现场照片")).to_be_visible()


def test_judging_on_the_page_of_the_loan(page: Page, checked: str) -> None:
    sign_in_as(page.context, "S1")
    page.goto(f"{checked}/loans/{honest_loan(5)}?lang=zh")
    row = page.locator("[data-row-key=payment_institution]")
    row.get_by_role("button", name=re.compile("^属实")).click()
    expect(row.get_by_role("button", name=re.compile("^属实"))).to_have_attribute("aria-pressed", "true")
    box = page.get_by_role("region", name=re.compile("首次检查"))
    expect(box).to_contain_text("已判断 1 / 3 项")
    settled(page)
    assert flaws(page) == []
    box.get_by_role("link", name="填写结论").click()
    expect(page).to_have_url(re.compile("/check"))
    page.get_by_role("button", name=re.compile("全部属实")).click()
    expect(page.get_by_text("已判断 3 / 3 项")).to_be_visible()
    settled(page)
    assert flaws(page) == []
    page.get_by_role("tab", name="时间线").click()
    expect(page.get_by_text("建立首次检查")).to_be_visible()
    expect(page.get_by_text("放款", exact=True)).to_be_visible()
    page.get_by_role("tab", name="分类历史").click()
    expect(page.get_by_text("由谁、依据什么认定")).to_be_visible()


def test_figures_that_changed_since_are_told(page: Page, checked: str, database_url: str) -> None:
    sign_in_as(page.context, "S1")
    loan = honest_loan(7)
    page.goto(f"{checked}/checks?lang=zh&search={loan}")
    page.get_by_role("button", name=re.compile("全部属实")).click()
    page.get_by_role("group", name="判断 支付机构").get_by_role("button", name=re.compile("^属实")).click()
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_text("待复核").first).to_be_visible()
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE tracing.statement SET use = 'securities', line_group = 'prohibited' WHERE loan_id = %s AND use = 'tax'",
            (loan,),
        )
        schedule(connection, shipped_parameters())
    page.reload()
    told = page.get_by_role("alert").filter(has_text="提交后数据有变化")
    expect(told).to_contain_text("证券、基金 +10.00 万元")
    expect(told).to_contain_text("税费 −10.00 万元")


def test_a_filter_of_the_queue_is_kept_by_name(page: Page, checked: str) -> None:
    kept_and_applied(page, f"{checked}/checks", "state=all&mine=true", "我的全部")
    expect(page.get_by_role("checkbox", name=re.compile("^只看我的"))).to_be_checked()
    page.get_by_role("button", name="常用筛选").click()
    page.locator(".saved-filters").get_by_role("button", name="仅超期", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?overdue=true$"))


def test_a_filter_that_is_kept_before_the_others_are_read_stays(page: Page, checked: str) -> None:
    held: list[Route] = []
    page.route(
        "**/api/v1/saved-filters*",
        lambda route: held.append(route) if route.request.method == "GET" else route.continue_(),
    )
    page.goto(f"{checked}/checks?lang=zh&state=all&mine=true")
    page.get_by_role("button", name="常用筛选").click()
    page.get_by_label("给当前条件起个名字").fill("我的全部")
    page.keyboard.press("Enter")
    kept = page.get_by_role("list", name="我的筛选").get_by_role("button", name="我的全部", exact=True)
    expect(kept).to_be_visible()
    with suppress(Error):  # the page may have given it up
        held[0].fulfill(json={"items": []})
    page.wait_for_timeout(500)
    expect(kept).to_be_visible()


def test_without_a_check_the_page_says_what_comes(page: Page, own_address: str) -> None:
    page.goto(f"{own_address}/checks?lang=en")
    expect(page.get_by_role("status").filter(has_text="No check is to be done")).to_be_visible()
