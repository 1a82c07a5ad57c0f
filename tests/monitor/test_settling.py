"""After live lines: they are paired, and a trace is asked for once for many commits."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest
from tests.http.bank import write_books
from tests.monitor.rows import message

from loantrail.ledger.pairs.booking import settle
from loantrail.monitor import settling
from loantrail.monitor.committing import commit_group
from loantrail.monitor.leading import Connecting
from loantrail.monitor.payload import JSON, read_payload
from loantrail.monitor.settling import Settling
from loantrail.postgres.connection import Database

pytestmark = pytest.mark.database


def requested(asked: psycopg.Connection[Any]) -> int:
    found = asked.execute("SELECT requested FROM tracing.evaluation").fetchone()
    assert found is not None
    return int(found[0])


def waiting(asked: psycopg.Connection[Any]) -> tuple[int, int]:
    found = asked.execute("SELECT unpaired_lines, untraced_lines FROM published.live_waiting").fetchone()
    assert found is not None
    return int(found[0]), int(found[1])


@pytest.mark.parametrize(("trace_seconds", "asked_for"), [(0.5, (1, 2)), (0.0, (2,))])
def test_many_commits_ask_for_one_trace_and_nothing_is_left_waiting(
    trace_seconds: float,
    asked_for: tuple[int, ...],
    books: Database,
    asked: psycopg.Connection[Any],
) -> None:
    write_books(asked)
    before = requested(asked)
    asks: list[float] = []
    others = iter((99,))

    def settle_while_another_comes(connection: psycopg.Connection[Any]) -> object:
        # A commit that lands while others are paired is not part of them.
        for number in others:
            commit(number)
        return settle(connection)

    working = Settling(
        Connecting(books),
        lambda: asks.append(time.monotonic()),
        trace_seconds=trace_seconds,
        pair_seconds=0.02,
        pair=settle_while_another_comes,
    )
    begun = time.monotonic()
    with books.connect() as connection:

        def commit(number: int) -> None:
            commit_group(connection, [read_payload(message(number), JSON, "test")])

        for number in range(5):
            commit(number)
        assert waiting(asked) == (5, 5)
        working.start()
        working.wait()

        assert waiting(asked) == (0, 0)
        assert requested(asked) - before == len(asks)
        # Where no time is left to wait, the line that came meanwhile is asked for by itself.
        assert len(asks) in asked_for
        assert asks[0] - begun >= trace_seconds * 0.8
        commit(7)
        working.start()
        working.wait()
    assert waiting(asked) == (0, 0)
    assert requested(asked) == before + len(asks) >= before + 2


def test_one_that_is_stopped_leaves_what_waits_to_the_next(
    books: Database, asked: psycopg.Connection[Any]
) -> None:
    write_books(asked)
    working = Settling(Connecting(books), lambda: None, trace_seconds=0.0, pair_seconds=600.0)
    with books.connect() as connection:
        commit_group(connection, [read_payload(message(1), JSON, "test")])
        working.start()
        working.stop()
        working.wait()
        working.start()
        working.wait()

    assert waiting(asked) == (1, 1)


def test_after_a_pairing_that_took_long_the_next_one_waits_longer(
    books: Database, asked: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_books(asked)
    pauses: list[float] = []
    monkeypatch.setattr(settling.clock, "sleep", lambda seconds, _until=None: pauses.append(seconds))

    def takes_long(connection: psycopg.Connection[Any]) -> object:
        time.sleep(0.2)
        return settle(connection)

    working = Settling(Connecting(books), lambda: None, trace_seconds=0.0, pair_seconds=0.02, pair=takes_long)
    with books.connect() as connection:
        for number in range(2):
            commit_group(connection, [read_payload(message(number), JSON, "test")])
            working.start()
            working.wait()

    assert 0.02 in pauses
    assert max(pauses) >= 0.2 * 3


def test_a_session_that_is_ended_by_who_takes_over_is_told_in_a_line_and_tried_again(
    books: Database,
    asked: psycopg.Connection[Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_books(asked)
    monkeypatch.setattr(settling, "AGAIN_SECONDS", 0.01)
    ending = iter((True,))

    def settle_after_an_end(connection: psycopg.Connection[Any]) -> object:
        for _ in ending:
            connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return settle(connection)

    working = Settling(
        Connecting(books),
        lambda: None,
        trace_seconds=0.0,
        pair_seconds=0.0,
        pair=settle_after_an_end,
    )
    with books.connect() as connection:
        commit_group(connection, [read_payload(message(1), JSON, "test")])
    working.start()
    working.wait()

    assert waiting(asked) == (0, 0)
    [record] = [one for one in caplog.records if "pairing" in one.getMessage()]
    assert (record.levelname, record.exc_info) == ("WARNING", None)
    assert "terminating connection" in record.getMessage()
    assert "\n" not in record.getMessage()
