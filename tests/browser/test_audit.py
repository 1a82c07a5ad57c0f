"""The audit log in a real browser: entries found, opened, exported; the chain verified and compared with a kept head."""

from __future__ import annotations

import json
import re
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect
from tests.audit.made import entry
from tests.browser.conftest import sign_in_as
from tests.browser.keeping import kept_and_applied
from tests.browser.manners import flaws
from tests.browser.saving import saved_by
from tests.browser.settling import settled
from tests.http.bank import LOAN, write_books
from tests.signing_in import write_person

from loantrail.audit import store
from loantrail.audit.model import Entry, Outcome
from loantrail.identity.abilities import Role

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

AUDITOR = "auditor"
WHY = "资金用于采购，“合同”与发票一致"


@pytest.fixture
def log(own_address: str, database_url: str, context: BrowserContext) -> str:
    """Address of a bank with a log of three acts; an auditor is signed in."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_person(connection, AUDITOR, [Role.INTERNAL_AUDITOR])
        now_us = store.now_us()
        acts = [
            Entry(
                now_us - 3_000_000,
                "S1",
                "loan.read",
                "loan",
                LOAN,
                request_id="request-one",
                address="10.0.0.7",
            ),
            entry(
                2, at_us=now_us - 2_000_000, request_id="request-two", after={"state": "closed", "level": 3}
            ),
            entry(
                3,
                at_us=now_us - 1_000_000,
                person="key:core",
                object_id="W9",
                outcome=Outcome.REFUSED,
                why="",
            ),
        ]
        store.append(connection, acts)
    sign_in_as(context, AUDITOR)
    return own_address


def opened(page: Page, address: str) -> Page:
    """The page at this address once its first answer is there."""
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=30_000)
    expect(page.locator(".loading")).to_have_count(0, timeout=30_000)
    return page


def many(database_url: str, count: int) -> None:
    with psycopg.connect(database_url) as connection:
        first_us = store.now_us() - 10_000_000
        acts = [
            Entry(first_us + number, "S2", "loan.read", "loan", f"B{number:03d}") for number in range(count)
        ]
        store.append(connection, acts)


def rows(page: Page) -> Locator:
    return page.locator(".audit-table tbody tr.ant-table-row")


def row(page: Page, text: str) -> Locator:
    return rows(page).filter(has_text=text)


def test_entries_are_found_and_the_address_keeps_what_is_shown(page: Page, log: str) -> None:
    opened(page, f"{log}/audit?lang=zh")
    expect(page.get_by_role("heading", name="审计日志", exact=True)).to_be_visible()
    expect(row(page, "key:core")).to_contain_text("预警 · 处置")
    expect(row(page, "key:core")).to_contain_text("被拒绝")
    expect(row(page, LOAN)).to_contain_text("客户经理一")
    page.get_by_label("操作人").fill("S1")
    page.get_by_label("操作人").press("Enter")
    expect(page).to_have_url(re.compile(r"person=S1"))
    expect(rows(page)).to_have_count(2)
    page.get_by_label("条目中的任意文字").fill("发票一致")
    expect(rows(page)).to_have_count(1)
    page.reload()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_label("操作人")).to_have_value("S1")
    page.get_by_label("条目中的任意文字").fill("没有这样的")
    expect(page.get_by_role("status").filter(has_text="没有符合条件的条目")).to_be_visible()
    page.get_by_role("button", name="清除条件").click()
    expect(row(page, "key:core")).to_have_count(1)
    expect(page.get_by_label("操作人")).to_have_value("")


def test_conditions_are_kept_by_name_without_the_page_that_was_turned_to(
    page: Page, log: str, database_url: str
) -> None:
    many(database_url, 60)
    kept_and_applied(page, f"{log}/audit", "action=loan.read", "看过的借据")
    expect(rows(page)).to_have_count(50)
    page.get_by_role("button", name="更早").click()
    expect(page).to_have_url(re.compile(r"before="))
    page.get_by_role("button", name="常用筛选").click()
    name = page.get_by_role("list", name="我的筛选").get_by_role("button", name="看过的借据", exact=True)
    expect(name).to_have_attribute("aria-current", "true")


def test_of_two_quick_clicks_neither_takes_back_the_other(page: Page, log: str, database_url: str) -> None:
    many(database_url, 60)
    opened(page, f"{log}/audit?lang=zh&action=loan.read")
    expect(rows(page)).to_have_count(50)

    page.evaluate(
        "() => { document.querySelector('.audit-turn button:last-child').click();"
        " document.querySelector('.audit-table tbody tr.ant-table-row').click(); }"
    )

    expect(page).to_have_url(re.compile(r"entry="))
    expect(page).to_have_url(re.compile(r"action=loan\.read.*before="))


def test_an_entry_shows_what_was_before_and_after_and_leads_on(page: Page, log: str) -> None:
    opened(page, f"{log}/audit?lang=zh&person=S1")
    row(page, WHY).click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("warning.dispose")
    changed = drawer.locator("tr.audit-changed")
    expect(changed).to_have_count(2)
    expect(changed.filter(has_text="state")).to_have_text("stateopenclosed")
    expect(changed.filter(has_text="level")).to_have_text("level–3")
    expect(page).to_have_url(re.compile(r"entry=2"))
    page.reload()
    expect(drawer).to_contain_text(WHY)
    drawer.get_by_role("button", name="该请求的全部条目").click()
    expect(drawer).to_have_count(0)
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"request_id=request-two"))
    page.get_by_role("button", name=re.compile("同一请求")).click()
    # Not in the middle, where the link to the loan may stand.
    row(page, LOAN).locator("td").first.click()
    expect(page.get_by_role("dialog").get_by_role("link", name=LOAN)).to_have_attribute(
        "href", f"/loans/{LOAN}"
    )


def test_the_log_can_be_read_with_keys_alone(page: Page, log: str) -> None:
    opened(page, f"{log}/audit?lang=zh")
    expect(row(page, LOAN)).to_have_count(1)
    page.keyboard.press("j")
    expect(rows(page).first).to_be_focused()
    page.keyboard.press("j")
    expect(rows(page).nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("/")
    expect(page.get_by_label("条目中的任意文字")).to_be_focused()


def test_older_entries_follow_page_by_page(page: Page, log: str, database_url: str) -> None:
    many(database_url, 60)
    opened(page, f"{log}/audit?lang=zh&person=S2")
    expect(rows(page)).to_have_count(50)
    expect(rows(page).first).to_contain_text("B059")
    page.get_by_role("button", name="更早的条目").click()
    expect(rows(page)).to_have_count(10)
    expect(rows(page).last).to_contain_text("B000")
    expect(page.get_by_role("button", name="更早的条目")).to_be_disabled()
    page.go_back()
    expect(rows(page)).to_have_count(50)
    page.go_forward()
    page.get_by_role("button", name="回到最新").click()
    expect(rows(page).first).to_contain_text("B059")


def test_what_is_found_is_saved_as_a_sheet(page: Page, log: str) -> None:
    opened(page, f"{log}/audit?lang=zh&person=S1")
    expect(rows(page)).to_have_count(2)
    saved = saved_by(page, page.get_by_role("button", name="导出"))
    assert re.fullmatch(r"audit-\d{8}\.xlsx", saved.suggested_filename)
    opened(page, f"{log}/audit?lang=zh&action=data.export")
    expect(row(page, AUDITOR)).to_have_count(1)


def test_the_chain_is_verified_and_compared_with_a_kept_head(
    page: Page, log: str, database_url: str, tmp_path: Path
) -> None:
    opened(page, f"{log}/audit?lang=zh")
    chain = page.get_by_label("日志的完整性", exact=True)
    expect(chain).to_contain_text("这份日志还没有验证过")
    expect(chain).to_contain_text("至少保存 10 年（反洗钱法 (2024) 34条）")
    with page.expect_download() as saved:
        chain.get_by_role("button", name="下载链头").click()
    kept = tmp_path / "head.jsonl"
    saved.value.save_as(kept)
    chain.get_by_role("button", name="验证日志").click()
    expect(chain).to_contain_text("日志完好")
    expect(chain).to_contain_text("未与另行保存的链头比对")
    chain.locator("input[type=file]").set_input_files(kept)
    expect(chain).to_contain_text("与另行保存的 1 个链头一致")

    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE audit.entry DISABLE TRIGGER only_added_to")
        connection.execute("UPDATE audit.entry SET content = replace(content, 'S1', 'S7') WHERE entry_no = 2")
    chain.get_by_role("button", name="验证日志").click()
    expect(chain.get_by_role("alert")).to_contain_text("第 2 条异常")
    expect(chain.get_by_role("alert")).to_contain_text("批次 1 的批头被改动")
    chain.get_by_role("button", name="打开这一条").click()
    expect(page.get_by_role("dialog")).to_contain_text("S7")


def test_a_file_without_a_head_and_a_head_of_another_log_are_told(
    page: Page, log: str, tmp_path: Path
) -> None:
    opened(page, f"{log}/audit?lang=zh")
    chain = page.get_by_label("日志的完整性", exact=True)
    other = tmp_path / "other.jsonl"
    other.write_text("no head")
    chain.locator("input[type=file]").set_input_files(other)
    expect(chain.get_by_role("alert")).to_contain_text("文件 other.jsonl 中没有链头")
    head = {
        "kind": "loantrail-audit-head",
        "batch_no": 9,
        "entry_no": 99,
        "algorithm": "sha256",
        "head": "ab" * 32,
    }
    other.write_text(json.dumps(head))
    chain.locator("input[type=file]").set_input_files(other)
    expect(chain.get_by_role("alert")).to_contain_text("条以后有条目被截去或重写")


def test_an_empty_log_a_failure_and_a_slow_answer_say_so(
    page: Page, allowed: list[str], own_address: str, database_url: str, context: BrowserContext
) -> None:
    with psycopg.connect(database_url) as connection:
        write_person(connection, AUDITOR, [Role.AUDIT_ADMINISTRATOR])
    sign_in_as(context, AUDITOR)
    entries = re.compile(r"/api/v1/audit/entries\?")
    page.route(entries, lambda route: route.fulfill(json={"items": [], "next": None}))
    opened(page, f"{own_address}/audit?lang=zh")
    expect(page.get_by_role("status").filter(has_text="日志是空的")).to_be_visible()

    allowed.append("503")  # the failure that this test provokes
    page.unroute(entries)

    def failing(route: Route) -> None:
        problem = {"code": "database_unavailable", "detail": "x", "detail_chinese": "数据库无法使用"}
        route.fulfill(status=503, json=problem, content_type="application/problem+json")

    page.route(entries, failing)
    page.reload()
    expect(page.get_by_role("alert").filter(has_text="数据库无法使用")).to_be_visible()
    page.unroute(entries)
    page.get_by_role("button", name="重试").first.click()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_page_is_for_auditors_and_speaks_english(page: Page, log: str, context: BrowserContext) -> None:
    opened(page, f"{log}/audit?lang=en")
    expect(page.get_by_role("heading", name="Audit log", exact=True)).to_be_visible()
    expect(row(page, "key:core")).to_contain_text("Warning · disposed of")
    sign_in_as(context, "operator")
    page.goto(f"{log}/audit?lang=zh")
    expect(page.get_by_role("status")).to_contain_text("审计日志")
    expect(page.locator(".audit-table")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_can_be_used_by_everyone(page: Page, log: str, language: str) -> None:
    page.set_viewport_size({"width": 820, "height": 1180})
    for query in ("", "&entry=2", "&text=zzzz"):
        opened(page, f"{log}/audit?lang={language}{query}")
        shown = {
            "": rows(page).first,
            "&entry=2": page.locator(".audit-difference"),
            "&text=zzzz": page.get_by_role("status"),
        }
        expect(shown[query]).to_be_visible()
        settled(page)
        assert flaws(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_was_looked_at_stands_in_words_and_leads_there(page: Page, log: str, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        looked_at = {"route": "/ledgers/loans", "query": "limit=50"}
        told = Entry(store.now_us(), "S1", "data.read", "", "", after=looked_at)
        left = Entry(store.now_us(), "S1", "data.export", "file", "/api/v1/ledgers/groups.xlsx")
        store.append(connection, [told, left])
    opened(page, f"{log}/audit?lang=zh&person=S1")
    table = page.get_by_role("table", name="审计日志条目")

    expect(table.get_by_role("link", name="集团台账")).to_have_attribute("href", "/ledgers/groups")
    expect(table.get_by_role("link", name=LOAN)).to_have_attribute("href", f"/loans/{LOAN}")
    opened(page, f"{log}/audit?lang=zh&person=S1&action=data.read")
    table.get_by_role("link", name="借据台账").click()

    expect(page.get_by_role("heading", level=1, name="借据台账")).to_be_visible(timeout=30_000)
