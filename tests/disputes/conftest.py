"""A traced bank: made once, copied for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.disputes.bank import fill
from tests.ledger.test_importing import Books

from loantrail.postgres.connection import Database
from loantrail.tracing import snapshots


def _copied(server: Database, template: str) -> str:
    name = f"loantrail_disputes_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.url(), autocommit=True) as maintenance:
        maintenance.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    return name


def _dropped(server: Database, name: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as maintenance:
        maintenance.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def traced_bank(
    database_server: Database, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Name of a database that holds the bank, traced."""
    folder = tmp_path_factory.mktemp("bank")
    name = _copied(database_server, template_database)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LOANTRAIL_HOME", str(folder / "home"))
        fill(Books(make_conninfo(database_server.url(), dbname=name), folder))
    yield name
    _dropped(database_server, name)


@pytest.fixture
def bank(
    database_server: Database, traced_bank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Books]:
    """A copy of the bank of this test alone; the history of its run is not kept on this machine."""
    name = _copied(database_server, traced_bank)
    url = make_conninfo(database_server.url(), dbname=name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", url)
    snapshots.forget()
    yield Books(url, tmp_path)
    snapshots.forget()
    _dropped(database_server, name)
