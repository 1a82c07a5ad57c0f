"""One monitor is at work; when its session ends, the one that stands by takes over."""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg
import pytest

from loantrail.ledger.taking import KeysTaken
from loantrail.monitor import leading, store
from loantrail.monitor.leading import run_monitor
from loantrail.postgres.connection import Database

pytestmark = pytest.mark.database


class Counting:
    """A source that notes who took its turns, and on which session."""

    def __init__(self, name: str, turns: list[tuple[str, int]]) -> None:
        self.name = name
        self.turns = turns

    def begin(self, connection: psycopg.Connection[Any]) -> None:
        self.turns.append((f"{self.name} begins", connection.info.backend_pid))

    def step(self, connection: psycopg.Connection[Any]) -> bool:
        self.turns.append((self.name, connection.info.backend_pid))
        return False

    def end(self) -> None:
        self.turns.append((f"{self.name} ends", 0))


def wait_until(condition: Any) -> None:
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.01)


def test_the_second_takes_over_when_the_session_of_the_first_ends(
    books: Database, asked: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "ASK_SECONDS", 0.1)
    monkeypatch.setattr(leading, "REST_SECONDS", 0.02)
    turns: list[tuple[str, int]] = []
    said: dict[str, list[str]] = {"one": [], "two": []}
    stopping = {name: threading.Event() for name in said}
    threads = {
        name: threading.Thread(
            target=run_monitor, args=(books, [Counting(name, turns)], said[name].append, stopping[name])
        )
        for name in said
    }
    threads["one"].start()
    wait_until(lambda: "one" in [who for who, _ in turns])
    threads["two"].start()
    wait_until(lambda: said["two"])
    assert said["two"] == ["another monitor is at work; this one stands by"]
    assert not [who for who, _ in turns if who.startswith("two")]

    # The database ends the session, as it does when the process of the first dies; the first itself lives on.
    session = next(pid for who, pid in turns if who == "one")
    stopping["one"].set() if not asked.execute(
        "SELECT pg_terminate_backend(%s)", (session,)
    ).fetchone() else None
    wait_until(lambda: "two" in [who for who, _ in turns] or said["one"][-1] == "this monitor is at work")
    stopping["one"].set()
    wait_until(lambda: "two" in [who for who, _ in turns])
    stopping["two"].set()
    for thread in threads.values():
        thread.join()

    # Nobody of the first took a turn on its old session after the second began.
    began = [who for who, _ in turns].index("two begins")
    assert session not in [pid for _, pid in turns[began:]]


def test_one_that_hangs_in_the_middle_of_a_group_is_followed(
    books: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "ASK_SECONDS", 0.1)
    monkeypatch.setattr(store, "IDLE_SECONDS", 1)
    hung = Database(f"{database_url} application_name='loantrail {'a' * 32}'")
    turns: list[tuple[str, int]] = []
    said: list[str] = []
    stopping = threading.Event()
    with hung.connect() as leads, hung.connect() as lives, hung.connect() as imports:
        assert store.try_to_lead(leads)
        store.begin_to_live(lives, store.session_of(leads))
        store.begin_group(leads)
        imports.execute("SELECT pg_advisory_xact_lock(1)")
        second = threading.Thread(
            target=run_monitor,
            args=(books, [Counting("second", turns)], said.append, stopping),
            kwargs={"follow": follow_if_it_can},
        )
        second.start()
        wait_until(lambda: turns)
        stopping.set()
        second.join()

        assert "at work" in said[-1]
        for one in (leads, lives, imports):
            with pytest.raises(psycopg.OperationalError):
                one.execute("SELECT 1")


def follow_if_it_can(connection: psycopg.Connection[Any]) -> None:
    if store.begin_group_soon(connection):
        connection.rollback()


def test_one_whose_lines_others_write_for_too_long_goes_on_when_they_are_done(
    books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "ASK_SECONDS", 0.05)
    turns: list[tuple[str, int]] = []
    said: list[str] = []
    stopping = threading.Event()

    class Held(Counting):
        def step(self, connection: psycopg.Connection[Any]) -> bool:
            super().step(connection)
            if len(turns) < 4:
                raise KeysTaken
            stopping.set()
            return False

    run_monitor(books, [Held("one", turns)], said.append, stopping)

    assert [who for who, _ in turns] == ["one begins", "one", "one ends"] * 2
    assert said[1] == "others wrote the same lines for too long, trying again"
