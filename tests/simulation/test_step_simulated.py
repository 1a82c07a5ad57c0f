"""The state of the step after everything that can go wrong: what was committed, lost, answered twice or cut off by a restart, the
state is that of the books."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator

import psycopg
import pytest
from tests.postgres_fixtures import address_of, copied
from tests.simulation.test_live_simulated import emptied
from tests.simulation.world import World

from loantrail import clock
from loantrail.ledger.pairs.booking import settle
from loantrail.monitor import catching_up, writing
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.leading import Connecting
from loantrail.monitor.standing import Standing
from loantrail.postgres.connection import Database

SEEDS = int(os.environ.get("LOANTRAIL_SIMULATED_STEPS", "12"))
STEPS = 60
pytestmark = [pytest.mark.database, pytest.mark.timeout(600)]


@pytest.fixture
def url(database_server: Database, template_database: str) -> Iterator[str]:
    with copied(database_server, template_database) as name:
        yield address_of(database_server, name)


def fresh(url: str) -> Deciding:
    """A judge that read the books just now, over connections that nothing befalls."""
    made = Deciding(Connecting(Database(url)))
    made.want()
    made.wait()
    made.expect(True)  # the runs of the world are not stored
    return made


def state_of(judge: Deciding) -> Standing | None:
    held = judge._held
    return None if held is None else held.standing


def test_the_state_is_that_of_the_books(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "GATHER_SECONDS", 0.0)
    monkeypatch.setattr(writing, "GROUP_ROWS", 12)
    monkeypatch.setattr(clock, "sleep", lambda _seconds: None)
    monkeypatch.setattr("loantrail.monitor.kafka.POLL_SECONDS", 0.0)
    # Lines of all months come in any order, whatever the clock says: none is refused for its date.
    monkeypatch.setattr("loantrail.ledger.booked_ahead.BOOKED_AHEAD_MOST", datetime.timedelta(days=3_650))
    monkeypatch.setattr(catching_up, "CLOSE_LINES", 1)
    monkeypatch.setattr(catching_up, "SHOWN_AT_ONCE", 3)
    compared = runs = 0
    with psycopg.connect(url, autocommit=True) as asked:
        for seed in range(1, SEEDS + 1):
            emptied(asked)
            world = World(url, seed, make_judge=lambda _sessions: fresh(url))
            world.run(STEPS)
            judge = world.judge
            assert isinstance(judge, Deciding)
            judge.wait()
            state = state_of(judge)
            with Database(url).connect() as connection:
                # What the last group left, as the next one would find it; then it is quiet, and what could wait is shown.
                for _ in range(2):
                    judge.catch_up(connection)
                    connection.rollback()
                    judge.committed()
            with Database(url).connect() as connection:
                settle(connection)
            anew = state_of(fresh(url))
            if state is None or anew is None or state_of(judge) is not state:
                continue
            first = asked.execute("SELECT min(booked_at) FROM ledger.statement_line").fetchone()
            if first is None or state.since is None or first[0] < state.since:
                continue  # lines that stand before the tail wait for a run over the books
            mine, theirs = state.index.transactions.all(), anew.index.transactions.all()
            other = mine.join(theirs, on=mine.columns, how="anti", nulls_equal=True).to_dicts()
            assert mine.equals(theirs), f"seed {seed}: {other}"
            balances = dict(zip(state.known.names, state.trace.result().balance_fen.tolist(), strict=True))
            for name, fen in zip(anew.known.names, anew.trace.result().balance_fen.tolist(), strict=True):
                assert balances.get(name, 0) == fen, f"seed {seed}: {name}"
            compared, runs = compared + 1, runs + world.runs
    assert compared >= SEEDS // 4, f"only {compared} episodes could be compared"
    assert runs >= SEEDS // 4, f"only {runs} states were made of runs"
