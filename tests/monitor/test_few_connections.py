"""Where connections are few nobody waits for ever: who has the state does not wait for one, and whoever gets none is told."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.http.bank import BORROWER, moment
from tests.monitor.held_up import decisions, send
from tests.monitor.test_deciding import line, post, to_securities
from tests.monitor.test_guests import shown_or_waiting
from tests.monitor.test_shown_later import PAYER, among_strangers, assert_state_is_that_of_the_books, held_by
from tests.monitor.two_writers import wait_for

from loantrail.errors import DatabaseUnavailable
from loantrail.monitor import deciding as module
from loantrail.monitor import judged_lane, showing, writing
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.payment import Payment
from loantrail.monitor.standing import Standing
from loantrail.monitor.writing import Writer
from loantrail.postgres.connection import Database, Pool, type_of_connection

pytestmark = pytest.mark.database
SUSPECT = Payment(moment(15), moment(15), BORROWER, 12_000_000, counterparty_account="310099000077")


@contextmanager
def deciding_over(pool: Pool) -> Generator[Deciding]:
    made = Deciding(pool)
    made.want()
    made.wait()
    assert made.is_ready
    yield made


def test_a_question_that_waits_for_a_connection_keeps_nobody_from_judging(
    bank: type_of_connection, books: Database
) -> None:
    answers: list[object] = []

    def ask(deciding: Deciding) -> None:
        try:
            deciding.decide(SUSPECT)
        except DatabaseUnavailable as problem:
            answers.append(problem)

    with books.pool(most=1, wait_seconds=4.0) as pool, deciding_over(pool) as deciding:
        with pool.session():
            asking = [threading.Thread(target=ask, args=(deciding,)) for _ in range(2)]
            for one in asking:
                one.start()
            wait_for(lambda: pool.counts()["waiting"] > 0)
            [judged] = post(bank, deciding, to_securities("S1"))
            answered_before = list(answers)
            asking[0].join(20)
        for one in asking:
            one.join(20)

    assert judged.decision == "review"
    assert answered_before == []
    assert len(answers) == 1, "the first is told that there was none, the second gets one"


def test_lines_whose_showing_has_no_connection_are_shown_by_who_needs_the_state(
    bank: type_of_connection, books: Database, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setattr(module, "SHOWN_FROM", 2)
    monkeypatch.setattr(showing, "PATIENCE_SECONDS", 0.1)
    shown_by: list[str] = []
    as_ever = Standing.show

    def show(standing: Standing, lines: Any) -> Any:
        shown_by.append(threading.current_thread().name)
        return as_ever(standing, lines)

    monkeypatch.setattr(Standing, "show", show)
    with books.pool(most=1, wait_seconds=8.0) as pool, deciding_over(pool) as deciding:
        with pool.session():
            post(bank, deciding, *among_strangers("N1"))
            [judged] = post(bank, deciding, to_securities("S1"))
            still_waits = is_showing()
        # What was given up does nothing when it gets one.
        post(bank, deciding, line("N2", PAYER, 77))
        wait_for(lambda: not is_showing())
        known = shown_or_waiting(deciding)

    assert judged.decision == "review"
    assert still_waits
    assert "showing" not in shown_by
    assert len(known) == len(set(known))
    assert post(bank, deciding, to_securities("S2", 1_000, day=13))[0].decision == "review"
    assert_state_is_that_of_the_books(deciding, database_url)


def test_lines_that_could_not_be_shown_for_want_of_a_connection_leave_the_state_as_it_was(
    bank: type_of_connection, books: Database, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setattr(module, "SHOWN_FROM", 2)
    with books.pool(most=1, wait_seconds=0.1) as pool, deciding_over(pool) as deciding:
        with pool.session():
            post(bank, deciding, *among_strangers("N1"))
            beside = held_by(deciding).showing
            assert beside is not None
            wait_for(lambda: beside.is_over)
        strangers = post(bank, deciding, *among_strangers("N2", yuan=77))
        [judged] = post(bank, deciding, to_securities("S1"))

    assert [row.decision for row in strangers] == ["allow", "allow"]
    assert judged.decision == "review"
    assert_state_is_that_of_the_books(deciding, database_url)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_each_delivery_is_answered_however_few_connections_there_are(
    bank: type_of_connection,
    books: Database,
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
    most: int,
) -> None:
    for where in (writing, judged_lane):
        monkeypatch.setattr(where, "IDLE_SECONDS", 0.1)
    with (
        books.pool(most=most, wait_seconds=2.0 if most == 1 else 10.0) as pool,
        deciding_over(pool) as deciding,
    ):
        writer = Writer(pool, lambda _rows: None, deciding)
        assert decisions(send(writer, line("N0", "6400000000000005", 3))) == ["allow"]
        rows = {f"N{number}": among_strangers(f"N{number}", yuan=70 + number) for number in range(1, 9)}
        rows |= {f"S{number}": [to_securities(f"S{number}", 1_000 + number)] for number in range(3)}
        answers = {name: send(writer, *own) for name, own in rows.items()}
        asking = threading.Thread(target=_asked, args=(deciding,))
        asking.start()
        failed = [name for name, answer in answers.items() if answer.exception(30) is not None]
        asking.join(30)
        assert all(isinstance(answers[name].exception(), DatabaseUnavailable) for name in failed)

        # With a connection for each of the two that write nothing fails; with one only, it is sent again when it is quiet.
        assert most == 1 or failed == []
        for name in failed:
            assert decisions(send(writer, *rows[name])) == ["review"]
        assert decisions(send(writer, to_securities("S9", 1_000, day=13))) == ["review"]
        assert writer.waiting()["rows"] == 0
        known = shown_or_waiting(deciding)

    assert len(known) == len(set(known))
    assert_state_is_that_of_the_books(deciding, database_url)


def is_showing() -> bool:
    """Whether a thread is showing lines, or waits to."""
    return any(one.name == "showing" for one in threading.enumerate())


def _asked(deciding: Deciding) -> None:
    try:
        deciding.decide(SUSPECT)
    except DatabaseUnavailable:
        return
