"""Real files into the books themselves: Berka with traced, the firms, every message sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from loantrail.ledger.importing import import_files
from loantrail.postgres.connection import Database
from loantrail.sources.files import open_files
from loantrail.tracing.database import trace_books

pytestmark = [pytest.mark.realdata, pytest.mark.database, pytest.mark.heavy, pytest.mark.timeout(900)]


def count(books: Database, query: str) -> int:
    with books.connection() as connection:
        row = connection.execute(query).fetchone()  # pyright: ignore[reportArgumentType]  constants below
    assert row is not None
    return int(row[0])


def test_berka_is_imported_once_and_its_payouts_are_said_to_be_unseen(
    real_data: Path, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path))
    books = Database(database_url)
    outcome = import_files(open_files([real_data / "berka"]), books=books)
    assert outcome.unusable == []
    assert outcome.refused_total == 0
    assert count(books, "SELECT count(*) FROM ledger.statement_line") == 79_302
    assert count(books, "SELECT count(*) FROM ledger.loan_note") == 682
    assert count(books, "SELECT count(*) FROM ledger.refusal WHERE state = 'open'") == 0

    again = import_files(open_files([real_data / "berka"]), books=books)
    assert sum(again.accepted.values()) == 0
    assert count(books, "SELECT count(*) FROM ledger.statement_line") == 79_302

    with books.connection() as connection:
        found = trace_books(connection)
    assert found.events > 70_000
    # The ledger shows no line for any payout: each loan is said to be without one, none is guessed.
    assert found.loans == 0
    assert found.unlinked["loan_id"].n_unique() == 682
    assert set(found.unlinked["problem"]) == {"disbursement_without_line"}


def test_firms_and_invoices_are_imported(real_data: Path, database_url: str) -> None:
    books = Database(database_url)
    outcome = import_files(open_files([real_data / "sme_invoices"]), books=books)
    assert outcome.unusable == []
    assert outcome.refused_total == 0
    assert count(books, "SELECT count(*) FROM parties.party") == 123
    assert count(books, "SELECT count(*) FROM ledger.invoice") == outcome.accepted["invoice"] > 360_000


def test_every_message_sample_is_imported_or_named(real_data: Path, database_url: str) -> None:
    books = Database(database_url)
    folders = [real_data / "messages" / name for name in ("camt", "cbpr_plus", "mt940", "statements")]
    files = [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in (".xml", ".sta", ".xls", ".xlsx", ".csv", ".txt", ".mt940", ".940", ".942")
    ]
    outcome = import_files(open_files(files), books=books)
    lines = count(books, "SELECT count(*) FROM ledger.statement_line")
    assert lines == outcome.accepted["statement_line"] == 149
    for unusable in outcome.unusable:
        assert unusable.name.rsplit("/", 1)[-1] in str(unusable.problem)
    # Nothing vanished: what was read is accepted, a duplicate, or kept with its reason.
    for name, read in outcome.read.items():
        known = outcome.accepted[name] + outcome.duplicate[name]
        kept = count(books, f"SELECT count(*) FROM ledger.refusal WHERE record_type = '{name}'")
        assert read - known <= kept, name
