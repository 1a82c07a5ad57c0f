"""Lines that were booked before what the state holds open: another state is made in the background in which they have their place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.http.bank import BORROWER, LOAN, RELATED, SUPPLIER
from tests.monitor.test_deciding import line, post, standing, to_securities
from tests.monitor.test_shown_later import among_strangers, assert_state_is_that_of_the_books, held_by

from loantrail import clock
from loantrail.ledger.books import tracing_inputs
from loantrail.ledger.pairs.booking import settle
from loantrail.monitor import catching_up, keeping
from loantrail.monitor import held as holding
from loantrail.monitor import standing as standing_module
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.held import first_ground
from loantrail.monitor.leading import Connecting
from loantrail.monitor.model import LATE, MANY, NOT_READY
from loantrail.monitor.outstanding import judge_owed
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.tracing.database import trace_books
from loantrail.tracing.ground import Ground

pytestmark = pytest.mark.database


@pytest.fixture
def deciding(
    bank: type_of_connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deciding]:
    """Stands on what the run left, with two transactions open."""
    monkeypatch.setattr(tracing_inputs, "RECENT_TRANSACTIONS", 2)
    monkeypatch.setattr(keeping, "PAUSE_LEAST_SECONDS", 0.01)
    made = Deciding(Connecting(Database(database_url)), first_ground)
    made.want()
    made.wait()
    assert held_by(made).standing.place == 6
    yield made
    made.wait_for_late_lines()


@pytest.fixture
def short_tail(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most four transactions stay open."""
    for where in (standing_module, holding):
        monkeypatch.setattr(where, "TAIL_LEAST", 2)
    monkeypatch.setattr(standing_module, "TAIL_MOST", 4)


def late(reference: str, yuan: int = 60_000, day: int = 8, **values: Any) -> dict[str, Any]:
    return to_securities(reference, yuan, day=day, **values)


def judged_late(bank: type_of_connection, deciding: Deciding) -> None:
    """What is made and judged in the background is there."""
    deciding.wait_for_late_lines()
    assert not held_by(deciding).is_to_go_back
    judge_owed(bank, deciding, clock.monotonic_seconds() + 30)


def of_loan(asked: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return [row for row in standing(asked) if row[2] == LOAN]


def test_a_line_that_comes_late_is_judged_without_another_run(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any], database_url: str
) -> None:
    before = held_by(deciding)
    post(bank, deciding, line("A1", BORROWER, 10))

    [row] = post(bank, deciding, late("L1"))
    judged_late(bank, deciding)

    assert (row.outcome, row.decision, row.undecided) == ("accepted", None, LATE)
    made = held_by(deciding)
    assert made is not before
    assert made.run_id == before.run_id
    assert any(row.line_id in hit[7] for hit in of_loan(asked))
    assert_state_is_that_of_the_books(deciding, database_url)
    live = of_loan(asked)
    trace_books(bank)
    assert live == of_loan(asked)


def test_its_other_line_stands_before_the_tail(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any], database_url: str
) -> None:
    there = line("T1", BORROWER, 5_000, day=8, counterparty_account=RELATED)
    other = line("T1", RELATED, 5_000, day=8, direction="credit", counterparty_account=BORROWER)
    post(bank, None, there)
    trace_books(bank, on_traced=deciding.rebase)

    [row] = post(bank, deciding, other)
    judged_late(bank, deciding)

    assert row.undecided == LATE
    settle(bank)
    assert_state_is_that_of_the_books(deciding, database_url)
    live = of_loan(asked)
    trace_books(bank)
    assert live == of_loan(asked)


def test_lines_that_came_late_one_after_the_other_all_have_their_place(
    bank: type_of_connection,
    deciding: Deciding,
    asked: psycopg.Connection[Any],
    database_url: str,
    short_tail: None,
) -> None:
    for number, day in enumerate((7, 8, 5, 6)):
        [row] = post(bank, deciding, late(f"L{number}", 10_000 + number, day))
        post(
            bank, deciding, *among_strangers(f"N{number}", yuan=50 + number), line(f"A{number}", BORROWER, 10)
        )
        judged_late(bank, deciding)
        post(bank, deciding, *(line(f"B{number}-{one}", BORROWER, 10 + one, day=13) for one in range(5)))
        assert row.undecided == LATE
    settle(bank)

    assert_state_is_that_of_the_books(deciding, database_url)
    live = of_loan(asked)
    assert len({one for hit in live for one in hit[7]}) >= 4
    trace_books(bank)
    assert live == of_loan(asked)


def test_the_tail_is_as_long_as_ever_once_they_are_shown(
    bank: type_of_connection, deciding: Deciding, short_tail: None, database_url: str
) -> None:
    post(bank, deciding, *(line(f"A{number}", BORROWER, 10 + number) for number in range(3)))
    post(bank, deciding, late("L1", day=5))
    judged_late(bank, deciding)
    post(bank, deciding, line("A9", BORROWER, 10, day=13))

    assert held_by(deciding).standing.place > 6
    assert_state_is_that_of_the_books(deciding, database_url)


