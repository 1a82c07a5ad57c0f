"""Every route says who may ask, and nobody learns of what is out of their reach: all routes, all roles, foreign objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import httpx
import psycopg
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from tests.access.conftest import ELSEWHERE, FAR_ROLES, HERE, person_of
from tests.signing_in import COOKIE, token_of

from loantrail.http.access import Rule, recording, rule_of
from loantrail.http.app import create_app
from loantrail.http.openapi import NO_CONNECTIONS
from loantrail.identity.abilities import ABILITIES, NO_LOANS, Ability, Role
from loantrail.identity.routes import noting
from loantrail.identity.store_reach import OBJECTS

pytestmark = pytest.mark.database


def _routes(routes: Iterable[object], prefix: str = "") -> Iterator[tuple[str, str, Dependant]]:
    """Method, address and dependencies of all routes; the framework keeps those of an included router under it."""
    for route in routes:
        if isinstance(route, APIRoute):
            for method in sorted(route.methods):
                yield method, prefix + route.path, route.dependant
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _routes(inner.routes, prefix + getattr(route, "include_context").prefix)  # noqa: B009  of no stated type


_FOUND = sorted(
    (one for one in _routes(create_app(NO_CONNECTIONS, NO_CONNECTIONS).routes) if one[1].startswith("/api/")),
    key=lambda one: (one[1], one[0]),
)
ROUTES = [(method, path, rule_of(dependant)) for method, path, dependant in _FOUND]
DEPENDANTS = [dependant for _, _, dependant in _FOUND]
assert len(ROUTES) > 80
PLAIN = {
    "backtest_id", "business_date", "code", "convention", "delivery_id", "file_name", "import_id", "list_name", "rule_id",
    "use",
    # Parameters hold for the whole bank.
    "parameter_name",
    # Who signs in is administered for the whole bank; sessions and delegations are looked for among one's own.
    "delegation_id", "entry_no", "key_id", "person_id", "session_id",
}  # fmt: skip
"""Parameters of addresses that name nothing of one unit: rules, dates, files, words, people."""
CHANGES_NOTHING = {
    "POST /api/v1/rule-language/check",
    "POST /api/v1/rule-language/completions",
    "POST /api/v1/decisions",
    "POST /api/v1/imports/{import_id}/check",
    "POST /api/v1/disputes/{sheet_id}/verification",
}
"""Questions that are asked with a body."""
ENDLESS = {"/api/v1/warnings/stream"}


def rule(rules: list[Rule]) -> Rule:
    return rules[0]


@pytest.mark.parametrize("number", range(len(ROUTES)), ids=[f"{method} {path}" for method, path, _ in ROUTES])
def test_every_route_declares_who_may_ask(number: int) -> None:
    method, path, rules = ROUTES[number]
    assert len(rules) == 1, f"{method} {path} needs one of allowed(...), signed_in(), public(why)"


@pytest.mark.parametrize("path", sorted({path for _, path, _ in ROUTES}))
def test_what_an_address_names_is_looked_for_within_reach(path: str) -> None:
    names = set(re.findall(r"\{(\w+)", path))
    assert names <= OBJECTS.keys() | PLAIN, "add it to OBJECTS, or to PLAIN where it belongs to no unit"


@pytest.fixture(scope="module")
def objects(two_branches_url: str) -> dict[str, str]:
    """For each kind of thing one that belongs to the one sub-branch, where the bank has one."""
    found: dict[str, str] = {}
    with psycopg.connect(two_branches_url) as connection:
        for name, kind in OBJECTS.items():
            row = connection.execute(f"SELECT {kind.column} FROM {kind.table} ORDER BY 1 LIMIT 1").fetchone()
            if row is not None:
                found[name] = str(row[0]).replace("-", "") if kind.by_uuid else str(row[0])
    assert {"loan_id", "account", "thread_id", "transfer_id", "party_id"} <= found.keys()
    return found


@pytest.fixture(scope="module")
def client(two_branches: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=two_branches, timeout=60) as opened:
        yield opened


def ask(client: httpx.Client, method: str, path: str, person: str | None) -> httpx.Response:
    """Ask as this person; None is nobody."""
    headers = {"Cookie": f"{COOKIE}={token_of(person)}"} if person else {}
    body = {} if method in {"POST", "PUT"} else None
    return client.request(method, path, json=body, headers=headers)


def filled(path: str, objects: dict[str, str]) -> str | None:
    """The address with what the bank has; None where it has nothing of that kind."""
    words = {
        "use": "securities",
        "convention": "lifo",
        "business_date": "2025-03-01",
        "file_name": "lines.csv",
    }

    def value(match: re.Match[str]) -> str:
        name = match[1]
        return objects.get(name, words.get(name, "0" * 32))

    if any(name in OBJECTS and name not in objects for name in re.findall(r"\{(\w+)", path)):
        return None
    return re.sub(r"\{(\w+)(?::\w+)?\}", value, path)


def test_nobody_is_answered_who_is_not_signed_in(client: httpx.Client, objects: dict[str, str]) -> None:
    answered = {
        f"{method} {path}": status
        for method, path, rules in ROUTES
        if not rule(rules).is_public and (address := filled(path, objects))
        if (status := ask(client, method, address, None).status_code) != 401
    }
    assert answered == {}


@pytest.mark.parametrize("role", list(Role))
def test_no_role_is_answered_what_it_has_no_ability_for(
    client: httpx.Client, objects: dict[str, str], role: Role
) -> None:
    answered = {
        f"{method} {path}": status
        for method, path, rules in ROUTES
        if rule(rules).abilities and not rule(rules).abilities & ABILITIES[role]
        if path not in ENDLESS and (address := filled(path, objects))
        if (status := ask(client, method, address, person_of(role, HERE)).status_code) != 403
    }
    assert answered == {}


@pytest.mark.parametrize("role", FAR_ROLES)
def test_what_belongs_to_another_unit_is_answered_like_what_is_not_there(
    client: httpx.Client, objects: dict[str, str], role: Role
) -> None:
    person = person_of(role, ELSEWHERE)
    learned: dict[str, int] = {}
    for method, path, _ in ROUTES:
        address = filled(path, objects)
        if address is None or not re.search(r"\{(" + "|".join(OBJECTS) + r")\b", path):
            continue
        status = ask(client, method, address, person).status_code
        if status not in (403, 404):
            learned[f"{method} {path}"] = status
    assert learned == {}


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_the_words_for_what_is_foreign_are_those_for_what_is_not_there(
    client: httpx.Client, objects: dict[str, str], name: str
) -> None:
    person = person_of(Role.BRANCH_MANAGER, ELSEWHERE)
    routes = [path for method, path, _ in ROUTES if method == "GET" and f"{{{name}}}" in path]
    if name not in objects or not routes:
        pytest.skip("no such thing in this bank, or no page of one")
    missing = "f" * len(objects[name]) if OBJECTS[name].by_uuid or len(objects[name]) == 32 else "NONE"
    for path in routes:
        address = filled(path, objects)
        if address is None:
            continue
        told = ask(client, "GET", address, person)
        nothing = ask(client, "GET", str(filled(path, objects | {name: missing})), person)
        assert told.status_code == nothing.status_code, path
        assert told.text.replace(objects[name], missing) == nothing.text, path


@pytest.mark.parametrize("role", FAR_ROLES)
def test_no_list_tells_of_another_unit(client: httpx.Client, two_branches_url: str, role: Role) -> None:
    with psycopg.connect(two_branches_url) as connection:
        rows = connection.execute(
            "SELECT loan_id FROM ledger.loan_note UNION SELECT name FROM parties.party UNION SELECT account FROM ledger.account "
            "UNION SELECT party_id FROM parties.party UNION SELECT thread_id FROM early_warning.thread"
        ).fetchall()
    secrets = {row[0] for row in rows if row[0] and len(row[0]) > 2}
    told: dict[str, set[str]] = {}
    for method, path, rules in ROUTES:
        if method != "GET" or "{" in path or path in ENDLESS or rule(rules).is_public:
            continue
        if rule(rules).abilities == {Ability.READ_AUDIT}:
            continue  # auditors see who asked for what, in the whole bank
        answer = ask(client, method, path, person_of(role, ELSEWHERE))
        assert answer.status_code < 500, (path, answer.text)
        # As a word of its own: a short account number stands by chance inside of ids and times.
        leaked = {
            one
            for one in secrets
            if re.search(rf"(?<![0-9A-Za-z.]){re.escape(one)}(?![0-9A-Za-z])", answer.text)
        }
        if leaked:
            told[path] = leaked
    assert told == {}


def test_who_is_within_reach_is_answered(client: httpx.Client, objects: dict[str, str]) -> None:
    for role in Role:
        if role in NO_LOANS or Ability.READ_LOANS not in ABILITIES[role]:
            continue
        answer = ask(client, "GET", f"/api/v1/loans/{objects['loan_id']}", person_of(role, HERE))
        assert answer.status_code == 200, (role, answer.text)


def _asks_for(dependant: Dependant, call: object) -> bool:
    return dependant.call is call or any(_asks_for(one, call) for one in dependant.dependencies)


@pytest.mark.parametrize(
    "number",
    [number for number, (method, _, _) in enumerate(ROUTES) if method not in {"GET", "HEAD"}],
    ids=lambda number: f"{ROUTES[number][0]} {ROUTES[number][1]}",
)
def test_what_changes_something_goes_on_record(number: int) -> None:
    method, path, _ = ROUTES[number]
    if f"{method} {path}" in CHANGES_NOTHING:
        return
    asks = _asks_for(DEPENDANTS[number], recording) or _asks_for(DEPENDANTS[number], noting)
    assert asks, f"{method} {path} takes a Recording (who is not signed in: a Noting) and writes an entry"
