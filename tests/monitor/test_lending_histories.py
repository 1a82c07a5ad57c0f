"""Random histories of a bank that lends, taken in live in random cuts, with lines that come late, twice or with another content: trace,
what the rules found of signals, hits and warnings are those of a computation over the whole books."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from polars.testing import assert_frame_equal
from tests.monitor import kept_warnings
from tests.monitor.lending import Lines, in_deliveries, opened
from tests.postgres_fixtures import address_of, copied
from tests.seeds import in_parts

from loantrail import clock
from loantrail.clock import business_date, now
from loantrail.ledger.books import tracing_inputs
from loantrail.ledger.pairs.booking import settle
from loantrail.monitor import catching_up, keeping, standing
from loantrail.monitor import held as held_module
from loantrail.monitor.committing import commit_group
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.held import first_ground, ground_of_run
from loantrail.monitor.leading import Connecting
from loantrail.monitor.model import HALF, LATE, Answered
from loantrail.monitor.outstanding import judge_outstanding, judge_owed
from loantrail.monitor.payload import JSON, read_payload
from loantrail.postgres.connection import Database, configure
from loantrail.rules import store_lists
from loantrail.rules.evaluate import FOUND
from loantrail.tracing import snapshots
from loantrail.tracing.database import trace_books

HISTORIES = int(os.environ.get("LOANTRAIL_LENDING_HISTORIES", "24"))
FIRST = int(os.environ.get("LOANTRAIL_LENDING_HISTORIES_FIRST", "0"))
AT_ONCE = 8
FEW = 2
"""In the fast suite."""
SHORT = 16
"""Transactions that stay open of a short tail: the other line of a transfer must still stand among them."""
KEYS = ["rule_code", "rule_version"]

__all__ = ["opened"]
pytestmark = [pytest.mark.database, pytest.mark.timeout(600)]


@pytest.mark.parametrize(("first", "count"), in_parts(FIRST, HISTORIES, FEW, AT_ONCE))
def test_what_was_judged_line_by_line_is_what_whole_books_say(
    database_server: Database,
    opened: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    first: int,
    count: int,
) -> None:
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path))
    seen: Counter[str] = Counter()
    for seed in range(first, first + count):
        snapshots.forget()
        with copied(database_server, opened) as name:
            try:
                seen.update(compared(address_of(database_server, name), seed))
            except BaseException as problem:
                problem.add_note(
                    f"seed {seed}: LOANTRAIL_LENDING_HISTORIES_FIRST={seed} LOANTRAIL_LENDING_HISTORIES=1"
                )
                raise
    assert seen["hits"] >= count
    assert seen["accepted"]
    assert count < AT_ONCE or (seen["duplicate"] and seen["refused"]), seen


@pytest.mark.parametrize(
    ("first", "count"),
    [
        (FIRST + 1_001, 1),
        *(
            pytest.param(FIRST + 1_001 + first, min(AT_ONCE, HISTORIES - first), marks=pytest.mark.heavy)
            for first in range(1, HISTORIES, 2 * AT_ONCE)
        ),
    ],
)
def test_what_came_too_late_for_the_tail_is_judged_as_whole_books_judge_it(
    database_server: Database,
    opened: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    first: int,
    count: int,
) -> None:
    monkeypatch.setattr(keeping, "PAUSE_LEAST_SECONDS", 0.01)
    monkeypatch.setattr(tracing_inputs, "RECENT_TRANSACTIONS", SHORT)
    for where in (standing, held_module):
        monkeypatch.setattr(where, "TAIL_LEAST", SHORT)
    monkeypatch.setattr(standing, "TAIL_MOST", SHORT + 6)
    monkeypatch.setattr(catching_up, "CLOSE_LINES", 4)
    monkeypatch.setattr(catching_up, "SHOWN_AT_ONCE", 5)
    made = Counter[str]()
    as_ever = keeping.held_on

    def held_on(*told: Any) -> Any:
        made["states"] += 1
        return as_ever(*told)

    monkeypatch.setattr(keeping, "held_on", held_on)
    for seed in range(first, first + count):
        monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path / str(seed)))
        snapshots.forget()
        with copied(database_server, opened) as name:
            made += compared(address_of(database_server, name), seed, tail_is_short=True)
    assert count < AT_ONCE or made["late"]
    assert made["late"] == 0 or count < made["states"] <= count + made["late"]
    assert made["hits"] >= count


def compared(url: str, seed: int, *, tail_is_short: bool = False) -> Counter[str]:
    """Takes a history in and compares; how many rows met which end, how many came too late, and how many hits stand."""
    lines, seen = Lines(seed), Counter[str]()
    with psycopg.connect(url) as connection:
        configure(connection)
        if tail_is_short:
            # A run of its own: what it leaves is kept in this home folder.
            commit_group(
                connection, [read_payload(json.dumps(lines.interest()).encode(), JSON, "test")], None
            )
            settle(connection)
            trace_books(connection)
            assert ground_of_run(connection) is not None
        deciding = Deciding(Connecting(Database(url)), first_ground)
        deciding.want()
        deciding.wait()
        for rows in [*in_deliveries(lines.chance, lines.more(30)), lines.interest()]:
            [answer] = commit_group(
                connection, [read_payload(json.dumps(rows).encode(), JSON, "test")], deciding
            )
            assert isinstance(answer, Answered)
            late = sum(row.undecided == LATE for row in answer.rows)
            halves = sum(row.undecided == HALF for row in answer.rows)
            assert answer.undecided == late + halves and (tail_is_short or late == 0)
            seen["halves"] += halves
            seen["late"] += late
            if lines.chance.random() < 0.7:
                deciding.wait_for_late_lines()
            seen.update(row.outcome for row in answer.rows)
            held = deciding._held
            assert held is not None
            kept_warnings.assert_no_fen_is_lost(held.standing)
        deciding.wait_for_late_lines()
        judge_outstanding(connection, deciding)
        judge_owed(connection, deciding, clock.monotonic_seconds() + 60)
        assert not deciding.owes
        held = deciding._held
        assert held is not None

        traced = kept_warnings.traced_anew(connection)
        kept_warnings.assert_state_is_that_of(traced, held.standing)
        entries = store_lists.standing(connection, business_date(now()))
        index = held.standing.index
        rules = held.judging._ready(connection, business_date(index.as_of), index.parameters)
        whole = kept_warnings.found_in_books(traced, rules, entries)
        for loan, found in held.judging._found.items():
            expected = whole.filter(pl.col("loan_id") == loan)
            assert_frame_equal(found.select(*FOUND).sort(KEYS), expected.select(*FOUND).sort(KEYS))
        hits = kept_warnings.hits_that_stand(connection)
        kept_warnings.assert_equal({"hits": hits}, {"hits": kept_warnings.hits_of(connection, traced)})
        kept_warnings.assert_of_one_piece(connection)
        seen["hits"] += len(hits)
    return seen
