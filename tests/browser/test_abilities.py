"""Pages show only what the signed-in person may do: every role on every page that its menu offers.

The truth is what the routes declare. A new page, or a new write of a page, that acts_of_pages.py does not know fails it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import BrowserContext, Page, Response, Route
from tests.browser.acts_of_pages import ACTS, NOT_IN_THIS_BANK, PAGES, Act
from tests.browser.conftest import sign_in_as
from tests.browser.settling import settled
from tests.http.busy import do_work, write_busy_bank, write_work
from tests.http.conftest import _own_home, application
from tests.http.warned import THREAD
from tests.postgres_fixtures import address_of, copied

from loantrail.http.access import rule_of
from loantrail.http.app import create_app
from loantrail.http.openapi import NO_CONNECTIONS
from loantrail.identity.abilities import ABILITIES, Ability, Role
from loantrail.postgres.connection import Database

__all__ = ["_own_home"]
pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

WEB = Path(__file__).parents[2] / "web" / "src"


@cache
def needed() -> dict[str, frozenset[Ability]]:
    """Method and path of every route -> the abilities of which it asks for one; none: whoever is signed in."""
    found: dict[str, frozenset[Ability]] = {}

    def walk(routes: list[Any], prefix: str = "") -> None:
        for route in routes:
            if isinstance(route, APIRoute):
                for rule in rule_of(route.dependant):
                    for method in route.methods:
                        found[f"{method} {prefix}{route.path}"] = rule.abilities
            inner = getattr(route, "original_router", None)
            if inner is not None:
                walk(inner.routes, prefix + getattr(route, "include_context").prefix)  # noqa: B009  of no stated type

    walk(create_app(NO_CONNECTIONS, NO_CONNECTIONS).routes)
    return found


@cache
def words() -> dict[str, str]:
    """Key -> Chinese text of the pages."""
    return {
        key: text
        for file in sorted((WEB / "i18n" / "zh").glob("*.json"))
        for key, text in json.loads(file.read_text("utf-8")).items()
    }


def named(key: str) -> re.Pattern[str]:
    """The name of a control, whatever stands in the places of its text, with or without the key that does the same or the
    file that it is about."""
    parts = re.split(r"\{\w+\}", words()[key])
    return re.compile("^(?:[a-z-]+ )?" + ".*".join(map(re.escape, parts)) + r"(?: ?\d| [a-z]| .+\.pdf)?$")


def places() -> dict[str, frozenset[str]]:
    """Pages of the menu -> the abilities of which one opens it."""
    text = (WEB / "ui" / "places.ts").read_text("utf-8")
    return {
        to: frozenset(re.findall(r'"(\w+)"', abilities))
        for to, abilities in re.findall(r'to: "([^"]+)",\s*key: "[^"]+",\s*abilities: \[([^\]]*)\]', text)
    }


def written() -> set[str]:
    """Every write that the pages' sources name: method and path."""
    found: set[str] = set()
    for file in [*WEB.rglob("*.ts"), *WEB.rglob("*.tsx")]:
        if file.name == "schema.d.ts":
            continue
        text = file.read_text("utf-8")
        constants = dict(re.findall(r'const (\w+) = "(/api/v1/[^"]+)"', text))
        calls = re.findall(
            r'(?:useMutation|useQuery)\(\s*"(post|put|delete)",\s*(?:"([^"]+)"|(\w+))|\.(POST|PUT|DELETE)\(\s*"([^"]+)"',
            text,
        )
        for method, path, constant, sent, to in calls:
            found.add(f"{(method or sent).upper()} {path or constants.get(constant, constant) or to}")
        found |= {
            f"{one} /api/v1/imports/{{import_id}}/files/{{file_name}}"
            for one in re.findall(r'open\("(PUT)"', text)
        }
    return found


