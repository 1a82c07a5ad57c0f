"""Two processes that write: each knows of every line that the other brings, in whatever order they commit."""

from __future__ import annotations

import json
import threading
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest
from tests.monitor.held_up import JudgingTakesLong, decisions, send
from tests.monitor.test_deciding import line, standing, to_securities
from tests.monitor.test_guests import shown_or_waiting
from tests.monitor.test_shown_later import among_strangers, assert_state_is_that_of_the_books, held_by
from tests.monitor.two_writers import (
    Commits,
    Process,
    another_process,
    commits_go_on,
    commits_wait,
    cut,
    end_session,
    wait_for_commit,
    wait_for_lock,
)

from loantrail.errors import DatabaseUnavailable
from loantrail.ledger import store_entering
from loantrail.monitor import committing, store
from loantrail.monitor.outstanding import judge_outstanding
from loantrail.monitor.payload import JSON, read_payload
from loantrail.monitor.waiting import Result
from loantrail.monitor.writing import Writer
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.tracing.database import trace_books

pytestmark = pytest.mark.database


@pytest.fixture
def first(bank: type_of_connection, database_url: str) -> Process:
    """One that has taken in the first line of the day."""
    made = another_process(database_url)
    assert decisions(send(made.writer, line("N0", "6400000000000005", 3))) == ["allow"]
    return made


@pytest.fixture
def second(first: Process, database_url: str) -> Process:
    return another_process(database_url)


def keyed(writer: Writer, key: str, *rows: dict[str, Any]) -> Future[Result]:
    read = read_payload(json.dumps(rows).encode(), JSON, "test")
    return writer.submit(committing.replace(read, key=key, content_hash="c"))


def assert_all_is_known(process: Process, database_url: str) -> None:
    """Each line of the books once, and the state that of the books."""
    known = shown_or_waiting(process.deciding)
    assert len(known) == len(set(known))
    assert_state_is_that_of_the_books(process.deciding, database_url)


def test_what_another_process_brings_waits_for_a_group_with_guests_and_each_knows_all_of_it(
    first: Process,
    second: Process,
    slow: JudgingTakesLong,
    bank: type_of_connection,
    asked: psycopg.Connection[Any],
    database_url: str,
) -> None:
    suspect = send(first.writer, to_securities("S1"))
    assert slow.has_begun.wait(30)
    others = send(second.writer, *among_strangers("M1", yuan=55))
    assert decisions(send(first.writer, *among_strangers("N1"))) == ["allow", "allow"]
    with pytest.raises(TimeoutError):
        others.result(0.5)
    # A guest comes in while the other one stands in the queue.
    assert decisions(send(first.writer, *among_strangers("N2", yuan=77))) == ["allow", "allow"]
    slow.goes_on.set()

    assert decisions(suspect) == ["review"]
    assert decisions(others) == ["allow", "allow"]
    assert decisions(send(first.writer, to_securities("S2", 1_000, day=13))) == ["review"]
    assert decisions(send(second.writer, to_securities("S3", 1_000, day=14))) == ["review"]
    assert decisions(send(first.writer, to_securities("S4", 1_000, day=15))) == ["review"]
    assert_all_is_known(first, database_url)
    live = standing(asked)
    trace_books(bank)
    assert standing(asked) == live


