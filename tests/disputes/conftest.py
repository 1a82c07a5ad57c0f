"""A traced bank in a database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.disputes.bank import fill
from tests.ledger.test_importing import Books

from loantrail.tracing import snapshots


@pytest.fixture
def bank(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", database_url)
    snapshots.forget()
    books = Books(database_url, tmp_path)
    fill(books)
    return books