def test_every_page_and_every_write_is_known() -> None:
    assert PAGES.keys() == places().keys()
    asked_for = {one for one in written() if needed()[one]}
    told = {act.route for act in ACTS} | NOT_IN_THIS_BANK.keys()
    assert asked_for - told == set(), "name where its act stands"
    assert {act.at for act in ACTS} <= {address for under in PAGES.values() for address in under}


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank where something waits on every page."""

    address: str
    names: dict[str, str]
    """What stands in braces in an address."""


@pytest.fixture(scope="module")
def bank(database_server: Database, template_database: str, _own_home: None) -> Iterator[Bank]:
    """The checked and warned bank with something to do on every page, and a person of each role."""
    with copied(database_server, template_database) as name:
        url = address_of(database_server, name)
        with psycopg.connect(url) as connection:
            write_busy_bank(connection)
        with application(url) as address:
            names = do_work(address)
            with psycopg.connect(url) as connection:
                write_work(connection)
            yield Bank(address, names)


def addresses_of(role: Role) -> list[str]:
    """What a role can open from its menu, and the addresses under it."""
    held = {str(one) for one in ABILITIES[role]}
    return [
        address
        for place, abilities in places().items()
        if not abilities or abilities & held
        for address in PAGES[place]
    ]


def offered(page: Page, act: Act) -> bool:
    """Whether the page shows the act's control."""
    within = page.get_by_role("region", name=named(act.part)) if act.part else page
    found = within.get_by_role(act.kind, name=named(act.words))  # type: ignore[arg-type]  acts name the roles of elements as texts
    return any(one.is_visible() for one in found.all())


def acts_at(page: Page, bank: Bank, address: str) -> set[Act]:
    """Go to the address, as a link of the page before does; answers the acts that it offers."""
    to = f"{address.format(**bank.names)}{'&' if '?' in address else '?'}lang=zh"
    if page.url.startswith(bank.address):
        page.evaluate(
            "to => { history.pushState({}, '', to); dispatchEvent(new PopStateEvent('popstate')); }", to
        )
    else:
        page.goto(f"{bank.address}{to}")
    settled(page)
    return {act for act in ACTS if act.at == address and offered(page, act)}


def beyond(role: Role, acts: Iterable[Act]) -> list[str]:
    """Those of the acts that the routes refuse to this role."""
    return [
        f"{act.at}: {act.words} ({act.route})"
        for act in acts
        if not (act.by or needed()[act.route]) & ABILITIES[role]
    ]


SEEN: dict[Role, set[Act]] = {}
"""What each role was offered."""


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_offered_nothing_that_it_may_not_do(
    page: Page, context: BrowserContext, allowed: list[str], bank: Bank, role: Role
) -> None:
    allowed.append("404")  # what is out of this role's reach is answered like what is not there
    sign_in_as(context, role)
    refused: list[str] = []

    def note(answer: Response) -> None:
        if answer.status == 403:
            refused.append(f"{page.url}: {answer.request.method} {answer.url}")

    page.on("response", note)
    seen = SEEN.setdefault(role, set())
    forbidden: list[str] = []
    for address in addresses_of(role):
        acts = acts_at(page, bank, address)
        seen |= acts
        forbidden += beyond(role, acts)
    assert (refused, forbidden) == ([], [])


@pytest.mark.parametrize("role", [Role.INTERNAL_AUDITOR, Role.RULE_AUTHOR])
def test_a_page_that_offers_more_than_its_reader_may_do_would_be_found(
    page: Page, context: BrowserContext, allowed: list[str], bank: Bank, role: Role
) -> None:
    """The page is told that its reader may do everything; the routes know better."""
    allowed += ["403", "404"]
    sign_in_as(context, role)

    def answer_all(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | {"abilities": [str(one) for one in Ability]})

    page.route("**/api/v1/me", answer_all)
    found = [one for address in PAGES["/rules"] for one in beyond(role, acts_at(page, bank, address))]
    assert any("rules.retire" in one for one in found), found


def test_every_act_is_offered_to_somebody() -> None:
    """Without this a control that was renamed would be looked for in vain for ever."""
    if SEEN.keys() != set(Role):
        pytest.skip("only where all roles were tried before")
    offered_to_some = {act for seen in SEEN.values() for act in seen}
    assert [f"{act.at}: {act.words}" for act in ACTS if act not in offered_to_some] == []


def test_keys_of_hidden_acts_do_nothing_and_are_not_told(
    page: Page, context: BrowserContext, bank: Bank
) -> None:
    sign_in_as(context, Role.INTERNAL_AUDITOR)
    page.goto(f"{bank.address}/warnings/{THREAD}?lang=zh")
    settled(page)
    page.keyboard.press("1")
    assert page.locator(".act-form").count() == 0
    page.keyboard.press("?")
    told = page.get_by_role("dialog").inner_text()
    assert words()["keys.next_warning"] in told
    assert words()["keys.dispose"] not in told
