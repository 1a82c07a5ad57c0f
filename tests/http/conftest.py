"""The application over a real database, on a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg_pool import ConnectionPool
from tests.http.bank import write_books, write_trace
from tests.http.related import write_related, write_related_persons
from tests.http.running import running
from tests.http.warned import write_warnings
from tests.postgres_fixtures import address_of, copied
from tests.signing_in import Client, write_operator

from loantrail.postgres.connection import Database, Pool, configure, type_of_connection


@contextmanager
def application(url: str) -> Iterator[str]:
    """Address of the application over the database at `url`, for the length of the block."""
    with psycopg.connect(url) as connection:
        write_operator(connection)
    with (
        ConnectionPool[type_of_connection](
            url, min_size=1, max_size=4, timeout=5, configure=configure, open=True
        ) as connections,
        ConnectionPool[type_of_connection](
            Database(url).web_url(), min_size=1, max_size=4, timeout=5, configure=configure, open=True
        ) as web_connections,
        running(Pool(connections), Pool(web_connections)) as address,
    ):
        _DATABASES[address] = url
        yield address


_DATABASES: dict[str, str] = {}
"""Address of a running application -> address of its database."""


def client_of(address: str) -> Client:
    """A client of the application at this address, signed in as the operator."""
    return Client(address, _DATABASES[address])


@pytest.fixture(scope="session")
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the product keeps beside the database stays in a folder of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOANTRAIL_HOME", str(tmp_path_factory.mktemp("home")))
        yield


MAY_CHANGE = ("audit", "identity", "rules")
"""Schemas of which rows come by reading alone: who read, who is signed in, the rules that are delivered with the product."""


def contents(url: str) -> dict[str, str]:
    """Table -> what stands for its rows."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            " AND schemaname <> ALL(%s) ORDER BY 1, 2",
            (list(MAY_CHANGE),),
        ).fetchall()
        rows = sql.SQL("SELECT md5(string_agg(one::text, '|' ORDER BY one::text)) FROM {} AS one")
        return {
            f"{schema}.{table}": str(
                connection.execute(rows.format(sql.Identifier(schema, table))).fetchone()
            )
            for schema, table in tables
        }


@contextmanager
def unchanged(url: str) -> Iterator[None]:
    """What many tests share is after the block as it was before."""
    before = contents(url)
    yield
    after = contents(url)
    changed = [table for table in before if after.get(table) != before[table]]
    assert changed == [], "a test wrote to a bank that others read: give it own_address or a bank of its own"


@contextmanager
def traced_bank(
    server: Database, template: str, *more: Callable[[type_of_connection], object]
) -> Iterator[tuple[str, str]]:
    """The traced bank in a database of its own, with what `more` writes: (address of the application over it, the database's)."""
    with copied(server, template) as name:
        url = address_of(server, name)
        with psycopg.connect(url) as connection:
            for write in (write_books, write_trace, write_warnings, *more):
                write(connection)
        with application(url) as address:
            yield address, url


@pytest.fixture(scope="session")
def bank_address(database_server: Database, template_database: str, _own_home: None) -> Iterator[str]:
    """Address of the application over the traced bank; no test changes it."""
    with traced_bank(database_server, template_database) as (address, url), unchanged(url):
        yield address


@pytest.fixture
def client(bank_address: str) -> Iterator[httpx.Client]:
    """A client of the traced bank."""
    with client_of(bank_address) as opened:
        yield opened


@pytest.fixture(scope="session")
def related_address(database_server: Database, template_database: str, _own_home: None) -> Iterator[str]:
    """Address of the application over the traced bank with those who stand around 甲; no test changes it."""
    more = (write_related, write_related_persons)
    with traced_bank(database_server, template_database, *more) as (address, url), unchanged(url):
        yield address


@pytest.fixture
def related(related_address: str) -> Iterator[httpx.Client]:
    """A client of the traced bank with those who stand around 甲."""
    with client_of(related_address) as opened:
        yield opened


@pytest.fixture
def own_address(
    database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of the application over this test's own database, without a loan, and over a home of its own."""
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path_factory.mktemp("home")))
    with application(database_url) as address:
        yield address


@pytest.fixture
def own_client(own_address: str) -> Iterator[httpx.Client]:
    """A client of the application over this test's own database, without a loan."""
    with client_of(own_address) as opened:
        yield opened