def test_a_line_that_is_late_only_for_what_came_since_the_run_has_its_place_in_the_next_state(
    bank: type_of_connection,
    deciding: Deciding,
    asked: psycopg.Connection[Any],
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    short_tail: None,
) -> None:
    monkeypatch.setattr(catching_up, "CLOSE_LINES", 0)
    monkeypatch.setattr(catching_up, "SHOWN_AT_ONCE", 3)
    made, as_ever = [], keeping.held_on

    def held_on(*told: Any) -> Any:
        made.append(1)
        return as_ever(*told)

    monkeypatch.setattr(keeping, "held_on", held_on)
    for day in (12, 13):
        post(
            bank, deciding, *(line(f"A{day}-{number}", BORROWER, 10 + number, day=day) for number in range(6))
        )

    [row] = post(bank, deciding, late("L1", day=11))
    post(bank, deciding, *(line(f"B{number}", BORROWER, 10 + number, day=13) for number in range(6)))
    judged_late(bank, deciding)

    assert row.undecided == LATE
    assert len(made) <= 2
    assert_state_is_that_of_the_books(deciding, database_url)
    live = of_loan(asked)
    trace_books(bank)
    assert live == of_loan(asked)


def test_a_line_that_no_state_has_a_place_for_waits_for_the_next_run(
    bank: type_of_connection, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "recent", lambda read, _earliest: tracing_inputs.recent(read))

    post(bank, deciding, late("L1"))
    deciding.wait_for_late_lines()

    assert not held_by(deciding).is_to_go_back


def test_a_state_that_cannot_be_made_for_late_lines_takes_nobody_away_who_judges(
    bank: type_of_connection, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_told: Any) -> Any:
        raise ValueError("a figure that nobody thought of")

    before = held_by(deciding)
    monkeypatch.setattr(keeping, "held_on", broken)

    post(bank, deciding, late("L1"))
    deciding.wait_for_late_lines()

    assert held_by(deciding) is before
    [flagged] = post(bank, deciding, to_securities("S1"))
    assert flagged.decision == "review"


def test_the_state_judges_while_another_one_is_made(
    bank: type_of_connection,
    deciding: Deciding,
    monkeypatch: pytest.MonkeyPatch,
    asked: psycopg.Connection[Any],
    database_url: str,
) -> None:
    goes_on, as_ever = threading.Event(), keeping.held_on

    def held_on(connection: Any, ground: Ground, run_id: str | None) -> Any:
        assert goes_on.wait(30)
        return as_ever(connection, ground, run_id)

    monkeypatch.setattr(keeping, "held_on", held_on)
    post(bank, deciding, late("L1"))

    [flagged] = post(bank, deciding, to_securities("S1", 30_000))
    decided = flagged.decision
    goes_on.set()
    judged_late(bank, deciding)

    assert decided == "review"
    assert_state_is_that_of_the_books(deciding, database_url)
    live = of_loan(asked)
    trace_books(bank)
    assert live == of_loan(asked)


def test_where_nothing_is_kept_of_the_run_the_state_stays_and_the_next_run_takes_the_line_along(
    bank: type_of_connection, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held_by(deciding)
    monkeypatch.setattr(keeping, "ground_of_run", lambda _connection: None)

    [row] = post(bank, deciding, late("L1"))
    deciding.wait_for_late_lines()

    assert row.undecided == LATE
    assert held_by(deciding) is before
    assert not before.is_to_go_back


def test_while_the_database_is_away_it_is_tried_again(
    bank: type_of_connection, deciding: Deciding, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    as_ever, asked = keeping.ground_of_run, []

    def away_at_first(connection: Any) -> Ground | None:
        asked.append(1)
        if len(asked) < 3:
            raise psycopg.OperationalError("the connection broke")
        return as_ever(connection)

    monkeypatch.setattr(keeping, "ground_of_run", away_at_first)
    before = held_by(deciding)

    post(bank, deciding, late("L1"))
    deciding.wait_for_late_lines()

    assert held_by(deciding) is not before
    assert_state_is_that_of_the_books(deciding, database_url)


def test_what_was_booked_before_all_that_is_known_line_by_line_waits_for_the_next_run(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any]
) -> None:
    before = held_by(deciding)

    [row] = post(bank, deciding, line("L1", SUPPLIER, 10, day=1))
    deciding.wait_for_late_lines()

    assert row.undecided == LATE
    assert held_by(deciding) is before
    assert not before.is_to_go_back
    trace_books(bank, on_traced=deciding.rebase)
    assert_state_of_all_lines(deciding, asked)


def assert_state_of_all_lines(deciding: Deciding, asked: psycopg.Connection[Any]) -> None:
    [(count,)] = asked.execute("SELECT count(*) FROM published.transfer").fetchall()
    assert held_by(deciding).standing.index.transaction_count == count


def test_a_process_that_starts_gives_late_lines_their_place(
    bank: type_of_connection, deciding: Deciding, database_url: str
) -> None:
    post(bank, None, late("L1"))

    fresh = Deciding(Connecting(Database(database_url)), first_ground)
    fresh.want()
    fresh.wait()

    assert_state_is_that_of_the_books(fresh, database_url)
    assert LOAN in held_by(fresh).owed
    del deciding


def test_rows_say_why_they_are_not_judged(
    bank: type_of_connection, deciding: Deciding, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loantrail.monitor.deciding.JUDGED_AT_ONCE", 1)
    cold = Deciding(Connecting(Database(database_url)))

    many = post(bank, deciding, line("A1", BORROWER, 10), line("A2", BORROWER, 11))
    [none] = post(bank, cold, line("A3", BORROWER, 12))
    cold.wait()

    assert [row.undecided for row in many] == [MANY, MANY]
    assert none.undecided == NOT_READY
