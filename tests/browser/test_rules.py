"""Rules in a real browser: written with completion and marked errors, approved by a second person, tried over history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import act_as
from tests.browser.keeping import kept_and_applied
from tests.browser.manners import flaws
from tests.http.bank import write_books, write_trace
from tests.signing_in import Client

from loantrail.ids import new_id

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]


@pytest.fixture
def own_bank(own_address: str, database_url: str) -> Iterator[str]:
    """Address of the traced bank in this test's own database, with two people on its staff."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        connection.execute("INSERT INTO parties.staff VALUES ('S2', 'U1', '风险经理二', 'risk_manager')")
    yield own_address


def write_condition(page: Page, text: str) -> None:
    page.get_by_label("条件", exact=True).click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_a_rule_is_written_tried_and_published_by_two_people(
    page: Page, allowed: list[str], own_bank: str, database_url: str
) -> None:
    page.goto(f"{own_bank}/rules/new?lang=zh")
    act_as(page, database_url, "S1")
    for label, text in (
        ("代码", "OWN_RULE"),
        ("中文名称", "流向证券"),
        ("英文名称", "Into securities"),
        ("依据", "本行制度"),
        ("为何可能误报（中文）", "可能是退款"),
        ("为何可能误报（英文）", "May be a refund"),
    ):
        page.get_by_label(re.compile(f"^{re.escape(label)}")).first.fill(text)
    # A slip is marked where it stands and told with its place.
    write_condition(page, "traced_amount_fen >= wan(10)\nAND destinaton_class = 'securities'")
    expect(page.locator(".condition-problems")).to_contain_text("第 2 行第 5 列：没有字段“destinaton_class”")
    expect(page.locator(".cm-lintRange-error")).to_have_text("destinaton_class")
    # What fits is proposed while typing.
    write_condition(page, "traced_amount_fen >= wan(10) AND ")
    page.keyboard.type("destination_cl")
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("去向类别")
    page.locator(".cm-tooltip-autocomplete li").first.click()
    page.keyboard.insert_text(" = 'securities'")
    expect(page.locator(".condition-reading").first).to_contain_text("去向类别 等于 证券、基金")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("流向证券")

    page.get_by_role("button", name="开始回测").click()
    expect(page.locator(".backtest")).to_contain_text("完成", timeout=60_000)
    expect(page.locator(".backtest")).to_contain_text("命中贷款")
    # One alone is not called one of several; another moves nothing.
    expect(page.get_by_text("各次回测：")).to_have_count(0)
    before = page.locator(".backtest").bounding_box()
    page.get_by_role("button", name="开始回测").click()
    expect(page.get_by_text("各次回测：")).to_be_visible()
    expect(page.locator(".backtest")).to_contain_text("命中贷款", timeout=60_000)
    after = page.locator(".backtest").bounding_box()
    assert before and after and before["y"] == after["y"]
    page.locator(".ant-collapse-header").first.click()
    expect(page.locator(".ant-collapse-panel-active, .ant-collapse-content-active")).to_contain_text("成立")

    page.get_by_role("button", name="转试运行").click()
    page.get_by_role("button", name="提交审批").click()
    allowed.append("409")  # the refusal that this test asks for
    page.get_by_role("button", name="批准发布").click()
    expect(page.get_by_role("alert")).to_contain_text("没有办成")
    act_as(page, database_url, "S2")
    page.get_by_role("button", name="批准发布").click()
    expect(page.locator(".rule-head")).to_contain_text("已发布")
    page.get_by_role("tab", name=re.compile("版本与记录")).click()
    expect(page.locator(".rule-history")).to_contain_text("批准发布")
    # Who did it is told by name.
    expect(page.locator(".rule-history")).to_contain_text("风险经理二 · ")
    expect(page.locator(".rule-side")).to_contain_text("客户经理一 · ")
    expect(page.locator(".backtest-head, .rule-side").filter(has_text="S1")).to_have_count(0)


