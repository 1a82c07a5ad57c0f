"""Work in the background: nothing that waits is left lying, nothing is done by two at a time, a failure is told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from loantrail.errors import InputError
from loantrail.postgres.background import Background, Database, attempt

pytestmark = pytest.mark.database
KEY = 4711


class Lending:
    """Lends fresh connections."""

    def __init__(self, url: str) -> None:
        self.url = url

    @contextmanager
    def session(self) -> Generator[Database]:
        with psycopg.connect(self.url) as connection:
            yield connection


class Counting(Background):
    """Takes the rows of a table one by one."""

    name = "counting"

    def __init__(self, sessions: Lending, at_work: threading.Event | None = None) -> None:
        super().__init__(sessions)
        self.rounds: list[int] = []
        self._at_work = at_work

    def waits(self, connection: Database) -> bool:
        row = connection.execute("SELECT EXISTS (SELECT 1 FROM todo)").fetchone()
        return bool(row and row[0])

    def lock(self, connection: Database) -> bool:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (KEY,)).fetchone()
        return bool(row and row[0])

    def unlock(self, connection: Database) -> None:
        connection.execute("SELECT pg_advisory_unlock(%s)", (KEY,))

    def work(self, connection: Database) -> None:
        if self._at_work is not None:
            self._at_work.wait(20)
        self.rounds.append(connection.execute("DELETE FROM todo").rowcount)
        connection.commit()


@pytest.fixture
def todo(connection: psycopg.Connection[Any], database_url: str) -> Lending:
    connection.execute("CREATE TABLE todo (number integer)")
    connection.commit()
    return Lending(database_url)


def want(connection: psycopg.Connection[Any], number: int) -> None:
    connection.execute("INSERT INTO todo VALUES (%s)", (number,))
    connection.commit()


def test_what_comes_while_it_works_is_taken_along_or_done_next(
    connection: psycopg.Connection[Any], todo: Lending
) -> None:
    going = threading.Event()
    work = Counting(todo, going)
    want(connection, 1)
    work.start()
    want(connection, 2)
    for _ in range(5):
        work.start()
    going.set()
    work.wait()
    assert sum(work.rounds) == 2
    want(connection, 3)
    work.start()
    work.wait()
    assert sum(work.rounds) == 3


def test_many_that_ask_at_once_lose_nothing(connection: psycopg.Connection[Any], todo: Lending) -> None:
    workers = [Counting(todo) for _ in range(3)]

    def ask(number: int) -> None:
        with todo.session() as own:
            want(own, number)
        workers[number % 3].start()

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(30)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    for one in workers:
        one.wait()
    # One that found the lock taken left it to its holder, who looks again after it let the lock go.
    assert sum(sum(one.rounds) for one in workers) == 30
    assert not workers[0].waits(connection)


def test_whoever_finds_the_lock_taken_leaves_it_to_its_holder(
    connection: psycopg.Connection[Any], todo: Lending
) -> None:
    connection.execute("SELECT pg_advisory_lock(%s)", (KEY,))
    want(connection, 1)
    work = Counting(todo)
    work.start()
    work.wait()
    assert work.rounds == []
    connection.execute("SELECT pg_advisory_unlock(%s)", (KEY,))
    connection.commit()
    work.start()
    work.wait()
    assert work.rounds == [1]


def test_after_a_crash_it_lets_the_lock_go_and_can_begin_again(
    connection: psycopg.Connection[Any],
    todo: Lending,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    work = Counting(todo)
    want(connection, 1)
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(work, "rounds", None)
        work.start()
        work.wait()
    assert "counting stopped" in caplog.text
    work.start()
    work.wait()
    assert work.rounds == [1]


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (None, None),
        (InputError("the file is empty", remedy="Send it again"), ("the file is empty", "Send it again")),
        (
            ValueError("odd"),
            ("the server met an error that it did not foresee (ValueError: odd)", "Try again"),
        ),
    ],
)
def test_a_piece_of_work_is_committed_or_rolled_back_and_told(
    connection: psycopg.Connection[Any],
    todo: Lending,
    problem: Exception | None,
    told: tuple[str, str] | None,
) -> None:
    failures: list[tuple[str, str]] = []

    def do() -> None:
        connection.execute("INSERT INTO todo VALUES (1)")
        if problem is not None:
            raise problem

    attempt(connection, "a piece", do, lambda *words: failures.append(words))
    with todo.session() as other:
        row = other.execute("SELECT count(*) FROM todo").fetchone()
    if told is None:
        assert (row, failures) == ((1,), [])
    else:
        assert row == (0,)
        assert failures[0][0] == told[0]
        assert failures[0][1].startswith(told[1])
