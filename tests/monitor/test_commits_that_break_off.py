"""A commit that fails or whose answer is lost: nothing is answered as accepted that is not in the books, and sent again it is settled."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from polars.exceptions import PanicException
from tests.monitor.held_up import JudgingTakesLong, decisions, send
from tests.monitor.test_deciding import line, standing, to_securities
from tests.monitor.test_guests import shown_or_waiting
from tests.monitor.test_shown_later import among_strangers, assert_state_is_that_of_the_books
from tests.monitor.two_writers import (
    Commits,
    Process,
    another_process,
    commits_go_on,
    commits_wait,
    cut,
    end_session,
    wait_for,
    wait_for_commit,
)

from loantrail.audit.model import Entry
from loantrail.errors import DatabaseUnavailable, StorageExhausted
from loantrail.monitor.model import Answered
from loantrail.monitor.payload import JSON, read_payload
from loantrail.monitor.standing import Standing
from loantrail.monitor.waiting import Result
from loantrail.monitor.writing import Writer
from loantrail.postgres.connection import type_of_connection
from loantrail.tracing.database import trace_books

pytestmark = pytest.mark.database
SUSPECT, STRANGERS = (to_securities("S1"),), tuple(among_strangers("N1"))
KINDS = {"judged": SUSPECT, "passing": STRANGERS, "guest": STRANGERS}
"""Of what is sent: a borrower's line, which is judged; strangers' alone; strangers' while a borrower's is judged."""
THREADS = {"judged": "live judging", "passing": "live intake", "guest": "live intake"}


@pytest.fixture
def process(bank: type_of_connection, database_url: str) -> Process:
    """One that has taken in the first line of the day."""
    made = another_process(database_url)
    assert decisions(send(made.writer, line("N0", "6400000000000005", 3))) == ["allow"]
    return made


def sent(writer: Writer, rows: tuple[dict[str, Any], ...], key: str | None) -> Future[Result]:
    read = read_payload(json.dumps(rows).encode(), JSON, "test")
    entry = Entry(0, "test", "transactions.send")
    return writer.submit(replace(read, key=key, content_hash="c", entry=entry))


def under_way(
    process: Process, slow: JudgingTakesLong, kind: str, key: str | None
) -> tuple[Future[Result], Callable[[], None]]:
    """What is sent, and what lets the others go on that were sent before."""
    others: list[Future[Result]] = []
    if kind == "guest":
        others.append(send(process.writer, to_securities("T1", 30_000)))
        assert slow.has_begun.wait(30)
    else:
        slow.goes_on.set()

    def go_on() -> None:
        slow.goes_on.set()
        assert [decisions(one) for one in others] in ([["review"]], [])

    return sent(process.writer, KINDS[kind], key), go_on


def lines_of(asked: psycopg.Connection[Any], kind: str) -> int:
    references = [one["reference"] for one in KINDS[kind]]
    [(count,)] = asked.execute(
        "SELECT count(*) FROM ledger.statement_line WHERE reference = ANY(%s)", (references,)
    ).fetchall()
    return count


def told(answer: Future[Result]) -> tuple[int, int]:
    """How many were accepted, and how many were there already."""
    found = answer.result(30)
    assert isinstance(found, Answered)
    return found.accepted, found.duplicate


def assert_intake_goes_on(
    process: Process, bank: type_of_connection, asked: psycopg.Connection[Any], database_url: str
) -> None:
    """Lines are judged, each line of the books is known once, and the warnings are those of a run over the books."""
    assert decisions(send(process.writer, to_securities("S9", 1_000, day=13))) == ["review"]
    known = shown_or_waiting(process.deciding)
    assert len(known) == len(set(known))
    assert_state_is_that_of_the_books(process.deciding, database_url)
    live = standing(asked)
    trace_books(bank)
    assert standing(asked) == live


def entries_fail(asked: psycopg.Connection[Any], state: str, when: str, times: int) -> None:
    """The next entries of the audit log fail with this state, as they are made or at the commit."""
    asked.execute("CREATE SEQUENCE public.tried")
    asked.execute(
        f"""
        CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('public.tried') <= {times} THEN
                RAISE EXCEPTION 'no entry' USING ERRCODE = '{state}';
            END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON audit.entry DEFERRABLE INITIALLY {when}
            FOR EACH ROW EXECUTE FUNCTION public.refuse()
        """.encode()
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("state", "when", "times", "problem"),
    [("P0001", "IMMEDIATE", 2, psycopg.errors.RaiseException), ("53100", "DEFERRED", 1, StorageExhausted)],
    ids=["refused", "disk full"],
)
def test_lines_are_kept_out_where_the_audit_log_cannot_be_written(
    process: Process,
    slow: JudgingTakesLong,
    bank: type_of_connection,
    asked: psycopg.Connection[Any],
    database_url: str,
    kind: str,
    state: str,
    when: str,
    times: int,
    problem: type[Exception],
) -> None:
    # A guest that failed is tried once more behind its host, where the disk is not full.
    entries_fail(asked, state, when, times if kind == "guest" else 1)
    answer, others_go_on = under_way(process, slow, kind, "K1")
    if kind == "guest" and state == "P0001":
        with pytest.raises(TimeoutError):
            answer.result(0.3)
        others_go_on()

    with pytest.raises(problem):
        answer.result(30)
    assert lines_of(asked, kind) == 0
    others_go_on()

    assert told(sent(process.writer, KINDS[kind], "K1")) == (len(KINDS[kind]), 0)
    assert lines_of(asked, kind) == len(KINDS[kind])
    assert_intake_goes_on(process, bank, asked, database_url)


@pytest.mark.parametrize("kind", KINDS)
def test_what_collides_at_the_commit_is_tried_again_before_it_is_answered(
    process: Process,
    slow: JudgingTakesLong,
    bank: type_of_connection,
    asked: psycopg.Connection[Any],
    database_url: str,
    kind: str,
) -> None:
    entries_fail(asked, "40001", "DEFERRED", 2)
    answer, others_go_on = under_way(process, slow, kind, "K1")
    if kind == "guest":
        with pytest.raises(TimeoutError):
            answer.result(0.3)
    others_go_on()

    assert told(answer) == (len(KINDS[kind]), 0)
    assert lines_of(asked, kind) == len(KINDS[kind])
    assert_intake_goes_on(process, bank, asked, database_url)


LOST = [
    ("before it", "K1", "accepted"),
    ("while it is made", "K1", "accepted"),
    ("its answer is lost", "K1", "accepted"),
    ("its answer is lost", None, "duplicate"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("lost", "key", "outcome"), LOST)
def test_lines_whose_commit_was_not_answered_are_settled_when_they_are_sent_again(
    process: Process,
    slow: JudgingTakesLong,
    commits: Commits,
    bank: type_of_connection,
    asked: psycopg.Connection[Any],
    database_url: str,
    kind: str,
    lost: str,
    key: str | None,
    outcome: str,
) -> None:
    used: list[psycopg.Connection[Any]] = []

    def before(connection: psycopg.Connection[Any]) -> None:
        used.append(connection)
        if lost == "before it" and len(used) == 1:
            end_session(asked, connection.info.backend_pid)

    commits.before[THREADS[kind]] = before
    if lost != "before it":
        commits_wait(asked, "audit.entry")
    answer, others_go_on = under_way(process, slow, kind, key)
    if lost != "before it":
        wait_for(lambda: bool(used))
        wait_for_commit(asked, used[0].info.backend_pid)
    if lost == "while it is made":
        end_session(asked, used[0].info.backend_pid)
    if lost == "its answer is lost":
        cut(used[0])
    with pytest.raises(DatabaseUnavailable):
        answer.result(30)
    assert lines_of(asked, kind) == 0

    again = sent(process.writer, KINDS[kind], key)
    if lost != "before it":
        commits_go_on(asked)
    others_go_on()

    count = len(KINDS[kind])
    assert told(again) == ((count, 0) if outcome == "accepted" else (0, count))
    assert lines_of(asked, kind) == count
    assert_intake_goes_on(process, bank, asked, database_url)


def test_a_panic_of_the_frames_keeps_no_line_out_and_judging_goes_on(
    process: Process,
    bank: type_of_connection,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Standing, "show", panic)
        assert decisions(send(process.writer, to_securities("S1"))) == [None]
    assert decisions(send(process.writer, *among_strangers("N1"))) == [None, None]
    process.deciding.wait()

    assert_intake_goes_on(process, bank, asked, database_url)


@pytest.mark.parametrize("kind", KINDS)
def test_a_panic_at_the_commit_is_told_and_others_are_taken_in(
    process: Process,
    slow: JudgingTakesLong,
    commits: Commits,
    bank: type_of_connection,
    asked: psycopg.Connection[Any],
    database_url: str,
    kind: str,
) -> None:
    commits.before = dict.fromkeys(THREADS.values(), panic)
    answer, others_go_on = under_way(process, slow, kind, None)
    if kind == "guest":
        with pytest.raises(TimeoutError):  # it is tried once more behind its host
            answer.result(0.3)
        slow.goes_on.set()
    with pytest.raises(RuntimeError, match="the frames gave up"):
        answer.result(30)
    commits.before = {}
    assert lines_of(asked, kind) == 0

    if kind != "guest":
        others_go_on()
    assert told(sent(process.writer, KINDS[kind], None)) == (len(KINDS[kind]), 0)
    assert_intake_goes_on(process, bank, asked, database_url)


def panic(*_: object) -> None:
    raise PanicException("the frames gave up")
