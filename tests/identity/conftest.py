"""The application over a small bank whose people sign in for themselves."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import argon2
import httpx
import psycopg
import pytest
from psycopg_pool import ConnectionPool
from tests.http.bank import write_books, write_trace
from tests.http.running import running
from tests.http.warned import write_warnings
from tests.identity.bank import NOW, write_persons, write_staff
from tests.postgres_fixtures import address_of, copied
from tests.signing_in import NO_CERTIFICATES

from loantrail import clock
from loantrail.identity import passwords, signing
from loantrail.identity.store_session import begin_session
from loantrail.identity.throttle import Throttle
from loantrail.postgres.connection import Database, Pool, configure, type_of_connection

PASSWORD = "Weiwei-2026-ok!"
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1)
"""What passwords are hashed with here: the product's own hash takes a while, as it should."""
KEPT = QUICK.hash(PASSWORD)
SHIPPED = passwords._hasher


@dataclass
class Time:
    """The clock of these tests: it moves when a test says so."""

    at: datetime.datetime = NOW

    def later(self, by: datetime.timedelta) -> None:
        self.at += by


@pytest.fixture
def time() -> Iterator[Time]:
    held = Time()
    clock.set_clock(lambda: held.at)
    yield held
    clock.set_clock(None)


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each test begins without counted addresses and with a home folder of its own, and hashes quickly."""
    passwords._nobody.cache_clear()
    monkeypatch.setattr(passwords, "_hasher", QUICK)
    monkeypatch.setattr(signing, "_throttle", Throttle())
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def served(database_server: Database, template_database: str) -> Iterator[tuple[str, str]]:
    """Address of a database with the bank's units and staff and a sub-branch with loans, and of the application over it, for
    all these tests."""
    with copied(database_server, template_database) as name:
        url = address_of(database_server, name)
        with psycopg.connect(url) as connection:
            write_staff(connection)
            write_books(connection)
            write_trace(connection)
            write_warnings(connection)
        with serving(url) as address:
            yield url, address


@pytest.fixture
def bank(served: tuple[str, str], time: Time) -> Iterator[type_of_connection]:
    """The bank's people as each test finds them, all with the password PASSWORD; a connection that commits by itself."""
    with psycopg.connect(served[0]) as connection:
        configure(connection)
        connection.execute("TRUNCATE identity.person, identity.api_key, identity.openid_attempt CASCADE")
        write_persons(connection)
        connection.execute("UPDATE identity.person SET password_hash = %s", (KEPT,))
        connection.commit()
        connection.autocommit = True
        yield connection


@pytest.fixture
def address(served: tuple[str, str], bank: type_of_connection) -> str:
    """Address of the application over the bank."""
    return served[1]


@contextmanager
def serving(url: str) -> Iterator[str]:
    """Address of the application over the database at `url`, for the length of the block."""

    def pool(at: str) -> ConnectionPool[type_of_connection]:
        return ConnectionPool[type_of_connection](
            at, min_size=1, max_size=6, timeout=10, configure=configure, open=True
        )

    with (
        pool(url) as own,
        pool(Database(url).web_url()) as web,
        running(Pool(own), Pool(web)) as at,
    ):
        yield at


Browser = Callable[[], httpx.Client]


@pytest.fixture
def browser(address: str) -> Iterator[Browser]:
    """Makes browsers, each with cookies of its own and signed in nowhere."""
    opened: list[httpx.Client] = []

    def made() -> httpx.Client:
        client = httpx.Client(base_url=f"{address}/api/v1", timeout=60, verify=NO_CERTIFICATES)
        opened.append(client)
        return client

    yield made
    for client in opened:
        client.close()


def sign_in(client: httpx.Client, person_id: str, password: str = PASSWORD, code: str = "") -> httpx.Response:
    return client.post(
        "/session", json={"way": "password", "person_id": person_id, "password": password, "code": code}
    )


def act_as(client: httpx.Client, connection: type_of_connection, person_id: str) -> httpx.Client:
    """The client, signed in as that person, with a second factor."""
    token = begin_session(connection, person_id, "password", True, "127.0.0.1", "test", clock.now())
    client.cookies.set("loantrail", token)
    return client


def write_password(connection: psycopg.Connection[tuple[object, ...]], person_id: str) -> None:
    connection.execute(
        "UPDATE identity.person SET password_hash = %s WHERE person_id = %s", (KEPT, person_id)
    )
