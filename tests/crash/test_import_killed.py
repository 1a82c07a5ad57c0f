"""An import that is killed and run again leaves the same books as one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import psycopg.conninfo
import pytest
from psycopg import sql
from tests.crash.importer import main as import_here
from tests.ledger.statement_lines import lines
from tests.postgres_fixtures import address_of

from loantrail.errors import DatabaseUnavailable
from loantrail.ids import seeded_random
from loantrail.postgres.connection import Database

pytestmark = [pytest.mark.database, pytest.mark.crash]

IMPORTER = Path(__file__).with_name("importer.py")
REPOSITORY = Path(__file__).resolve().parents[2]


def books_of(url: str) -> dict[str, list[tuple]]:
    """Everything that an import leaves, but for times and running numbers."""
    queries = {
        "lines": "SELECT line_id, source_file, position, amount_fen FROM published.statement_line ORDER BY 1",
        "keys": "SELECT source, source_key, content_hash FROM ledger.intake_key ORDER BY 2",
        "refusals": "SELECT refusal_id, source_file, position, state FROM ledger.refusal ORDER BY 1",
        "transfers": "SELECT transfer_id, debit_line, credit_line, basis FROM published.transfer ORDER BY 1",
        "ambiguous": "SELECT line_id FROM ledger.ambiguous_pairing ORDER BY 1",
        "accounts": "SELECT account, has_lines, kind FROM ledger.account ORDER BY 1",
        "balances": "SELECT account, state, line_count, difference_count FROM ledger.reconciliation ORDER BY 1",
        # A file that was finished before the kill is read once more, all duplicates, under an entry of its own.
        "files": "SELECT name, sum(rows_accepted), max(rows_refused), bool_and(state = 'finished') "
        "FROM ledger.import_file GROUP BY name ORDER BY 1",
        "pending": "SELECT count(*) FROM ledger.pairing_pending",
    }
    with psycopg.connect(url) as connection:
        return {name: connection.execute(query).fetchall() for name, query in queries.items()}


def write_files(folder: Path) -> None:
    """Three statements of four accounts that pay each other, with equal rows, repeated references, bad rows."""
    chance = seeded_random(11)
    for number in range(3):
        rows: list[str] = []
        for _ in range(420):
            one, other = chance.sample("ABCD", 2)
            fen = chance.choice([13, 100, 200, 300, 400, 500])
            direction = chance.choice(["debit", "credit"])
            reference = f" ref=R{chance.randint(1, 900)}" if chance.random() < 0.4 else ""
            rows.append(
                f"0{number + 3}-{chance.randint(1, 28):02d} 10:00 | {one} | {direction} | {fen} | to={other}{reference}"
            )
        lines("\n".join(rows)).write_parquet(folder / f"{number}.parquet")


def start(url: str, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(IMPORTER), url, str(folder)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stderr=subprocess.PIPE,
    )


def batches_committed(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(batches_committed), 0) FROM ledger.import_file"
        ).fetchone()
        return 0 if row is None else int(row[0])


@pytest.fixture
def two_databases(
    database_url: str, database_server: Database, template_database: str
) -> Iterator[tuple[str, str]]:
    """Two fresh, migrated databases."""
    name = f"loantrail_test_{uuid.uuid4().hex[:12]}"
    second = sql.Identifier(name)
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(second, sql.Identifier(template_database))
    with psycopg.connect(database_server.url(), autocommit=True) as connection:
        connection.execute(create)
    yield database_url, address_of(database_server, name)
    with psycopg.connect(database_server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(second))


def kill_and_repeat(urls: tuple[str, str], folder: Path, kills: int, seed: int) -> None:
    calm, killed = urls
    write_files(folder)
    import_here(calm, str(folder))
    chance = seeded_random(seed)
    landed = 0
    for _ in range(kills):
        process = start(killed, folder)
        reached = batches_committed(killed) + chance.randint(0, 4)
        limit = time.monotonic() + 30
        while process.poll() is None and batches_committed(killed) < reached and time.monotonic() < limit:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.03)
        process.kill()
        process.communicate()
        landed += process.returncode == -signal.SIGKILL
    assert landed > 0
    process = start(killed, folder)
    _, trouble = process.communicate(timeout=100)
    assert process.returncode == 0, trouble.decode()
    assert books_of(killed) == books_of(calm)
    assert len(books_of(calm)["lines"]) > 500


@pytest.mark.heavy
def test_a_killed_import_resumes_without_loss_or_doubling(two_databases: tuple[str, str], tmp_path: Path):
    kill_and_repeat(two_databases, tmp_path, kills=2, seed=1)


@pytest.mark.heavy
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(2, 5))
def test_an_import_killed_many_times_resumes_without_loss_or_doubling(
    two_databases: tuple[str, str], tmp_path: Path, seed: int
):
    kill_and_repeat(two_databases, tmp_path, kills=12, seed=seed)


def test_a_connection_that_the_server_ends_is_a_clear_error_and_the_import_resumes(
    two_databases: tuple[str, str], tmp_path: Path
):
    calm, cut = two_databases
    write_files(tmp_path)
    import_here(calm, str(tmp_path))
    with psycopg.connect(cut) as connection:
        # The server ends the session in the middle of a batch, as a shutdown would.
        connection.execute(
            "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF NEW.batches_committed >= 6 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END $$"
        )
        connection.execute(
            "CREATE TRIGGER cut BEFORE UPDATE ON ledger.import_file FOR EACH ROW EXECUTE FUNCTION cut()"
        )
    with pytest.raises(DatabaseUnavailable, match="run the command again"):
        import_here(cut, str(tmp_path))
    with psycopg.connect(cut) as connection:
        connection.execute("DROP TRIGGER cut ON ledger.import_file")
    import_here(cut, str(tmp_path))
    assert books_of(cut) == books_of(calm)
