"""A run over the books takes the place of the state, or the state is dropped, while lines are on their way: each is known once, and
the warnings are those of the books."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from tests.http.bank import LOAN
from tests.monitor.held_up import JudgingTakesLong, decisions, send
from tests.monitor.test_deciding import standing, to_securities
from tests.monitor.test_guests import shown_or_waiting
from tests.monitor.test_shown_later import among_strangers, assert_state_is_that_of_the_books, held_by
from tests.monitor.two_writers import (
    Commits,
    commits_go_on,
    commits_wait,
    cut,
    wait_for,
    wait_for_commit,
)

from loantrail.errors import DatabaseUnavailable
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.writing import Writer
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.tracing.database import Traced, store_traced, trace_anew, trace_books
from loantrail.tracing.model import Convention

pytestmark = pytest.mark.database


def read(bank: type_of_connection) -> Traced:
    """A run over the books as they are now, not stored yet."""
    found = trace_anew(bank, Convention.FIFO)
    bank.rollback()
    return found


def stored(database_url: str, deciding: Deciding, run: Traced) -> threading.Thread:
    """The run is stored; it takes the place of the state as soon as it can."""
    is_stored = threading.Event()

    def work() -> None:
        with Database(database_url).connect() as connection:
            store_traced(connection, run)
            is_stored.set()
            deciding.rebase(connection, run.ground)

    thread = threading.Thread(target=work)
    thread.start()
    assert is_stored.wait(30)
    return thread


def assert_all_is_known(
    writer: Writer,
    deciding: Deciding,
    bank: type_of_connection,
    asked: psycopg.Connection[Any],
    database_url: str,
) -> None:
    """Once more lines came: each line of the books is known once, and the warnings are those of a run over the books."""
    assert decisions(send(writer, to_securities("S8", 1_000, day=13))) == ["review"]
    assert decisions(send(writer, *among_strangers("N8", yuan=88))) == ["allow", "allow"]
    known = shown_or_waiting(deciding)
    assert len(known) == len(set(known))
    assert decisions(send(writer, to_securities("S9", 1_000, day=14))) == ["review"]
    assert held_by(deciding).later_count == 0
    known = held_by(deciding).lines.lines["line_id"].to_list()
    assert len(known) == len(set(known))
    assert_state_is_that_of_the_books(deciding, database_url)
    live = [row for row in standing(asked) if row[2] == LOAN]
    trace_books(bank)
    assert [row for row in standing(asked) if row[2] == LOAN] == live


@pytest.mark.parametrize("host", ["commits", "fails", "is not answered"])
def test_a_run_ends_while_a_group_with_guests_is_judged(
    writer: Writer,
    deciding: Deciding,
    slow: JudgingTakesLong,
    commits: Commits,
    bank: type_of_connection,
    asked: psycopg.Connection[Any],
    database_url: str,
    host: str,
) -> None:
    if host == "is not answered":
        commits_wait(asked, "ledger.statement_line", "NEW.reference = 'S1'")
    before = held_by(deciding)
    deciding.expect(True)
    run = read(bank)
    suspect = send(writer, to_securities("S1"))
    assert slow.has_begun.wait(30)
    assert decisions(send(writer, *among_strangers("N1"))) == ["allow", "allow"]
    thread = stored(database_url, deciding, run)
    # The run stands by now, and its state waits for the end of the group.
    assert decisions(send(writer, *among_strangers("N2", yuan=77))) == ["allow", "allow"]
    used: list[psycopg.Connection[Any]] = []
    commits.before["live judging"] = used.append
    if host == "fails":
        slow.problem = psycopg.OperationalError("the server is away")
    slow.goes_on.set()
    if host == "is not answered":
        wait_for(lambda: bool(used))
        wait_for_commit(asked, used[0].info.backend_pid)
        cut(used[0])
        commits_go_on(asked)

    if host == "commits":
        assert decisions(suspect) == ["review"]
    else:
        with pytest.raises(DatabaseUnavailable):
            suspect.result(30)
    slow.problem = None
    thread.join(30)
    deciding.expect(False)
    assert held_by(deciding) is not before
    assert held_by(deciding).later_count == 0
    assert_all_is_known(writer, deciding, bank, asked, database_url)


def test_a_run_of_another_process_ends_while_a_group_with_guests_is_judged(
    writer: Writer,
    deciding: Deciding,
    slow: JudgingTakesLong,
    bank: type_of_connection,
    asked: psycopg.Connection[Any],
    database_url: str,
) -> None:
    run = read(bank)
    suspect = send(writer, to_securities("S1"))
    assert slow.has_begun.wait(30)
    assert decisions(send(writer, *among_strangers("N1"))) == ["allow", "allow"]
    with Database(database_url).connect() as connection:
        store_traced(connection, run)
    # Nobody comes in any more: the state is not that of the run that stands.
    following = send(writer, *among_strangers("N2", yuan=77))
    with pytest.raises(TimeoutError):
        following.result(0.5)
    slow.goes_on.set()

    assert decisions(suspect) == ["review"]
    assert decisions(following) == [None, None]
    deciding.wait()
    assert_all_is_known(writer, deciding, bank, asked, database_url)


def test_the_state_is_dropped_while_a_group_with_guests_is_judged(
    writer: Writer,
    deciding: Deciding,
    slow: JudgingTakesLong,
    bank: type_of_connection,
    asked: psycopg.Connection[Any],
    database_url: str,
) -> None:
    suspect = send(writer, to_securities("S1"))
    assert slow.has_begun.wait(30)
    dropping = threading.Thread(target=deciding.forget)
    dropping.start()
    assert decisions(send(writer, *among_strangers("N1"))) == ["allow", "allow"]
    slow.goes_on.set()
    assert decisions(suspect) == ["review"]
    dropping.join(30)
    assert not deciding.is_ready

    assert decisions(send(writer, *among_strangers("N2", yuan=77))) == [None, None]
    deciding.wait()
    assert_all_is_known(writer, deciding, bank, asked, database_url)


def test_judging_breaks_off_with_guests_in_the_books(
    writer: Writer,
    deciding: Deciding,
    slow: JudgingTakesLong,
    bank: type_of_connection,
    asked: psycopg.Connection[Any],
    database_url: str,
) -> None:
    suspect = send(writer, to_securities("S1"))
    assert slow.has_begun.wait(30)
    assert decisions(send(writer, *among_strangers("N1"))) == ["allow", "allow"]
    slow.problem = ValueError("a defect")
    slow.goes_on.set()
    assert decisions(suspect) == [None]
    slow.problem = None

    assert decisions(send(writer, *among_strangers("N2", yuan=77))) == [None, None]
    deciding.wait()
    assert_all_is_known(writer, deciding, bank, asked, database_url)


@pytest.mark.parametrize("knows", ["none of them", "those that are shown", "all of them"])
def test_a_run_takes_the_place_of_a_state_of_which_lines_are_shown_and_wait(
    writer: Writer,
    deciding: Deciding,
    held_up: threading.Event,
    bank: type_of_connection,
    asked: psycopg.Connection[Any],
    database_url: str,
    knows: str,
) -> None:
    runs = {"none of them": read(bank)}
    assert decisions(send(writer, *among_strangers("N1"))) == ["allow", "allow"]
    showing = held_by(deciding).showing
    assert showing is not None
    runs["those that are shown"] = read(bank)
    assert decisions(send(writer, *among_strangers("N2", yuan=77))) == ["allow", "allow"]
    runs["all of them"] = read(bank)
    assert held_by(deciding).later_count > 2
    before = held_by(deciding)
    deciding.expect(True)
    stored(database_url, deciding, runs[knows]).join(30)
    deciding.expect(False)
    assert held_by(deciding) is not before
    if knows == "all of them":
        held_up.set()

    assert decisions(send(writer, *among_strangers("N3", yuan=66))) == ["allow", "allow"]
    held_up.set()
    showing.wait()
    held_by(deciding).finish_showing()
    assert_all_is_known(writer, deciding, bank, asked, database_url)


def test_the_state_is_dropped_while_lines_are_shown_and_wait(
    writer: Writer,
    deciding: Deciding,
    held_up: threading.Event,
    bank: type_of_connection,
    asked: psycopg.Connection[Any],
    database_url: str,
) -> None:
    assert decisions(send(writer, *among_strangers("N1"))) == ["allow", "allow"]
    showing = held_by(deciding).showing
    assert showing is not None
    assert decisions(send(writer, *among_strangers("N2", yuan=77))) == ["allow", "allow"]
    deciding.forget()
    held_up.set()
    showing.wait()

    assert decisions(send(writer, *among_strangers("N3", yuan=66))) == [None, None]
    deciding.wait()
    assert_all_is_known(writer, deciding, bank, asked, database_url)
