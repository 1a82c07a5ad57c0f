"""The way to the bank's own server and back in a real browser, across two sites: the session's cookie, which is for our site alone,
is there when the page opens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page
from tests.identity.conftest import _nothing_kept, bank, served, time
from tests.identity.openid_server import CLIENT_ID, CLIENT_SECRET, Key, running
from tests.identity.test_openid import RETURN

from loantrail import clock
from loantrail.postgres.connection import type_of_connection

__all__ = ["_nothing_kept", "bank", "served", "time"]
pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]


@pytest.fixture
def here(
    context: BrowserContext,
    served: tuple[str, str],
    bank: type_of_connection,
    time: object,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """Address of the page, whose bank knows E2 by a sign-in server on another site; nobody is signed in."""
    clock.set_clock(None)
    bank.execute("UPDATE identity.person SET openid_subject = 'subject-E2' WHERE person_id = 'E2'")
    # To a browser `localhost` and `127.0.0.1` are two sites.
    address = served[1].replace("127.0.0.1", "localhost")
    context.clear_cookies()
    with running(address + RETURN, Key("of the bank")) as issuer:
        monkeypatch.setenv("LOANTRAIL_OPENID_ISSUER", issuer)
        monkeypatch.setenv("LOANTRAIL_OPENID_CLIENT_ID", CLIENT_ID)
        monkeypatch.setenv("LOANTRAIL_OPENID_CLIENT_SECRET", CLIENT_SECRET)
        yield address


def sign_in_there(page: Page) -> None:
    """On the bank's own server, which the browser has been sent to."""
    assert urlsplit(page.url).hostname == "127.0.0.1"
    page.fill("input[name=login]", "subject-E2")
    page.fill("input[name=password]", "any")
    page.click("button[type=submit]")


def test_the_button_of_the_sign_in_page_leads_there_and_back_to_the_page_that_was_asked_for(
    context: BrowserContext, here: str
) -> None:
    page = context.new_page()
    page.goto(f"{here}/me?lang=zh")
    page.wait_for_url("**/sign-in?to=*")

    page.get_by_role("link", name="用行内统一身份登录").click()
    page.wait_for_selector("input[name=login]")
    sign_in_there(page)

    page.wait_for_url(lambda address: urlsplit(address).path == "/me")
    page.get_by_role("heading", name="我的账户").wait_for()
    assert page.get_by_text("E2", exact=True).count() > 0


def test_who_comes_back_from_another_site_is_signed_in(context: BrowserContext, here: str) -> None:
    page = context.new_page()
    page.goto(f"{here}/api/v1/sign-in/openid?return_to=/api/v1/me")
    sign_in_there(page)
    page.wait_for_url(f"{here}/api/v1/me")

    me = json.loads(page.inner_text("body"))
    assert me.get("person_id") == "E2", me
    [cookie] = [one for one in context.cookies() if one["name"] == "loantrail"]
    assert (cookie["sameSite"], cookie["httpOnly"], cookie["expires"]) == ("Strict", True, -1)
    assert not any(one["name"] == "loantrail-openid" for one in context.cookies())
