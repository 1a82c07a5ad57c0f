"""The flow of a loan's money, as a reader sees and uses it."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from python_calamine import CalamineWorkbook
from tests.http.bank import BROKER, LOAN, RELATED, UNTRACED_LOAN, transfer_id

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]


def drawn(page: Page) -> None:
    """Wait for the picture; the machine may have other work."""
    expect(page.locator("[data-drawn]")).to_be_visible(timeout=60_000)


def opened(page: Page, address: str, query: str = "") -> Locator:
    """The drawn graph, as the list of nodes that a screen reader reads."""
    page.goto(f"{address}/loans/{LOAN}/flow{query}")
    graph = page.get_by_role("listbox")
    drawn(page)
    return graph


def test_the_graph_says_every_node_with_its_amounts(page: Page, bank_address: str) -> None:
    graph = opened(page, bank_address)
    expect(graph.get_by_role("option")).to_have_count(6)
    broker = graph.get_by_role("option").filter(has_text="己证券")
    expect(broker).to_contain_text("疑似")
    expect(broker).to_contain_text("流入 300,000.00 元")
    borrower = graph.get_by_role("option").filter(has_text="甲纺织有限公司")
    expect(borrower).to_contain_text("流入 1,050,000.00 元")
    expect(borrower).to_contain_text("停留 150,000.00 元")


def test_the_totals_are_those_of_the_statement(page: Page, bank_address: str) -> None:
    opened(page, bank_address)
    totals = page.locator(".flow-totals")
    expect(totals).to_contain_text("1,000,000.00 元")
    for amount in ("450,000.00", "300,000.00", "150,000.00", "100,000.00"):
        expect(totals).to_contain_text(amount)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_half_of_a_small_window_is_the_graphs(page: Page, bank_address: str, language: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    opened(page, bank_address, f"?lang={language}")
    assert page.locator(".flow-main").evaluate("e => e.getBoundingClientRect().top") <= 400


def test_by_keyboard_to_a_node_and_its_transactions(page: Page, bank_address: str) -> None:
    graph = opened(page, bank_address)
    graph.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    side = page.get_by_role("complementary", name="详情")
    expect(side.get_by_role("heading", name="戊贸易有限公司")).to_be_visible()
    expect(side).to_contain_text("3 笔交易")
    links = side.get_by_role("link", name="交易", exact=True)
    expect(links.first).to_have_attribute("href", f"/transactions/{transfer_id('往来')}")
    expect(side.get_by_role("link", name=RELATED, exact=True)).to_have_attribute(
        "href", f"/accounts/{RELATED}"
    )
    page.keyboard.press("Enter")
    expect(graph.get_by_role("option").filter(has_text="己证券")).to_have_count(0)
    expect(graph.get_by_role("option").filter(has_text="后续 1 个账户")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(graph.get_by_role("option").filter(has_text="己证券")).to_have_count(1)


def test_the_transactions_of_a_node_are_saved(page: Page, bank_address: str, tmp_path: Path) -> None:
    graph = opened(page, bank_address)
    graph.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    side = page.get_by_role("complementary", name="详情")
    expect(side.get_by_role("heading", name="戊贸易有限公司")).to_be_visible()
    with page.expect_download() as download:
        side.get_by_role("button", name="导出 Excel").click()
    file = tmp_path / "transactions.xlsx"
    download.value.save_as(file)

    head, *rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()

    assert len(rows) == 3
    assert all(RELATED in (row[head.index("付款账号")], row[head.index("收款账号")]) for row in rows)


def test_a_click_on_a_node_opens_its_side(page: Page, bank_address: str) -> None:
    opened(page, bank_address)
    canvas = page.locator(".flow-canvas")
    box = canvas.bounding_box()
    assert box is not None
    found = page.get_by_role("complementary", name="详情")
    for step in range(10, 90):  # the cards stand somewhere in the middle row
        page.mouse.click(box["x"] + box["width"] * step / 100, box["y"] + box["height"] / 2)
        if found.count():
            break
    expect(found).to_be_visible()


def test_search_unfolds_the_way_to_an_account(page: Page, bank_address: str) -> None:
    graph = opened(page, bank_address, f"?c=%3D{RELATED}")
    expect(graph.get_by_role("option").filter(has_text="己证券")).to_have_count(0)
    page.get_by_role("combobox", name="查找户名或账号片段").fill("证券")
    page.locator(".ant-select-item-option").first.click()
    expect(graph.get_by_role("option").filter(has_text="己证券")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("complementary", name="详情")).to_contain_text(BROKER)


def test_a_range_of_dates_holds_for_the_whole_page(page: Page, bank_address: str) -> None:
    graph = opened(page, bank_address, "?since=2025-03-05&until=2025-03-06")
    expect(page.locator(".flow-time")).to_contain_text("2025-03-05 至 2025-03-06")
    borrower = graph.get_by_role("option").filter(has_text="甲纺织有限公司")
    expect(borrower).to_contain_text("流出 350,000.00 元")
    expect(borrower).to_contain_text("停留 250,000.00 元")
    page.get_by_role("slider", name="截止日期").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(f"{bank_address}/loans/{LOAN}/flow?since=2025-03-05&until=2025-03-07")
    expect(borrower).to_contain_text("流入 50,000.00 元")
    page.get_by_role("button", name="全部日期").click()
    expect(borrower).to_contain_text("流入 1,050,000.00 元")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_same_edges_as_a_sankey_and_as_a_table(page: Page, bank_address: str, language: str) -> None:
    page.goto(f"{bank_address}/loans/{LOAN}/flow?view=sankey&lang={language}")
    drawn(page)
    expect(page.locator(".flow-sankey")).to_have_attribute("data-drawn", "8")
    page.locator(".ant-segmented-item").filter(has_text={"zh": "表格", "en": "Table"}[language]).click()
    expect(page.get_by_role("row")).to_have_count(7)
    expect(page.get_by_role("row").filter(has_text="己证券")).to_contain_text("300,000.00")
    expect(page.get_by_role("row").filter(has_text="己证券")).to_contain_text(
        {"zh": "疑似", "en": "Suspected"}[language]
    )


@pytest.mark.parametrize(("view", "name"), [("graph", "graph"), ("sankey", "sankey")])
def test_the_picture_is_saved(page: Page, bank_address: str, view: str, name: str, tmp_path: Path) -> None:
    page.goto(f"{bank_address}/loans/{LOAN}/flow?view={view}")
    drawn(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="导出图片").click()
    assert download.value.suggested_filename == f"{LOAN}-{name}.png"
    saved = tmp_path / "picture.png"
    download.value.save_as(saved)
    content = saved.read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    assert width >= 900
    assert height >= 400


def test_a_loan_that_was_not_traced_says_so(page: Page, bank_address: str) -> None:
    page.goto(f"{bank_address}/loans/{UNTRACED_LOAN}/flow")
    expect(page.locator(".notice").first).to_be_visible(timeout=60_000)
    expect(page.locator(".flow")).to_have_count(0)


def test_an_answer_that_fails_can_be_asked_for_again(
    page: Page, allowed: list[str], bank_address: str
) -> None:
    allowed += ["500"]
    page.route("**/flow?*", lambda route: route.fulfill(status=500, json={"code": "internal", "detail": "x"}))
    page.goto(f"{bank_address}/loans/{LOAN}/flow")
    expect(page.get_by_role("alert")).to_be_visible(timeout=60_000)
    page.unroute("**/flow?*")
    page.get_by_role("button", name="重试").click()
    drawn(page)