def test_nobody_is_the_guest_of_a_group_whose_session_has_ended_while_another_process_writes(
    first: Process,
    second: Process,
    slow: JudgingTakesLong,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> None:
    suspect = send(first.writer, to_securities("S1"))
    assert slow.has_begun.wait(30)
    [(host,)] = asked.execute(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 "
        "AND objid = hashtext('loantrail.live.writer')::bit(32)::bigint::oid"
    ).fetchall()
    has_turn, takes_numbers = threading.Event(), threading.Event()
    guest_has_numbers, guest_goes_on = threading.Event(), threading.Event()
    as_ever, copy_as_ever = store_entering.ask_arrivals, store_entering.copy_lines

    def ask_arrivals(connection: psycopg.Connection[Any], count: int) -> Any:
        if threading.current_thread().name == "live judging":
            has_turn.set()
            assert takes_numbers.wait(30)
        return as_ever(connection, count)

    def copy_lines(*told: Any) -> None:
        if threading.current_thread().name == "live intake":
            guest_has_numbers.set()
            assert guest_goes_on.wait(30)
        copy_as_ever(*told)

    monkeypatch.setattr(store_entering, "ask_arrivals", ask_arrivals)
    monkeypatch.setattr(store_entering, "copy_lines", copy_lines)
    end_session(asked, host)
    of_second = send(second.writer, to_securities("T1", 2_000))
    assert has_turn.wait(30)
    stranger = send(first.writer, *among_strangers("N1"))
    guest_has_numbers.wait(1)
    takes_numbers.set()
    slow.goes_on.set()
    assert decisions(of_second) == ["review"]
    guest_goes_on.set()
    with pytest.raises(DatabaseUnavailable):
        suspect.result(30)

    assert decisions(stranger) == ["allow", "allow"]
    for process in (second, first):
        assert decisions(send(process.writer, to_securities(f"S-{id(process)}", 1_000, day=13))) == ["review"]
    assert_all_is_known(first, database_url)
    assert decisions(send(second.writer, to_securities("S9", 1_000, day=14))) == ["review"]
    assert_all_is_known(second, database_url)


def test_a_guest_whose_answer_was_lost_commits_before_the_next_one_takes_its_numbers(
    first: Process,
    slow: JudgingTakesLong,
    commits: Commits,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> None:
    suspect = send(first.writer, to_securities("S1"))
    assert slow.has_begun.wait(30)
    commits_wait(asked, "live.request", "NEW.request_key = 'K1'")
    taken: list[psycopg.Connection[Any]] = []
    commits.before["live intake"] = taken.append
    lost = keyed(first.writer, "K1", *among_strangers("N1"))
    while not taken:
        pass
    wait_for_commit(asked, taken[0].info.backend_pid)
    cut(taken[0])
    with pytest.raises(DatabaseUnavailable):
        lost.result(30)

    monkeypatch.setattr(store, "GUEST_PATIENCE", "20s")
    following = send(first.writer, *among_strangers("N2", yuan=77))
    wait_for_lock(asked)
    commits_go_on(asked)
    slow.goes_on.set()

    assert decisions(suspect) == ["review"]
    assert decisions(following) == ["allow", "allow"]
    assert decisions(keyed(first.writer, "K1", *among_strangers("N1"))) == ["allow", "allow"]
    assert decisions(send(first.writer, to_securities("S2", 1_000, day=13))) == ["review"]
    assert_all_is_known(first, database_url)


def test_guests_stand_back_for_whoever_waits_to_read_the_books(
    first: Process,
    slow: JudgingTakesLong,
    asked: psycopg.Connection[Any],
    database_url: str,
) -> None:
    suspect = send(first.writer, to_securities("S1"))
    assert slow.has_begun.wait(30)
    arrived: list[int] = []

    def read() -> None:
        with psycopg.connect(database_url) as reader:
            reader.execute("SELECT pg_advisory_lock(hashtext('loantrail.ledger.writing'))")
            rows = reader.execute(
                "SELECT count(*), max(arrival_number) FROM ledger.statement_line"
            ).fetchall()
            arrived.extend(rows[0])

    reading = threading.Thread(target=read)
    reading.start()
    wait_for_lock(asked)
    stranger = send(first.writer, *among_strangers("N1"))
    with pytest.raises(TimeoutError):
        stranger.result(0.5)
    slow.goes_on.set()
    reading.join(30)

    assert decisions(suspect) == ["review"]
    assert decisions(stranger) == ["allow", "allow"]
    [seen] = asked.execute(
        "SELECT count(*), max(arrival_number) FROM ledger.statement_line WHERE arrival_number <= %s",
        (arrived[1],),
    ).fetchall()
    assert list(seen) == arrived, "no line with a smaller number came later"
    assert decisions(send(first.writer, to_securities("S2", 1_000, day=13))) == ["review"]
    assert_all_is_known(first, database_url)


def test_guests_stand_back_for_lines_of_an_import_that_nobody_looked_at(
    first: Process, slow: JudgingTakesLong, asked: psycopg.Connection[Any], database_url: str
) -> None:
    suspect = send(first.writer, to_securities("S1"))
    assert slow.has_begun.wait(30)
    assert decisions(send(first.writer, *among_strangers("N1"))) == ["allow", "allow"]
    asked.execute(
        "INSERT INTO ledger.statement_line SELECT (jsonb_populate_record(l, jsonb_build_object('line_id', "
        "gen_random_uuid(), 'arrival_number', nextval('ledger.arrival_number'), 'reference', 'I1', 'amount_fen', "
        "5500))).* FROM ledger.statement_line l WHERE reference = 'N0'"
    )
    stranger = send(first.writer, *among_strangers("N2", yuan=77))
    with pytest.raises(TimeoutError):
        stranger.result(0.5)
    slow.goes_on.set()

    assert decisions(suspect) == ["review"]
    assert decisions(stranger) == ["allow", "allow"]
    assert decisions(send(first.writer, to_securities("S2", 1_000, day=13))) == ["review"]
    assert_all_is_known(first, database_url)


def test_nobody_comes_in_while_lines_are_judged_that_another_process_brought(
    first: Process, second: Process, slow: JudgingTakesLong, database_url: str
) -> None:
    slow.goes_on.set()
    assert decisions(send(second.writer, to_securities("S1"))) == ["review"]
    slow.goes_on.clear()
    slow.has_begun.clear()
    with Database(database_url).connect() as connection:
        judging = threading.Thread(target=judge_outstanding, args=(connection, first.deciding))
        judging.start()
        assert slow.has_begun.wait(30)
        following = send(first.writer, to_securities("S2", 1_000, day=13))
        stranger = send(first.writer, *among_strangers("N1"))
        with pytest.raises(TimeoutError):
            stranger.result(0.5)
        slow.goes_on.set()
        judging.join(30)

    assert decisions(following) == ["review"]
    assert decisions(stranger) == ["allow", "allow"]
    assert decisions(send(first.writer, to_securities("S3", 1_000, day=14))) == ["review"]
    assert held_by(first.deciding).later_count == 0
    assert_all_is_known(first, database_url)
