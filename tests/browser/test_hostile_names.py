"""Names and remarks come from outside: whatever stands in them is text, on every page that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.browser.settling import settled
from tests.http.bank import BORROWER, LOAN, transfer_id, write_books, write_trace
from tests.http.warned import THREAD, write_warnings

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

NAME = '<img src=x onerror="window.ran=1"><b>甲</b>"\'&amp;纺织'
REMARK = "<script>window.ran=1</script></td><iframe src=//x>货款"


@pytest.fixture
def hostile(own_address: str, database_url: str) -> Iterator[str]:
    """The warned bank, whose borrower is called so and whose lines say so."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        write_warnings(connection)
        connection.execute("UPDATE parties.party SET name = %s WHERE party_id = 'P1'", (NAME,))
        connection.execute("UPDATE ledger.account SET name = %s WHERE party_id = 'P1'", (NAME,))
        connection.execute("UPDATE ledger.statement_line SET purpose_text = %s", (REMARK,))
        connection.execute("UPDATE ledger.loan_contract SET purpose_text = %s", (REMARK,))
    yield own_address


SHOWN = {
    "/": NAME,
    "/loans": NAME,
    f"/loans/{LOAN}": NAME,
    f"/loans/{LOAN}/flow": NAME,
    f"/loans/{LOAN}/guarantees": REMARK,
    f"/warnings/{THREAD}": NAME,
    "/customers": NAME,
    "/customers/P1": NAME,
    "/customers/P1/relations": NAME,
    f"/accounts/{quote(BORROWER)}": REMARK,
    f"/transactions/{transfer_id('入市')}": REMARK,
    "/ledgers/loans": NAME,
    "/portfolio?view=concentration": NAME,
}
"""Page -> the text that must stand there as it came."""


@pytest.mark.parametrize("address", SHOWN)
def test_markup_in_names_and_remarks_is_shown_and_never_runs(page: Page, hostile: str, address: str) -> None:
    page.goto(f"{hostile}{address}{'&' if '?' in address else '?'}lang=zh")
    settled(page)

    text = page.locator("body").evaluate(
        "e => e.textContent + [...e.querySelectorAll('[title]')].map(o => o.title)"
    )

    assert SHOWN[address] in text
    assert page.evaluate("window.ran") is None
    expect(page.locator("img[src=x], iframe, main b, main script")).to_have_count(0)


def test_the_search_shows_such_a_name_as_it_is(page: Page, hostile: str) -> None:
    page.goto(f"{hostile}/glossary?lang=zh")
    settled(page)
    page.keyboard.press("/")
    page.keyboard.insert_text(LOAN)
    expect(page.get_by_role("listbox", name="搜索结果")).to_contain_text('<img src=x onerror="window.ran=1">')
    assert page.evaluate("window.ran") is None
    expect(page.locator("img[src=x]")).to_have_count(0)
