"""Persons of the tests, and how a test acts as one of them.

`operator` holds every business role for the whole bank and is signed in wherever a test names nobody. A request with the header
`As` is sent by the member of staff whom it names, who holds the same roles unless the test gave them others.
"""

from __future__ import annotations

import datetime
import hashlib
import ssl
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote

import httpx
import psycopg

from loantrail.identity.abilities import Ability, Role

OPERATOR: Final = "operator"
AS: Final = "As"
EVERY_BUSINESS_ROLE: Final = (
    Role.RELATIONSHIP_MANAGER,
    Role.POST_LOAN_INSPECTOR,
    Role.BRANCH_MANAGER,
    Role.RISK_MANAGER,
    Role.HEAD_OFFICE_RISK,
    Role.LEGAL,
    Role.AML_OFFICER,
    Role.RULE_AUTHOR,
    Role.IT_OPERATOR,
)
COOKIE: Final = "loantrail"
KEY: Final = "lt_" + "k" * 40
"""The key of a system that sends live lines."""
LIVE: Final = ("/api/v1/transactions", "/api/v1/decisions")
"""What systems send, with their key; no person does."""
NO_CERTIFICATES: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of servers that speak plain HTTP: to read the authorities of this machine takes longer than many a test."""
_LONG_AGO: Final = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
_FAR: Final = datetime.datetime(2999, 1, 1, tzinfo=datetime.UTC)


def token_of(person_id: str) -> str:
    """The token of a person's session in every database of the tests."""
    return f"session-of-{person_id}"


def signs_in_as(staff_id: str) -> str:
    """What a member of staff signs in with: the number itself where it is plain letters."""
    return staff_id if staff_id.isascii() else f"staff-{staff_id.encode().hex()}"


def hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def write_person(
    connection: psycopg.Connection[Any],
    person_id: str,
    roles: Iterable[Role] = EVERY_BUSINESS_ROLE,
    unit_id: str | None = None,
    staff_id: str | None = None,
) -> None:
    """A person with these roles in a unit (none: the whole bank), signed in. Does nothing where there is one already."""
    made = connection.execute(
        "INSERT INTO identity.person (person_id, staff_id, name, unit_id, password_changed_at, made_at, made_by) "
        "VALUES (%s, %s, %s, %s, %s, %s, 'test') ON CONFLICT DO NOTHING",
        (person_id, staff_id, person_id, unit_id, _FAR, _LONG_AGO),
    )
    if not made.rowcount:
        return
    for role in roles:
        connection.execute(
            "INSERT INTO identity.assignment (assignment_id, person_id, role, unit_id, valid_from, maker) "
            "VALUES (%s, %s, %s, %s, %s, 'test')",
            (f"{person_id}-{role}", person_id, role, unit_id, _LONG_AGO),
        )
    connection.execute(
        "INSERT INTO identity.session (token_hash, session_id, person_id, way, second_factor, made_at, seen_at, expires_at) "
        "VALUES (%s, %s, %s, 'password', true, now(), %s, %s)",
        (hashed(token_of(person_id)), f"session-{person_id}", person_id, _FAR, _FAR),
    )


def write_operator(connection: psycopg.Connection[Any]) -> None:
    """The operator, and the key of the system that sends live lines."""
    write_person(connection, OPERATOR)
    connection.execute(
        "INSERT INTO identity.api_key (key_id, secret_hash, name, abilities, made_at, maker, expires_at, used_at) "
        "VALUES ('live', %s, 'core banking', %s, %s, 'test', %s, %s) ON CONFLICT DO NOTHING",
        (hashed(KEY), [Ability.SEND_LIVE, Ability.READ_LOANS], _LONG_AGO, _FAR, _FAR),
    )


class Client(httpx.Client):
    """A client of the application at `base_url`, whose database is at `url`: signed in as the operator, or for a request with
    the header `As` as that member of staff."""

    def __init__(self, base_url: str, url: str, timeout: float = 100) -> None:
        super().__init__(base_url=base_url, timeout=timeout, verify=NO_CERTIFICATES)
        self._url = url
        self._known = {OPERATOR}

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """As `httpx.Client.send`, signed in."""
        person = unquote(request.headers.pop(AS, OPERATOR))
        if "Authorization" not in request.headers and "Cookie" not in request.headers:
            if request.method == "POST" and request.url.path in LIVE:
                request.headers["Authorization"] = f"Bearer {KEY}"
                return super().send(request, **options)
            self._know(person)
            request.headers["Cookie"] = f"{COOKIE}={token_of(signs_in_as(person))}"
        return super().send(request, **options)

    def _know(self, person: str) -> None:
        if person in self._known:
            return
        with psycopg.connect(self._url) as connection:
            staff = connection.execute(
                "SELECT staff_id FROM parties.staff WHERE staff_id = %s", (person,)
            ).fetchone()
            write_person(connection, signs_in_as(person), staff_id=staff[0] if staff else None)
        self._known.add(person)
