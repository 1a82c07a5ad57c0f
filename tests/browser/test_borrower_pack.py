"""The pack for the borrower, made from the page of the loan."""

from __future__ import annotations

from collections.abc import Iterator
from zipfile import ZipFile

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import sign_in_as
from tests.http.bank import LOAN
from tests.http.checked import write_checked_bank
from tests.signing_in import write_person

from loantrail.identity.abilities import Role

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]


@pytest.fixture
def bank(own_address: str, database_url: str) -> Iterator[str]:
    """Address of the checked bank, with the manager of its loan and an auditor."""
    with psycopg.connect(database_url) as connection:
        write_checked_bank(connection)
        write_person(connection, "manager", [Role.RELATIONSHIP_MANAGER], "U1", "S1")
        write_person(connection, "auditor", [Role.INTERNAL_AUDITOR])
    yield own_address


@pytest.mark.parametrize(("language", "label"), [("zh", "借款人材料"), ("en", "Pack for the borrower")])
def test_a_manager_makes_the_pack_and_the_log_tells_of_it(
    page: Page, context: BrowserContext, bank: str, language: str, label: str
) -> None:
    sign_in_as(context, "manager")
    page.goto(f"{bank}/loans/{LOAN}?lang={language}")
    with page.expect_download() as saving:
        page.get_by_role("banner").or_(page.locator(".band")).get_by_role("link", name=label).click()
    assert saving.value.suggested_filename == f"{LOAN}-借款人材料.zip"
    assert ZipFile(saving.value.path()).namelist() == [
        f"{LOAN}-借款人材料.pdf",
        f"{LOAN}-borrower-pack.pdf",
        f"{LOAN}.xlsx",
    ]
    sign_in_as(context, "auditor")
    page.goto(f"{bank}/audit?lang={language}")
    told = "制作借款人材料" if language == "zh" else "Made a pack for the borrower"
    expect(page.get_by_role("table").get_by_text(told).first).to_be_visible()


def test_who_answers_no_borrowers_is_not_offered_it(page: Page, context: BrowserContext, bank: str) -> None:
    sign_in_as(context, "auditor")
    page.goto(f"{bank}/loans/{LOAN}?lang=zh")
    expect(page.get_by_role("link", name="资金流向报告 PDF")).to_be_visible()
    expect(page.get_by_role("link", name="借款人材料")).to_have_count(0)
