"""A bank that lends in a world where everything goes wrong: after torn commits, lost answers, full disks, clocks that are set and
restarts the warnings are those of the whole books, and no fen is lost at any commit."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import psycopg
import pytest
from tests.monitor import kept_warnings
from tests.monitor.lending import Lines, lines_before, opened
from tests.postgres_fixtures import address_of, copied
from tests.seeds import in_parts
from tests.simulation.checks import (
    answers_are_true,
    books_equal_the_model,
    nothing_failed_by_itself,
    offsets_are_not_ahead_of_rows,
    repeated_requests_got_one_answer,
)
from tests.simulation.test_step_simulated import fresh
from tests.simulation.world import Parcel, Row, Sessions, World

from loantrail import clock
from loantrail.monitor import catching_up, writing
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.outstanding import judge_outstanding, judge_owed
from loantrail.postgres.connection import Database, configure
from loantrail.tracing import snapshots

EPISODES = int(os.environ.get("LOANTRAIL_SIMULATED_LENDING", "12"))
FIRST = int(os.environ.get("LOANTRAIL_SIMULATED_LENDING_FIRST", "1"))
FEW = 2
"""In the fast suite."""
AT_ONCE = 5
STEPS = 70

__all__ = ["opened"]
pytestmark = [pytest.mark.database, pytest.mark.timeout(600)]
CHECKS = (
    nothing_failed_by_itself,
    books_equal_the_model,
    answers_are_true,
    repeated_requests_got_one_answer,
    offsets_are_not_ahead_of_rows,
)


class LendingWorld(World):
    """Its rows are those of a history; at each commit the money is counted."""

    def __init__(self, url: str, seed: int) -> None:
        self._lines = Lines(seed)
        self._left: list[Row] = []
        self._is_at_its_end = False
        self.looks = 0
        super().__init__(url, seed, self._fresh)
        self.parcels.append(Parcel(lines_before(), None, is_answered=True))

    def some_row(self) -> Row:
        if not self._left:
            self._left = self._lines.more(20)[::-1]
        return self._left.pop()

    def write(self) -> None:
        if not self._is_at_its_end and self.chance.random() < 0.3:
            self.break_something()
        super().write()
        self._look()

    def read_topic(self) -> None:
        super().read_topic()
        self._look()

    def _finish(self) -> None:
        self._is_at_its_end = True
        super()._finish()

    def let_interest_come(self) -> None:
        """The other lines of transfers come, then one of each loan, and nothing goes wrong."""
        if self._left:
            self.parcels.append(Parcel(self._left[::-1], "the rest"))
        self.parcels.append(Parcel(self._lines.interest(), "interest"))
        self._finish()

    def _fresh(self, _sessions: Sessions) -> Deciding:
        return fresh(self.url)

    def _look(self) -> None:
        """After each commit, made or not, no fen is lost, what the state knows is in the books, and no hit rests on what is not."""
        assert isinstance(self.judge, Deciding)
        held = self.judge._held
        if held is None:
            return
        kept_warnings.assert_no_fen_is_lost(held.standing)
        with psycopg.connect(self.url) as asked:
            in_books = kept_warnings.line_ids(asked)
            assert held.lines.lines["line_id"].is_in(in_books).all()
            if held.last_arrival == kept_warnings.last_arrival(asked) and not held.owed:
                known = set(held.standing.index.transactions.all()["transaction_id"].to_list())
                assert {one for row in kept_warnings.hits_that_stand(asked) for one in row[9]} <= known
                self.looks += 1


@pytest.mark.parametrize(("first", "count"), in_parts(FIRST, EPISODES, FEW, AT_ONCE))
def test_whatever_goes_wrong_the_warnings_are_those_of_whole_books(
    database_server: Database,
    opened: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    first: int,
    count: int,
) -> None:
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path))
    monkeypatch.setattr(writing, "GATHER_SECONDS", 0.0)
    monkeypatch.setattr(writing, "GROUP_ROWS", 12)
    monkeypatch.setattr(clock, "sleep", lambda _seconds: None)
    monkeypatch.setattr("loantrail.monitor.kafka.POLL_SECONDS", 0.0)
    monkeypatch.setattr(catching_up, "CLOSE_LINES", 1)
    monkeypatch.setattr(catching_up, "SHOWN_AT_ONCE", 3)
    seen: Counter[str] = Counter()
    for seed in range(first, first + count):
        snapshots.forget()
        with copied(database_server, opened) as name:
            url = address_of(database_server, name)
            world = LendingWorld(url, seed)
            try:
                world.run(STEPS)
                world.let_interest_come()
                seen["hits"] += checked(world)
            except BaseException as problem:
                problem.add_note(
                    f"seed {seed}: LOANTRAIL_SIMULATED_LENDING_FIRST={seed} LOANTRAIL_SIMULATED_LENDING=1; "
                    f"faults: {', '.join(world.plan.happened) or 'none'}; restarts: {world.restarts}; runs: {world.runs}"
                )
                raise
            finally:
                world.sessions.drop()
            seen.update(faults=len(world.plan.happened), restarts=world.restarts, looks=world.looks)
    assert min(seen["hits"], seen["faults"], seen["looks"]) >= count, seen


def checked(world: LendingWorld) -> int:
    """How many hits stand."""
    judge = world.judge
    assert isinstance(judge, Deciding)
    with psycopg.connect(world.url) as connection:
        configure(connection)
        if not judge.is_ready:
            judge.want()
            judge.wait()
        judge_outstanding(connection, judge)
        while judge.owes:
            judge_owed(connection, judge, clock.monotonic_seconds() + 60)
        held = judge._held
        assert held is not None
        for check in CHECKS:
            check(world, connection)
        kept_warnings.assert_of_one_piece(connection)
        traced = kept_warnings.traced_anew(connection)
        kept_warnings.assert_state_is_that_of(traced, held.standing)
        # A line that was refused, as another came first under its reference, leaves the other half of a transfer: nothing rests on it
        # until a run over the books.
        halves = held.standing.order.waiting()
        mine, whole = kept_warnings.hits_that_stand(connection), kept_warnings.hits_of(connection, traced)
        on_half = {row[1:4:2] for row in whole if not halves.isdisjoint(row[9])}
        kept_warnings.assert_equal(
            *({"hits": [row for row in rows if row[1:4:2] not in on_half]} for rows in (mine, whole))
        )
        return len(mine)
