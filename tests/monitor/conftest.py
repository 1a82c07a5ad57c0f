"""A way to this test's own database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.http.bank import write_books

from loantrail.monitor.deciding import Deciding
from loantrail.monitor.leading import Connecting
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.tracing import snapshots
from loantrail.tracing.database import trace_books


@pytest.fixture
def books(database_url: str) -> Database:
    return Database(database_url)


@pytest.fixture
def asked(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that looks at what is committed."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def bank(
    connection: type_of_connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> type_of_connection:
    """The bank of three loans, traced."""
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path))
    snapshots.forget()
    write_books(connection)
    connection.commit()
    trace_books(connection)
    return connection


@pytest.fixture
def deciding(bank: type_of_connection, database_url: str) -> Iterator[Deciding]:
    made = Deciding(Connecting(Database(database_url)))
    made.want()
    made.wait()
    assert made.is_ready
    yield made