def test_which_rules_are_shown_stands_in_the_address_and_is_kept_by_name(page: Page, own_bank: str) -> None:
    page.goto(f"{own_bank}/rules")
    box = page.get_by_label("按代码或名称查找")
    expect(box).to_be_visible()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    typed = page.context.new_cdp_session(page)
    for part in ("z", "zh", "zheng", "zhengquan"):
        typed.send(
            "Input.imeSetComposition", {"text": part, "selectionStart": len(part), "selectionEnd": len(part)}
        )
        expect(box).to_have_value(part)
    typed.send("Input.insertText", {"text": "证券"})
    expect(box).to_have_value("证券")
    expect(page).to_have_url(re.compile(r"\?search=%E8%AF%81%E5%88%B8$"))
    page.locator(".rules-filters").get_by_text("已发布", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?search=%E8%AF%81%E5%88%B8&shown=published$"))
    kept_and_applied(page, f"{own_bank}/rules", "shown=shadow&search=OWN", "自己的")
    expect(page.get_by_label("按代码或名称查找")).to_have_value("OWN")


CONTENT = {
    "code": "OWN_RULE",
    "chinese": "流向证券",
    "english": "Into securities",
    "legal_basis": "本行制度",
    "products": [],
    "customer_kinds": [],
    "occasion": "movement",
    "condition": "traced_amount_fen >= wan(10)",
    "levels": [{"level": "yellow", "condition": "TRUE"}],
    "amount_field": "traced_amount_fen",
    "owner_role": "risk_manager",
    "actions": ["verify"],
    "doubt_chinese": "可能是退款",
    "doubt_english": "May be a refund",
}


def test_enter_after_a_number_begins_a_line_and_takes_no_proposal(page: Page, own_bank: str) -> None:
    page.goto(f"{own_bank}/rules/new?lang=zh")
    write_condition(page, "")
    with page.expect_response(re.compile("/rule-language/completions$")):
        page.keyboard.type("amount_fen > 1")
    # What a typed number could call up would stand by now.
    page.wait_for_timeout(1_000)
    expect(page.locator(".cm-tooltip-autocomplete")).to_have_count(0)
    page.keyboard.press("Enter")
    page.keyboard.type("AND TRUE")
    expect(page.get_by_label("条件", exact=True).locator(".cm-line")).to_have_text(
        ["amount_fen > 1", "AND TRUE"]
    )


def test_two_who_change_a_draft_at_once_keep_what_both_wrote(
    page: Page, allowed: list[str], own_bank: str, database_url: str
) -> None:
    allowed.append("409")  # the answer that this test asks for
    with Client(own_bank, database_url) as other:

        def stored() -> Any:
            return other.get("/api/v1/rules/OWN_RULE").json()["versions"][0]

        made = other.post("/api/v1/rules", json={"content": CONTENT, "request_key": new_id()})
        assert made.status_code == 201, made.text
        page.goto(f"{own_bank}/rules/OWN_RULE?version=1&lang=zh")
        act_as(page, database_url, "S1")
        page.get_by_role("button", name="编辑草稿").click()
        page.get_by_label("中文名称").fill("我的名称")
        page.get_by_label("依据").fill("我的依据")
        # Meanwhile somebody else saves another condition, and another basis.
        theirs = CONTENT | {"condition": "traced_amount_fen >= wan(20)", "legal_basis": "对方的依据"}
        saved = other.put(
            f"/api/v1/rule-versions/{stored()['rule_id']}",
            json={"content": theirs, "revision": stored()["revision"], "request_key": new_id()},
        )
        assert saved.status_code == 200, saved.text

        page.get_by_role("button", name="保存草稿").click()

        told = page.get_by_role("alert").filter(has_text="期间有人保存过，您填写的内容还在")
        expect(told).to_contain_text("对方改过的已并入：条件。")
        expect(told).to_contain_text("对方的依据")
        assert flaws(page) == []
        expect(page.get_by_label("条件", exact=True)).to_contain_text("wan(20)")
        expect(page.get_by_role("button", name="保存草稿")).to_be_disabled()
        told.get_by_role("button", name="用对方的 依据").click()
        page.get_by_role("button", name="保存草稿").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("我的名称")
        content = stored()["content"]
        assert {name: content[name] for name in ("chinese", "condition", "legal_basis")} == {
            "chinese": "我的名称",
            "condition": "traced_amount_fen >= wan(20)",
            "legal_basis": "对方的依据",
        }


def test_the_list_is_searched_and_opens_a_rule(page: Page, bank_address: str) -> None:
    page.goto(f"{bank_address}/rules?lang=zh")
    page.get_by_label("按代码或名称查找").fill("structuring")
    expect(page.locator("tbody tr.ant-table-row")).to_have_count(4)
    page.get_by_label("按代码或名称查找").fill("没有这条")
    expect(page.get_by_role("status")).to_contain_text("没有符合条件的规则")
    page.get_by_label("按代码或名称查找").fill("EAST")
    page.get_by_label("按代码或名称查找").fill("担保人")
    page.get_by_role("link", name="贷款资金回流至担保人").click()
    expect(page.locator(".rule-said")).to_contain_text("参数 return_to_guarantor_days")


def test_what_was_never_tried_is_proposed_with_a_reason_that_the_second_person_reads(
    page: Page, own_bank: str, database_url: str
) -> None:
    with Client(own_bank, database_url) as other:
        made = other.post("/api/v1/rules", json={"content": CONTENT, "request_key": new_id()})
        made.raise_for_status()
    page.goto(f"{own_bank}/rules/OWN_RULE?lang=zh")
    page.get_by_role("button", name="转试运行").click()
    page.get_by_role("button", name="提交审批").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("还没有完成过回测")
    dialog.get_by_role("textbox").fill("新产品，没有历史")
    dialog.get_by_role("button", name="提交审批").click()
    expect(page.get_by_role("alert")).to_contain_text("新产品，没有历史")
    act_as(page, database_url, "S2")
    page.get_by_role("button", name="批准发布").click()
    # The books end long before the day from which it judges.
    expect(page.get_by_role("alert")).to_contain_text("账务数据到 2025-03-10 为止：还没有命中")


def test_a_published_rule_is_retired_by_two_people(page: Page, own_bank: str, database_url: str) -> None:
    rule = f"{own_bank}/rules/AUTONOMOUS_LIMIT_CONSUMER?lang=zh"
    page.goto(f"{own_bank}/rules?lang=zh")
    act_as(page, database_url, "S1")

    def propose(reason: str) -> None:
        page.get_by_role("button", name="提请停用").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("由另一人确认后停用")
        dialog.get_by_role("textbox").fill(reason)
        dialog.get_by_role("button", name="提请停用").click()
        expect(page.get_by_role("alert")).to_contain_text(
            re.compile(f"待确认停用：客户经理一 于 .+，{reason}")
        )

    page.goto(rule)
    propose("误报太多")
    # Who proposed it takes it back, and cannot confirm it.
    expect(page.locator(".rule-head")).to_contain_text("已发布")
    expect(page.get_by_role("button", name="确认停用")).to_have_count(0)
    assert flaws(page) == []
    page.get_by_role("button", name="撤回停用").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("再看一月")
    dialog.get_by_role("button", name="撤回停用").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    propose("仍误报太多")

    page.goto(f"{own_bank}/rules?lang=zh&shown=waiting")
    expect(page.locator("tbody tr.ant-table-row")).to_contain_text("待确认停用")
    act_as(page, database_url, "S2")
    page.goto(f"{own_bank}/inbox?lang=zh")
    page.get_by_role("link", name=re.compile("规则停用：")).click()
    expect(page.locator(".proposal")).to_contain_text("仍误报太多")
    page.get_by_role("button", name="到规则页决定").click()
    expect(page.get_by_role("button", name="保留")).to_be_visible()
    expect(page.locator(".menu-count").first).to_have_text("1")
    page.get_by_role("button", name="确认停用").click()
    # One click ends nothing; what is confirmed is said once more.
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(re.compile("客户经理一 于 .+，仍误报太多"))
    dialog.get_by_role("button", name="取消").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".rule-head")).to_contain_text("已发布")
    page.get_by_role("button", name="确认停用").click()
    page.get_by_role("dialog").get_by_role("button", name="确认停用").click()
    expect(page.locator(".rule-head")).to_contain_text("已停用")
    expect(page.locator(".menu-count")).to_have_count(0)
    expect(page.locator(".rule-side")).to_contain_text("仍误报太多")
    page.get_by_role("tab", name=re.compile("版本与记录")).click()
    expect(page.locator(".rule-history")).to_contain_text("再看一月")


def test_what_a_version_changes_is_shown_line_by_line_and_it_is_compared_as_asked(
    page: Page, own_bank: str, database_url: str
) -> None:
    changed = CONTENT | {"condition": "traced_amount_fen >= wan(20)\nAND retail"}
    with Client(own_bank, database_url) as other:
        for wanted in ({"content": CONTENT}, {"content": changed, "based_on": 1}):
            other.post("/api/v1/rules", json=wanted | {"request_key": new_id()}).raise_for_status()
    page.goto(f"{own_bank}/rules/OWN_RULE?version=2&lang=zh")
    page.locator(".backtest-form .ant-select").click()
    page.get_by_text("第 1 版 · 草稿", exact=True).click()
    page.get_by_role("button", name="开始回测").click()
    expect(page.locator(".backtest")).to_contain_text("与第 1 版比较", timeout=60_000)
    page.get_by_role("tab", name=re.compile("版本与记录")).click()
    lines = page.get_by_label("逐行改动")
    expect(lines.locator(".line-old")).to_have_text(["−traced_amount_fen >= wan(10)\n"])
    expect(lines.locator(".line-new")).to_have_text(["+traced_amount_fen >= wan(20)\n", "+AND retail\n"])
