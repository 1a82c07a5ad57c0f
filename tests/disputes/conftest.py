"""A traced bank: made once, copied for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.disputes.bank import fill
from tests.ledger.test_importing import Books
from tests.postgres_fixtures import address_of, copied

from loantrail.postgres.connection import Database
from loantrail.tracing import snapshots


@pytest.fixture(scope="session")
def traced_bank(
    database_server: Database, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Name of a database that holds the bank, traced."""
    folder = tmp_path_factory.mktemp("bank")
    with copied(database_server, template_database) as name:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setenv("LOANTRAIL_HOME", str(folder / "home"))
            fill(Books(address_of(database_server, name), folder))
        yield name


@pytest.fixture
def bank(
    database_server: Database, traced_bank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Books]:
    """A copy of the bank of this test alone; the history of its run is not kept on this machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path / "home"))
    snapshots.forget()
    with copied(database_server, traced_bank) as name:
        url = address_of(database_server, name)
        monkeypatch.setenv("LOANTRAIL_DATABASE_URL", url)
        yield Books(url, tmp_path)
    snapshots.forget()
