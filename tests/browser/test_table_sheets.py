"""The export button of the tables in a real browser: where it stands, and what it saves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from python_calamine import CalamineWorkbook
from tests.browser.saving import saved_by
from tests.browser.settling import settled
from tests.http.bank import LOAN

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

EXPORT = "导出 Excel"
OF_CUSTOMER = {
    "/customers/P1": ["customer-loans", "customer-accounts"],
    "/customers/P1/relations": ["ownership", "relations"],
    "/customers/P1/cash": ["cash-flow"],
    "/customers/P1/documents": ["documents"],
    "/customers/P1/timeline": ["timeline"],
    f"/loans/{LOAN}/guarantees": ["guarantees"],
    f"/loans/{LOAN}/history": ["history"],
    f"/loans/{LOAN}/flow?view=table": ["flow"],
}
OF_BANK = {
    "/rules": ["rules", "patterns"],
    "/signals": ["signal-catalogue"],
    "/imports/sources": ["data-sources", "sources"],
    "/administration/system": ["jobs", "settings"],
    "/glossary": ["glossary"],
    "/administration/keys": ["keys"],
}


def saved(page: Page, button: Locator) -> str:
    """What the file is called that the button saves."""
    download = saved_by(page, button)
    return download.suggested_filename


def files_at(page: Page, address: str) -> list[str]:
    """The files that the buttons of a page save, without their dates."""
    page.goto(address)
    settled(page)
    buttons = page.get_by_role("button", name=EXPORT)
    expect(buttons.first).to_be_visible()
    width = page.viewport_size["width"] if page.viewport_size else 0
    names: list[str] = []
    for button in buttons.all():
        box = button.bounding_box()
        assert box is not None and box["x"] + box["width"] <= width, "it stands on the page whole"
        name = saved(page, button)
        assert re.fullmatch(r"[a-z-]+-\d{8}\.xlsx", name)
        names.append(name[: -len("-20250101.xlsx")])
    return names


def test_tables_of_a_customer_and_a_loan_are_saved(page: Page, related_address: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})

    assert {one: files_at(page, f"{related_address}{one}") for one in OF_CUSTOMER} == OF_CUSTOMER


def test_tables_of_the_bank_are_saved(page: Page, related_address: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})

    assert {one: files_at(page, f"{related_address}{one}") for one in OF_BANK} == OF_BANK


def test_what_the_page_filters_by_itself_is_saved_so(
    page: Page, related_address: str, tmp_path: Path
) -> None:
    page.goto(f"{related_address}/administration/parameters?group=large_value")
    settled(page)
    shown = page.locator(".admin-table tbody tr.ant-table-row code").all_inner_texts()
    download = saved_by(page, page.get_by_role("button", name=EXPORT))
    file = tmp_path / "parameters.xlsx"
    download.save_as(file)

    head, *rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()

    assert shown and list(dict.fromkeys(row[head.index("代码")] for row in rows)) == shown
