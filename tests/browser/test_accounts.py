"""Accounts and transactions in a real browser: the curve, mending and correcting with a reason."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.http.bank import BORROWER, SUPPLIER, transfer_id

from loantrail.ledger.merges.acts import Merge, merge
from loantrail.tracing.store_evaluation import request

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]


def test_from_the_list_to_an_account_to_a_transaction(page: Page, bank_address: str) -> None:
    page.goto(f"{bank_address}/accounts?lang=zh")
    page.get_by_label("账号或户名，支持拼音首字母").fill("甲纺织")
    page.get_by_role("link", name=BORROWER).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("甲纺织有限公司")
    expect(page.get_by_role("img", name=re.compile("余额曲线"))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile(r"其中贷款资金 150,000\.00 元"))).to_be_visible()
    page.get_by_label("收支方向").click()
    page.get_by_title("收入").click()
    expect(page.locator(".line-table tbody tr.ant-table-row")).to_have_count(2)
    page.get_by_role("link", name=re.compile("查看 2025-03-07")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("50,000.00 元")
    expect(page.locator("header .pairing-tag")).to_contain_text("已配对")


def test_taking_two_lines_apart_asks_for_a_reason_and_leads_on(page: Page, own_bank: str) -> None:
    page.goto(f"{own_bank}/transactions/{transfer_id('往来')}?lang=zh")
    page.get_by_role("button", name="拆开").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="拆开").click()
    expect(dialog.get_by_role("alert")).to_have_text("请写明原因")
    dialog.get_by_label("原因").fill("不是同一笔")
    dialog.get_by_role("button", name="拆开").click()
    expect(page.locator("header .pairing-tag")).to_contain_text("人工单列")
    expect(page.get_by_role("button", name=re.compile("的这条流水配对"))).to_have_count(1)
    expect(page.get_by_text("原因：不是同一笔")).to_be_visible()


def test_correcting_an_account_is_kept_and_can_be_withdrawn(page: Page, own_bank: str) -> None:
    page.goto(f"{own_bank}/accounts/{SUPPLIER}?lang=zh")
    page.get_by_role("button", name="指定类别").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("类别").click()
    page.keyboard.type("小贷")
    page.keyboard.press("Enter")
    dialog.get_by_label("原因").fill("工商登记为小额贷款公司")
    dialog.get_by_role("button", name="更正并重新计算").click()
    expect(page.locator(".correction-history")).to_contain_text("小贷、民间借贷")
    expect(page.locator(".correction-history")).to_contain_text("工商登记为小额贷款公司")
    page.get_by_role("button", name="撤销").click()
    # The dialog before may still be closing.
    dialog = page.get_by_role("dialog").filter(has=page.get_by_role("button", name="撤销"))
    dialog.get_by_label("原因").fill("登记已变更")
    dialog.get_by_role("button", name="撤销").click()
    expect(page.locator(".correction-history")).to_contain_text("已撤销")
    expect(page.locator(".evaluation")).to_contain_text(
        re.compile("已按更改重新计算|正在重新计算"), timeout=60_000
    )


def test_an_old_address_says_what_took_its_place(
    page: Page, allowed: list[str], own_bank: str, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO ledger.account (account, account_number, sub_account) VALUES ('6299-001', '6299', '001')"
        )
    allowed.append("404")  # the answer that this test asks for
    page.goto(f"{own_bank}/accounts/6299?lang=zh")
    expect(page.get_by_text("账户 6299 已并入其他账户")).to_be_visible()
    page.get_by_role("link", name="6299-001").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("户名未知")


CARD = "6222000000000001"


def _known_by_card_too(database_url: str) -> None:
    """The supplier's account is named by a card number in its payer's statement."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO ledger.account (account, account_number, kind, auto_created) VALUES (%s, %s, 'external', true)",
            (CARD, CARD),
        )


def test_merging_asks_for_both_and_why_and_can_be_undone(
    page: Page, allowed: list[str], own_bank: str, database_url: str
) -> None:
    allowed.append("409")  # the page that is being left may still ask for the account that is no more
    _known_by_card_too(database_url)
    page.goto(f"{own_bank}/accounts/{CARD}?lang=zh")
    page.get_by_role("button", name="合并账户").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="合并并重新计算")).to_be_disabled()
    dialog.get_by_label("并入账户").click()
    page.keyboard.type("丁棉")
    page.locator(".ant-select-item-option").get_by_text("丁棉业有限公司").click()
    both = dialog.get_by_role("table", name="两个账户对照")
    expect(both.get_by_role("row", name="账号")).to_contain_text(CARD)
    expect(both.get_by_role("row", name="账号")).to_contain_text(SUPPLIER)
    dialog.get_by_label("原因").fill("卡号背后的账户")
    dialog.get_by_role("button", name="合并并重新计算").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("丁棉业有限公司")
    expect(page.locator(".merged-keys")).to_contain_text(CARD)
    expect(page.locator(".merged-keys")).to_contain_text("卡号背后的账户")
    page.get_by_role("button", name="撤销合并").click()
    dialog = page.get_by_role("dialog").filter(has=page.get_by_role("button", name="撤销合并"))
    dialog.get_by_label("原因").fill("不是它的卡")
    dialog.get_by_role("button", name="撤销合并").click()
    expect(page.get_by_text("没有其他账号并入这个账户")).to_be_visible()


def test_a_page_that_is_open_while_its_account_is_merged_says_so(
    page: Page, allowed: list[str], own_bank: str, database_url: str
) -> None:
    _known_by_card_too(database_url)
    page.goto(f"{own_bank}/accounts/{CARD}?lang=zh")
    expect(page.get_by_role("heading", level=1)).to_have_text("户名未知")
    with psycopg.connect(database_url) as connection:
        merge(connection, Merge(CARD, SUPPLIER, "卡号背后的账户", "另一个人", "key-00000001"), request)
    allowed.append("409")  # the answer that this test asks for
    page.get_by_role("button", name="指定类别").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("类别").click()
    page.keyboard.type("小贷")
    page.keyboard.press("Enter")
    dialog.get_by_label("原因").fill("工商登记为小额贷款公司")
    dialog.get_by_role("button", name="更正并重新计算").click()
    expect(dialog).to_contain_text(f"账户 {CARD} 刚刚并入了账户 {SUPPLIER}")
    page.reload()
    expect(page.get_by_text(f"账户 {CARD} 已经合并")).to_be_visible()
    page.get_by_role("link", name=SUPPLIER).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("丁棉业有限公司")


def test_a_line_kept_apart_goes_back_to_the_rules(page: Page, own_bank: str) -> None:
    page.goto(f"{own_bank}/transactions/{transfer_id('往来')}?lang=zh")
    page.get_by_role("button", name="拆开").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("原因").fill("不是同一笔")
    dialog.get_by_role("button", name="拆开").click()
    expect(page.locator("header .pairing-tag")).to_contain_text("人工单列")
    page.get_by_role("button", name="交回规则").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("原因").fill("看错了")
    dialog.get_by_role("button", name="交回规则").click()
    expect(page.locator("header .pairing-tag")).to_contain_text("已配对")
    expect(page.get_by_text("结束：看错了")).to_be_visible()
