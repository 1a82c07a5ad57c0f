"""The thread that writes: what it answers when things fail, and that what waits stays bounded."""

from __future__ import annotations

import json
import threading
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from tests.monitor.rows import row

from loantrail.errors import DatabaseUnavailable
from loantrail.monitor import writing
from loantrail.monitor.hosting import Hosting
from loantrail.monitor.model import Answered, Delivery, RowAnswer, Sent
from loantrail.monitor.payload import JSON, read_payload
from loantrail.monitor.writing import Overloaded, Writer


class Lending:
    """Sessions that fail while `away`."""

    def __init__(self) -> None:
        self.away = False

    @contextmanager
    def session(self) -> Iterator[Any]:
        if self.away:
            raise DatabaseUnavailable("no server")
        yield SimpleNamespace(closed=False)


def delivery(source: str = "good", rows: int = 1) -> Delivery:
    return Delivery(source, [Sent(number, {}, b"{}") for number in range(rows)])


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What was written together; deliveries of `bad` fail."""
    written: list[list[str]] = []

    def commit(_: Any, deliveries: Sequence[Delivery], *_more: Any) -> list[Answered]:
        written.append([one.source for one in deliveries])
        if any(one.source == "bad" for one in deliveries):
            raise ValueError("a defect")
        return [Answered(one.row_count, 0, 0) for one in deliveries]

    monkeypatch.setattr(writing, "commit_group", commit)
    monkeypatch.setattr(writing, "IDLE_SECONDS", 0.01)
    monkeypatch.setattr(Writer, "_tidy", lambda self, connection: None)
    return written


def test_a_delivery_that_fails_does_not_harm_those_beside_it(groups: list[list[str]]) -> None:
    committed: list[int] = []
    writer = Writer(Lending(), committed.append)
    answers = [writer.submit(delivery(source)) for source in ("one", "bad", "two")]

    assert answers[0].result(10).accepted == 1
    assert answers[2].result(10).accepted == 1
    with pytest.raises(ValueError, match="a defect"):
        answers[1].result(10)
    assert sum(committed) == 2
    assert writer._rows_waiting == 0


def test_rows_that_were_taken_in_without_a_decision_and_accounts_that_were_opened_are_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [
        RowAnswer(1, "accepted", "a", decision="allow"),
        RowAnswer(2, "accepted", "b"),
        RowAnswer(3, "duplicate", "a"),
        RowAnswer(4, "accepted", "c"),
    ]
    monkeypatch.setattr(writing, "commit_group", lambda *_told: [Answered(3, 1, 0, rows, new_accounts=1)])
    monkeypatch.setattr(writing, "IDLE_SECONDS", 0.01)
    monkeypatch.setattr(Writer, "_tidy", lambda self, connection: None)
    told: list[tuple[int, int, int]] = []
    writer = Writer(Lending(), lambda _rows: None)
    writer.observe = lambda rows, undecided, new_accounts, _seconds: told.append(
        (rows, undecided, new_accounts)
    )

    writer.submit(delivery(rows=4)).result(10)

    assert told == [(4, 2, 1)]


def test_whoever_waits_is_told_that_the_database_is_away_and_it_goes_on_when_it_is_back(
    groups: list[list[str]],
) -> None:
    lending = Lending()
    lending.away = True
    writer = Writer(lending, lambda _: None)

    with pytest.raises(DatabaseUnavailable):
        writer.submit(delivery()).result(10)
    lending.away = False

    assert writer.submit(delivery()).result(10).accepted == 1
    assert writer._rows_waiting == 0


def test_what_waits_is_bounded_in_rows_and_bytes(
    groups: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "ROWS_WAITING_MAX", 10)
    monkeypatch.setattr(writing, "BYTES_WAITING_MAX", 100)
    held = threading.Event()
    real = writing.commit_group
    monkeypatch.setattr(writing, "commit_group", lambda *given: held.wait(10) and real(*given))
    writer = Writer(Lending(), lambda _: None)
    # One that is larger than all room is taken when nothing else waits.
    first = writer.submit(delivery(rows=12))

    with pytest.raises(Overloaded):
        writer.submit(delivery())
    writer.reserve(60)
    with pytest.raises(Overloaded):
        writer.reserve(41)
    writer.release(60)
    writer.reserve(100)
    held.set()

    assert first.result(10).accepted == 12
    assert writer.submit(delivery()).result(10).accepted == 1
    assert writer._rows_waiting == 0


def test_a_sender_that_gave_up_leaves_no_room_taken(groups: list[list[str]]) -> None:
    lending = Lending()
    writer = Writer(lending, lambda _: None)
    given_up = writer.submit(delivery("bad"))
    given_up.cancel()
    assert writer.submit(delivery()).result(10).accepted == 1
    assert writer._rows_waiting == 0


def test_memory_stays_where_it_is_however_many_send(
    groups: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database stands still; ten times as much is sent as may wait."""
    held = threading.Event()
    real = writing.commit_group
    monkeypatch.setattr(writing, "commit_group", lambda *given: held.wait(60) and real(*given))
    monkeypatch.setattr(writing, "ROWS_WAITING_MAX", 8_000)
    writer = Writer(Lending(), lambda _: None)
    body = json.dumps([row(number) for number in range(100)]).encode()

    def send_much() -> tuple[int, int]:
        """How many were turned away, and the memory that is in use afterwards."""
        turned_away = 0
        for _ in range(800):
            try:
                writer.submit(read_payload(body, JSON, "test"))
            except Overloaded:
                turned_away += 1
        return turned_away, tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        first_away, full = send_much()
        second_away, later = send_much()
    finally:
        tracemalloc.stop()
        held.set()
        until = time.monotonic() + 30
        while writer.waiting()["rows"] and time.monotonic() < until:  # nor does it write into the next test
            time.sleep(0.01)

    assert first_away == 720
    assert second_away == 800
    assert later - full < 0.05 * full
    assert full < 64 * 2**20


class Behind:
    """A judge that is so many turns behind."""

    def __init__(self, turns: int) -> None:
        self.turns, self.hosting = turns, Hosting()

    def lets_pass(self, asked: object) -> bool:
        del asked
        return False

    @property
    def is_behind(self) -> bool:
        return self.turns > 0


def test_what_was_too_much_at_once_is_judged_between_others_and_all_of_it_when_it_is_quiet(
    groups: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "GROUP_ROWS", 1)
    done = threading.Event()
    judge: Any = Behind(turns=9)

    def catch_up(_: Any, judge: Behind) -> None:
        groups.append(["caught up"])
        judge.turns -= 1
        if not judge.is_behind:
            done.set()

    monkeypatch.setattr(writing, "catch_up", catch_up)
    writer = Writer(Lending(), lambda _rows: None, judge)
    with monkeypatch.context() as waiting:
        waiting.setattr(Writer, "_gather", gathering := Gathering(writer))
        answers = [writer.submit(delivery(source)) for source in ("one", "two")]
        gathering.go_on.set()
        for answer in answers:
            assert answer.result(timeout=5).accepted == 1
        assert done.wait(timeout=5)

    assert groups[:3] == [["one"], ["caught up"], ["two"]]
    assert groups[3:] == [["caught up"]] * 8


class Gathering:
    """The writer's own, once all that a test sends is there."""

    def __init__(self, writer: Writer) -> None:
        self._gather, self.go_on = writer._gather, threading.Event()

    def __call__(self, first: Any) -> Any:
        assert self.go_on.wait(timeout=5)
        return self._gather(first)
