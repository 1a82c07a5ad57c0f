"""A way to this test's own database."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.http.bank import write_books
from tests.monitor.held_up import JudgingTakesLong, decisions, send
from tests.monitor.test_deciding import line
from tests.monitor.two_writers import Commits
from tests.postgres_fixtures import address_of, copied

from loantrail.monitor import deciding as deciding_module
from loantrail.monitor import held as holding
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.held import Held
from loantrail.monitor.leading import Connecting
from loantrail.monitor.writing import Writer
from loantrail.postgres.connection import Database, configure, type_of_connection
from loantrail.tracing import snapshots
from loantrail.tracing.database import trace_books


@dataclass(frozen=True, slots=True)
class Traced:
    """A database that is copied, and what a run over it left in the home folder."""

    template: str
    home: Path


@pytest.fixture(scope="session")
def traced(
    database_server: Database, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Traced]:
    """The bank of three loans after a run over its books: made once, copied for each test."""
    home = tmp_path_factory.mktemp("traced")
    with copied(database_server, template_database) as name:
        with (
            pytest.MonkeyPatch.context() as patch,
            psycopg.connect(address_of(database_server, name)) as connection,
        ):
            patch.setenv("LOANTRAIL_HOME", str(home))
            configure(connection)
            write_books(connection)
            connection.commit()
            trace_books(connection)
        yield Traced(name, home)


@pytest.fixture
def database_url(
    request: pytest.FixtureRequest, database_server: Database, template_database: str
) -> Iterator[str]:
    """Address of a fresh database of this test alone: of the traced bank where the test has `bank`, else of one without a loan."""
    has_bank = "bank" in request.fixturenames
    template = request.getfixturevalue("traced").template if has_bank else template_database
    with copied(database_server, template) as name:
        yield address_of(database_server, name)


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
    connection: type_of_connection, traced: Traced, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> type_of_connection:
    """The bank of three loans, traced."""
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path))
    snapshots.forget()
    shutil.copytree(traced.home, tmp_path, dirs_exist_ok=True)
    return connection


@pytest.fixture
def deciding(bank: type_of_connection, database_url: str) -> Iterator[Deciding]:
    made = Deciding(Connecting(Database(database_url)))
    made.want()
    made.wait()
    assert made.is_ready
    yield made


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgingTakesLong]:
    made = JudgingTakesLong(monkeypatch)
    yield made
    made.goes_on.set()


@pytest.fixture
def writer(bank: type_of_connection, deciding: Deciding, database_url: str) -> Writer:
    """One that has taken in the first line of the day."""
    made = Writer(Connecting(Database(database_url)), lambda _rows: None, deciding)
    assert decisions(send(made, line("N0", "6400000000000005", 3))) == ["allow"]
    return made


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Commits:
    return Commits(monkeypatch)


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Showing beside begins with the second line that waits, and takes until this is set."""
    goes_on = threading.Event()
    as_ever = holding.shown_with

    def shown_with(connection: Any, held: Held, lines: Any) -> Any:
        if threading.current_thread().name == "showing":
            assert goes_on.wait(30)
        return as_ever(connection, held, lines)

    monkeypatch.setattr(deciding_module, "SHOWN_FROM", 2)
    monkeypatch.setattr(holding, "shown_with", shown_with)
    yield goes_on
    goes_on.set()
