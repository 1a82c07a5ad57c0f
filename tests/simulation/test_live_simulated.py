"""Live intake in a world where everything goes wrong: the books are what was sent, and what was answered is true."""

from __future__ import annotations

import datetime
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.postgres_fixtures import address_of, copied
from tests.simulation.checks import CHECKS
from tests.simulation.world import World

from loantrail import clock
from loantrail.monitor import writing
from loantrail.postgres.connection import Database

SEEDS = int(os.environ.get("LOANTRAIL_SIMULATED_EPISODES", "180"))
FIRST_SEED = int(os.environ.get("LOANTRAIL_SIMULATED_FIRST", "1"))
STEPS = 90
PARTS = 6

pytestmark = [pytest.mark.database, pytest.mark.timeout(120 + SEEDS)]


@pytest.fixture
def url(database_server: Database, template_database: str) -> Iterator[str]:
    with copied(database_server, template_database) as name:
        yield address_of(database_server, name)


def emptied(asked: psycopg.Connection[Any]) -> None:
    """The books of a bank that has none; its months too have to be made again."""
    # What is never removed otherwise (the contact log) goes with the customers.
    asked.execute("SET session_replication_role = replica")
    asked.execute(
        "TRUNCATE ledger.statement_line, ledger.intake_key, ledger.refusal, ledger.import_file, ledger.import_run, "
        "ledger.pairing_pending, ledger.account, live.request, live.source_offset CASCADE"
    )
    asked.execute("SET session_replication_role = DEFAULT")
    asked.execute("UPDATE live.waiting SET line_count = 0, since = NULL")
    for (name,) in asked.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'ledger.statement_line'::regclass"
    ).fetchall():
        asked.execute(f"DROP TABLE {name}".encode())


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_goes_wrong_the_books_are_what_was_sent(
    part: int, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "GATHER_SECONDS", 0.0)
    monkeypatch.setattr(writing, "GROUP_ROWS", 12)
    monkeypatch.setattr(clock, "sleep", lambda _seconds: None)
    monkeypatch.setattr("loantrail.monitor.kafka.POLL_SECONDS", 0.0)
    # Lines of all months come in any order, whatever the clock says: none is refused for its date.
    monkeypatch.setattr("loantrail.ledger.booked_ahead.BOOKED_AHEAD_MOST", datetime.timedelta(days=3_650))
    happened: Counter[str] = Counter()
    with psycopg.connect(url, autocommit=True) as asked:
        for seed in range(FIRST_SEED + part, FIRST_SEED + SEEDS, PARTS):
            emptied(asked)
            world = World(url, seed)
            try:
                world.run(STEPS)
                for check in CHECKS:
                    check(world, asked)
            except BaseException as problem:
                problem.add_note(
                    f"seed {seed}: LOANTRAIL_SIMULATED_FIRST={seed} LOANTRAIL_SIMULATED_EPISODES=1; "
                    f"faults: {', '.join(world.plan.happened) or 'none'}; restarts: {world.restarts}"
                )
                raise
            happened.update(world.plan.happened)
    if SEEDS >= 100:
        # Each fault struck, at statements and at commits: else nothing was tried.
        assert len(happened) == 8, happened
