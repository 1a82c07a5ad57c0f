"""The demo bank end to end in a database of its own: made, imported, traced, judged, evaluated."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from loantrail.demo.running import Making, Ready, Told, demo_settings, evaluate_demo_bank, open_demo_bank
from loantrail.errors import ConfigurationError
from loantrail.postgres.connection import Database
from loantrail.settings import read_settings
from loantrail.sources.dry_run import Outcome
from loantrail.tracing import snapshots
from loantrail.tracing.database import line_bounds, trace_books

SEED = 5


def test_a_demo_bank_never_mixes_with_a_banks_own_books(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", "postgresql://somewhere/books")
    with pytest.raises(ConfigurationError, match="LOANTRAIL_DATABASE_URL"):
        demo_settings("small", SEED)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    if os.environ.get("LOANTRAIL_DATABASE_URL"):
        pytest.skip("the demo bank lives in the embedded database")
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        # The server's own user must be able to pass the folders above.
        for path in (folder, *folder.parents[:3]):
            path.chmod(0o755)
        patch.setenv("LOANTRAIL_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def bank(home: Path) -> Generator[tuple[Database, list[Told]]]:
    said: list[Told] = []
    with open_demo_bank("small", SEED, said.append) as books:
        yield books, said


@pytest.mark.heavy
@pytest.mark.database
@pytest.mark.timeout(600)
def test_every_statement_sums_to_what_was_paid_out(bank: tuple[Database, list[Told]]) -> None:
    books, said = bank
    with books.connection() as connection:
        wrong = connection.execute(
            "SELECT s.loan_id FROM tracing.loan_summary s JOIN (SELECT run_id, loan_id, sum(amount_fen) AS fen "
            "FROM tracing.statement GROUP BY 1, 2) t USING (run_id, loan_id) "
            "JOIN (SELECT loan_id, sum(amount_fen) AS fen FROM ledger.disbursement GROUP BY 1) d USING (loan_id) "
            "WHERE t.fen <> s.disbursed_fen OR d.fen <> s.disbursed_fen"
        ).fetchall()
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM ledger.loan_note), (SELECT count(*) FROM tracing.loan_summary), "
            "(SELECT count(*) FROM tracing.lead), (SELECT count(*) FROM ledger.refusal WHERE state = 'open')"
        ).fetchone()
    assert wrong == []
    assert counts is not None
    assert counts[0] == counts[1] > 300
    assert counts[2] > 10
    assert counts[3] == 0
    assert (said[0], type(said[-1])) == (Making("small", SEED), Ready)
    outcome = next(one for one in said if isinstance(one, Outcome))
    assert (outcome.accounts_reconciled > 100, outcome.differences) == (True, [])


@pytest.mark.heavy
@pytest.mark.database
@pytest.mark.timeout(600)
def test_amounts_lie_within_their_bounds_and_bounds_come_on_request(
    bank: tuple[Database, list[Told]],
) -> None:
    books, _ = bank
    with books.connection() as connection:
        outside = connection.execute(
            "SELECT loan_id, use FROM tracing.statement WHERE least_fen IS NOT NULL "
            "AND NOT amount_fen BETWEEN least_fen AND most_fen"
        ).fetchall()
        waiting = connection.execute(
            "SELECT loan_id FROM tracing.statement WHERE least_fen IS NULL ORDER BY loan_id LIMIT 1"
        ).fetchone()
        assert outside == []
        assert waiting is not None
        from_memory = line_bounds(connection, waiting[0])
        snapshots.forget()
        from_disk = line_bounds(connection, waiting[0])
        for path in (read_settings().home / "histories").glob("*.npz"):
            path.unlink()
        snapshots.forget()
        from_books = line_bounds(connection, waiting[0])
    assert from_memory
    assert from_memory == from_disk == from_books


@pytest.mark.heavy
@pytest.mark.database
@pytest.mark.timeout(600)
def test_tracing_again_gives_the_same_run_and_other_conventions_stand_beside_it(
    bank: tuple[Database, list[Told]],
) -> None:
    books, _ = bank
    with books.connection() as connection:
        before = connection.execute("SELECT run_id FROM tracing.run WHERE current").fetchall()
        assert trace_books(connection).run_id == before[0][0]
        assert trace_books(connection, "pro_rata").convention == "pro_rata"
        after = connection.execute("SELECT convention FROM tracing.run WHERE current ORDER BY 1").fetchall()
    assert after == [("fifo",), ("pro_rata",)]


@pytest.mark.heavy
@pytest.mark.database
@pytest.mark.timeout(600)
def test_evaluation_does_not_build_the_bank_again(bank: tuple[Database, list[Told]]) -> None:
    said: list[Told] = []
    found = evaluate_demo_bank("small", SEED, said.append)
    assert said == []
    assert found.patterns["planted"].sum() > 20
