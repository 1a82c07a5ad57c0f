"""Random histories of a bank that lends, taken in live in random cuts, with lines that come late, twice or with another content: trace,
what the rules found of signals, hits and warnings are those of a computation over the whole books."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import polars as pl
import psycopg
import pytest
from polars.testing import assert_frame_equal
from tests.monitor import kept_warnings
from tests.monitor.lending import Lines, in_deliveries, opened
from tests.postgres_fixtures import address_of, copied

from loantrail.clock import business_date, now
from loantrail.monitor.committing import commit_group
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.leading import Connecting
from loantrail.monitor.model import Answered
from loantrail.monitor.outstanding import judge_outstanding
from loantrail.monitor.payload import JSON, read_payload
from loantrail.postgres.connection import Database, configure
from loantrail.rules import store_lists
from loantrail.rules.evaluate import FOUND
from loantrail.tracing import snapshots

HISTORIES = int(os.environ.get("LOANTRAIL_LENDING_HISTORIES", "48"))
FIRST = int(os.environ.get("LOANTRAIL_LENDING_HISTORIES_FIRST", "0"))
AT_ONCE = 8
FEW = 2
"""In the fast suite."""
KEYS = ["rule_code", "rule_version"]

__all__ = ["opened"]
pytestmark = [pytest.mark.database, pytest.mark.timeout(600)]


@pytest.mark.parametrize(
    ("first", "count"),
    [
        (FIRST, FEW),
        *(
            pytest.param(first, min(AT_ONCE, FIRST + HISTORIES - first), marks=pytest.mark.heavy)
            for first in range(FIRST + FEW, FIRST + HISTORIES, AT_ONCE)
        ),
    ],
)
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


def compared(url: str, seed: int) -> Counter[str]:
    """Takes a history in and compares; how many rows met which end, and how many hits stand."""
    lines, seen = Lines(seed), Counter[str]()
    with psycopg.connect(url) as connection:
        configure(connection)
        deciding = Deciding(Connecting(Database(url)))
        deciding.want()
        deciding.wait()
        for rows in [*in_deliveries(lines.chance, lines.more(30)), lines.interest()]:
            [answer] = commit_group(
                connection, [read_payload(json.dumps(rows).encode(), JSON, "test")], deciding
            )
            assert isinstance(answer, Answered)
            assert answer.undecided == 0
            seen.update(row.outcome for row in answer.rows)
            held = deciding._held
            assert held is not None
            kept_warnings.assert_no_fen_is_lost(held.standing)
        judge_outstanding(connection, deciding)
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
