"""The inbox in a real browser: what every kind of proposal changes, before and after side by side, and the way to its decision."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from tests.browser.conftest import sign_in_as
from tests.browser.manners import SHIFT_MOST, flaws, shifted, watch_shifts, wider_than_the_window
from tests.browser.settling import settled
from tests.http.bank import BROKER, NAMES
from tests.http.conftest import client_of
from tests.http.proposed import CHECKER, MAKER, UNTIL, propose_everything, write_proposing_bank
from tests.http.warned import QUIET_THREAD, THREAD

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

SHOTS = os.environ.get("LOANTRAIL_SCREENSHOTS")
ELSEWHERE = ("warning_lowering", "warning_finding", "list_entry", "rule_version", "rule_retirement")


@pytest.fixture
def proposals(own_address: str, database_url: str) -> Iterator[dict[str, str]]:
    """Kind -> what the inbox calls the proposal of that kind in its address."""
    with psycopg.connect(database_url) as connection, client_of(own_address) as client:
        write_proposing_bank(connection)
        made = propose_everything(client, connection)
    yield {kind: f"{kind}.{key}" if kind in ELSEWHERE else key for kind, key in made.items()}


def opened(page: Page, address: str, item: str, language: str = "zh") -> Locator:
    """The panel of a proposal that was opened by its address."""
    page.goto(f"{address}/inbox/waiting/{item}?lang={language}")
    panel = page.locator(".proposal")
    expect(panel.locator(".difference")).to_be_visible()
    return panel


def lines(panel: Locator) -> list[list[str]]:
    """The difference as rows of texts: field, before, after; field and value where there is nothing before."""
    return [
        [cell.inner_text().strip() for cell in row.locator("th, td").all()]
        for row in panel.locator(".difference tbody tr").all()
    ]


def test_every_kind_shows_its_difference(
    page: Page, context: BrowserContext, own_address: str, proposals: dict[str, str]
) -> None:
    sign_in_as(context, CHECKER)
    told = {kind: lines(opened(page, own_address, item)) for kind, item in proposals.items()}
    assert told["warning_lowering"] == [["预警等级", "红色", "黄色"]]
    assert told["warning_finding"] == [
        ["认定内容", "贷款闲置三个月，未用于约定用途"],
        ["听取借款人意见日期", "2025-03-20"],
        ["借款人意见", "借款人承认"],
    ]
    assert told["list_entry"] == [
        ["在名单上", "否", "是"],
        ["最后有效日", "2025-01-31", UNTIL.isoformat()],
        ["名单", "–", "黑名单"],
        ["范围", "–", "账户"],
        ["编号", "–", BROKER],
        ["名称", "–", NAMES[BROKER]],
    ]
    assert told["rule_retirement"] == [["状态", "已发布", "已停用"]]
    rule = {field: values for field, *values in told["rule_version"]}
    assert rule["版本"] == ["1", "2"]
    assert rule["状态"] == ["已发布", "待审批"]
    assert rule["适用产品"] == ["流动资金贷款", "流动资金贷款、固定资产贷款"]
    assert rule["条件"][1].endswith("AND traced_amount_fen >= wan(5)")
    assert rule["等级 1"] == ["黄色", "红色"]
    assert rule["等级 2"] == ["–", "黄色"]
    assert "适用客户" not in rule, "all of them, as before"
    assert "依据" not in rule, "what stays the same is not shown"
    assert told["person_change"][0] == ["名称", "S2", "李强"]
    assert told["parameter_change"][0][1:] == ["30%", "25%"]
    correction = {field: values for field, *values in told["class_correction"]}
    assert correction["去向类别"] == ["证券、基金", "有贸易依据的供应商或客户"]
    assert correction["范围"] == ["–", "仅此笔交易"]
    assert correction["涉及的贷款资金"] == ["–", "2,000,000.00 元"]
    assert told["unmasking"][0] == ["第三方名称", "遮蔽", "明示"]
    assert ["页面", "/api/v1/loans.xlsx"] in told["export"]


def test_only_what_was_changed_in_a_condition_is_marked(
    page: Page, context: BrowserContext, own_address: str, proposals: dict[str, str]
) -> None:
    sign_in_as(context, CHECKER)
    row = (
        opened(page, own_address, proposals["rule_version"])
        .locator(".difference tr")
        .filter(has_text="wan(5)")
    )
    expect(row.locator("del")).to_have_count(0)
    assert "".join(row.locator("ins").all_inner_texts()).strip() == "AND traced_amount_fen >= wan(5)"


def test_the_keys_walk_through_every_proposal_and_what_it_rests_on_stands_below(
    page: Page, context: BrowserContext, own_address: str, proposals: dict[str, str]
) -> None:
    sign_in_as(context, CHECKER)
    page.goto(f"{own_address}/inbox")
    expect(page.locator(".inbox-table tbody tr.ant-table-row")).to_have_count(len(proposals))
    seen: list[str] = []
    for _ in proposals:
        page.keyboard.press("j")
        expect(page.locator(".proposal .difference")).to_be_visible()
        seen.append(page.url.rsplit("/", 1)[-1])
        expect(page.locator("tr.inbox-open [aria-current=true]")).to_have_count(1)
        # The next one is there once the panel has changed.
        settled(page)
    assert sorted(seen) == sorted(proposals.values())
    page.keyboard.press("k")
    expect(page).to_have_url(re.compile(re.escape(seen[-2])))
    panel = opened(page, own_address, proposals["warning_lowering"])
    expect(panel).to_contain_text("已归还大部分资金")
    expect(panel.get_by_role("listitem")).to_contain_text("贷款中 300,000 元 流向证券、基金")


def test_a_checker_goes_from_the_difference_to_the_decision(
    page: Page, context: BrowserContext, own_address: str, proposals: dict[str, str], allowed: list[str]
) -> None:
    allowed += ["404 (Not Found)"]
    sign_in_as(context, CHECKER)
    opened(page, own_address, proposals["warning_lowering"]).get_by_role(
        "button", name="到预警页决定"
    ).click()
    expect(page).to_have_url(re.compile(f"/warnings/{THREAD}"))
    page.get_by_role("button", name="同意", exact=True).or_(
        page.get_by_role("button", name="批准", exact=True)
    ).click()
    expect(page.locator(".case-head .level")).to_have_text("黄色")
    page.goto(f"{own_address}/inbox/waiting/{proposals['warning_lowering']}")
    expect(page.get_by_role("heading", name="没有这个事项")).to_be_visible()
    opened(page, own_address, proposals["warning_finding"]).get_by_role("button", name="到预警页决定").click()
    expect(page).to_have_url(re.compile(f"/warnings/{QUIET_THREAD}"))
    opened(page, own_address, proposals["list_entry"]).get_by_role("button", name="到名单页决定").click()
    page.get_by_role("button", name="批准").click()
    expect(page.locator("tbody tr.ant-table-row")).to_have_count(0)
    opened(page, own_address, proposals["rule_version"]).get_by_role("button", name="到规则页决定").click()
    expect(page).to_have_url(re.compile(r"/rules/ENTRUSTED_PAYMENT_WORKING_CAPITAL\?version=2"))


def test_the_maker_reads_the_difference_and_is_told_that_somebody_else_decides(
    page: Page, context: BrowserContext, own_address: str, proposals: dict[str, str]
) -> None:
    sign_in_as(context, MAKER)
    panel = opened(page, own_address, proposals["warning_lowering"])
    expect(panel).to_contain_text("这是您自己提出的，须由他人决定")
    expect(panel.get_by_role("button", name="打开预警")).to_be_visible()
    expect(panel.get_by_role("button", name="到预警页决定")).to_have_count(0)


def test_a_difference_that_cannot_be_read_is_read_again(
    page: Page, context: BrowserContext, own_address: str, proposals: dict[str, str], allowed: list[str]
) -> None:
    allowed += ["503 (Service Unavailable)"]
    sign_in_as(context, CHECKER)
    page.route(
        "**/api/v1/approvals/list-entries/*", lambda route: route.fulfill(status=503, json={"code": "x"})
    )
    page.goto(f"{own_address}/inbox/waiting/{proposals['list_entry']}")
    again = page.get_by_role("alert").get_by_role("button")
    expect(again).to_be_visible(timeout=20_000)
    page.unroute("**/api/v1/approvals/list-entries/*")
    again.click()
    expect(page.locator(".proposal .difference")).to_be_visible()
    page.goto(f"{own_address}/inbox/waiting/nothing.{'0' * 32}")
    expect(page.get_by_role("heading", name="没有这个事项")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_difference_fits_holds_still_and_can_be_used_by_everyone(
    page: Page, context: BrowserContext, own_address: str, proposals: dict[str, str], language: str
) -> None:
    sign_in_as(context, CHECKER)
    watch_shifts(page)
    for kind, item in proposals.items():
        for width in (820, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 1000})
            opened(page, own_address, item, language)
            settled(page)
            assert shifted(page) < SHIFT_MOST, f"{kind} {width}"
            assert wider_than_the_window(page) == [], f"{kind} {width}"
            if SHOTS:
                Path(SHOTS).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=str(Path(SHOTS) / f"inbox-{kind}-{language}-{width}.png"))
        assert flaws(page) == [], kind
        if language == "en":
            words = page.locator(
                ".difference th, .proposal dt, .proposal h3, .proposal button"
            ).all_inner_texts()
            assert not [word for word in words if re.search("[一-龥]", word)], kind
