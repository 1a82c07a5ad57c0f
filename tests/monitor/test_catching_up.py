"""A state that a run leaves is brought up to what came meanwhile before it judges, and loans of that are judged by it afterwards."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from tests.http.bank import BORROWER, LOAN, QUIET, QUIET_LOAN, RELATED
from tests.monitor.held_up import JudgingTakesLong, decisions, send
from tests.monitor.test_deciding import BROKER_OUTSIDE, line, post, standing, to_securities
from tests.monitor.test_shown_later import among_strangers, assert_state_is_that_of_the_books, held_by

from loantrail import clock
from loantrail.destinations.corrections import Correction, Scope, correct
from loantrail.monitor import catching_up, store
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.held import first_ground
from loantrail.monitor.leading import Connecting
from loantrail.monitor.outstanding import judge_outstanding, judge_owed
from loantrail.monitor.settling import Settling
from loantrail.monitor.writing import Writer
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.tracing.database import trace_anew, trace_books
from loantrail.tracing.ground import Ground
from loantrail.tracing.model import Convention

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def every_line_is_run_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "CLOSE_LINES", 0)
    monkeypatch.setattr(catching_up, "SHOWN_AT_ONCE", 3)


@pytest.fixture
def run_made(bank: type_of_connection, deciding: Deciding, database_url: str) -> Any:
    """Makes a run for the state; what is given it comes after the books were read and before the state of the run stands."""

    def make(*rows: dict[str, Any]) -> list[str | None]:
        told: list[str | None] = []

        def traced(connection: type_of_connection, found: Ground) -> None:
            told.extend(row.decision for one in rows for row in post(bank, deciding, one))
            deciding.rebase(connection, found)

        with Database(database_url).connect() as tracing_connection:
            deciding.expect(True)
            trace_books(tracing_connection, on_traced=traced)
            deciding.expect(False)
        return told

    return make


def into_securities(asked: psycopg.Connection[Any]) -> int:
    """Fen that the warning of the loan names."""
    [found] = [row[4] for row in standing(asked) if row[1:3] == ("FLOW_SECURITIES", LOAN)]
    return int(found)


def soon() -> float:
    return clock.monotonic_seconds() + 30


def test_lines_that_came_while_a_run_was_made_are_known_to_its_state_before_it_judges(
    bank: type_of_connection, deciding: Deciding, run_made: Any, database_url: str
) -> None:
    rows = [one for number in range(4) for one in among_strangers(f"N{number}", yuan=900 + number)]
    first = held_by(deciding)

    told = run_made(*rows[:5], to_securities("S1", 60_000), *rows[5:])

    made = held_by(deciding)
    assert made is not first
    assert told == ["allow"] * 5 + ["review"] + ["allow"] * 3
    assert LOAN in made.owed
    assert made.later_count == 0
    assert_state_is_that_of_the_books(deciding, database_url)
    [next_one] = post(bank, deciding, line("Q1", QUIET, 5, day=13, counterparty_account="999"))
    assert next_one.decision is not None
    assert not deciding.is_behind
    assert LOAN in made.owed


def test_they_are_judged_by_what_the_run_knows(
    bank: type_of_connection, deciding: Deciding, run_made: Any, asked: psycopg.Connection[Any]
) -> None:
    post(bank, deciding, to_securities("S1", 30_000))
    meant = Correction(Scope.ACCOUNT, BROKER_OUTSIDE, "supplier", "合同所载供应商", "somebody", "request-1")
    with bank.transaction():
        correct(bank, meant)
    run_made(to_securities("S2", 60_000, day=13))
    by_the_state_of_before = into_securities(asked)

    judge_owed(bank, deciding, soon())

    assert not deciding.owes
    assert by_the_state_of_before == into_securities(asked) + 90_000 * 100
    live = [row for row in standing(asked) if row[2] == LOAN]
    trace_books(bank)
    assert live == [row for row in standing(asked) if row[2] == LOAN]


def test_a_loan_that_was_judged_by_the_state_of_before_once_the_run_had_read_is_judged_by_what_the_run_knows(
    bank: type_of_connection,
    deciding: Deciding,
    asked: psycopg.Connection[Any],
    database_url: str,
    run_made: Any,
) -> None:
    run_made(to_securities("S1", 60_000))
    assert LOAN in held_by(deciding).owed
    meant = Correction(Scope.ACCOUNT, BROKER_OUTSIDE, "supplier", "合同所载供应商", "somebody", "request-1")
    with bank.transaction():
        correct(bank, meant)

    def traced(connection: type_of_connection, found: Ground) -> None:
        post(bank, deciding, *among_strangers("N1"))
        judge_owed(bank, deciding, soon())
        deciding.rebase(connection, found)

    with Database(database_url).connect() as tracing_connection:
        deciding.expect(True)
        trace_books(tracing_connection, on_traced=traced)
        deciding.expect(False)
    by_the_state_of_before = into_securities(asked)
    assert LOAN in held_by(deciding).owed

    judge_owed(bank, deciding, soon())

    assert by_the_state_of_before == into_securities(asked) + 60_000 * 100
    live = [row for row in standing(asked) if row[2] == LOAN]
    trace_books(bank)
    assert live == [row for row in standing(asked) if row[2] == LOAN]


def test_what_a_run_found_stays_until_the_state_that_stands_on_it_judges(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any], database_url: str
) -> None:
    """The state of before does not know the correction, and would take the hit of the run back."""
    supplier = {
        "counterparty_account": "95001",
        "counterparty_name": "长江钢材有限公司",
        "purpose_text": "货款",
    }
    post(bank, deciding, line("S1", BORROWER, 60_000, **supplier))
    found_before = [row for row in standing(asked) if row[2] == LOAN]
    meant = Correction(Scope.ACCOUNT, "95001", "securities", "实为证券公司账户", "somebody", "request-1")
    with bank.transaction():
        correct(bank, meant)
    by_the_run: list[list[Any]] = []
    meanwhile: list[list[Any]] = []

    def traced(connection: type_of_connection, found: Ground) -> None:
        by_the_run.append([row for row in standing(asked) if row[2] == LOAN])
        [told] = post(bank, deciding, line("S2", BORROWER, 10, day=13, counterparty_account="95002"))
        assert told.decision == "allow"
        meanwhile.append([row for row in standing(asked) if row[2] == LOAN])
        deciding.rebase(connection, found)

    with Database(database_url).connect() as tracing_connection:
        deciding.expect(True)
        trace_books(tracing_connection, on_traced=traced)
        deciding.expect(False)

    assert by_the_run[0] != found_before
    assert meanwhile == by_the_run
    assert LOAN in held_by(deciding).owed
    judge_owed(bank, deciding, soon())
    live = [row for row in standing(asked) if row[2] == LOAN]
    trace_books(bank)
    assert live == [row for row in standing(asked) if row[2] == LOAN]


def test_an_older_state_does_not_take_the_place_of_that_of_the_run_that_stands(
    bank: type_of_connection, deciding: Deciding
) -> None:
    older = trace_anew(bank, Convention.FIFO).ground
    post(bank, deciding, to_securities("S1", 60_000))
    found = trace_books(bank, on_traced=deciding.rebase)
    newer = held_by(deciding)

    deciding.rebase(bank, older)

    assert newer.run_id == found.run_id
    assert held_by(deciding) is newer


def test_a_line_of_such_a_loan_has_all_of_it_judged(
    bank: type_of_connection, deciding: Deciding, run_made: Any, asked: psycopg.Connection[Any]
) -> None:
    run_made(to_securities("S1", 60_000))

    post(bank, deciding, line("B1", BORROWER, 10, day=13, counterparty_account="999"))

    assert not deciding.owes
    live = [row for row in standing(asked) if row[2] == LOAN]
    trace_books(bank)
    assert live == [row for row in standing(asked) if row[2] == LOAN]


def test_the_thread_that_pairs_has_them_judged(
    bank: type_of_connection, deciding: Deciding, run_made: Any, database_url: str
) -> None:
    run_made(to_securities("S1"), line("Q1", QUIET, 5, counterparty_account="999"))
    assert {LOAN, QUIET_LOAN} <= {*held_by(deciding).owed}
    working = Settling(
        Connecting(Database(database_url)), lambda: None, trace_seconds=0.0, pair_seconds=0.02, judge=deciding
    )

    working.start()
    working.wait()

    assert not deciding.owes


def test_the_first_line_after_a_start_finds_a_state_that_knows_what_came_after_the_last_run(
    bank: type_of_connection, books: Database, asked: psycopg.Connection[Any], database_url: str
) -> None:
    post(bank, None, to_securities("S1", 60_000))
    started = Deciding(Connecting(books))
    started.want()
    started.wait()

    post(bank, None, to_securities("S2", 1_000, day=13))
    judge_owed(bank, started, soon())
    judge_outstanding(bank, started)

    assert not started.owes
    assert_state_is_that_of_the_books(started, database_url)
    live = standing(asked)
    trace_books(bank)
    assert standing(asked) == live


def test_strangers_do_not_wait_while_such_a_loan_is_judged(
    writer: Writer,
    deciding: Deciding,
    run_made: Any,
    slow: JudgingTakesLong,
    books: Database,
    asked: psycopg.Connection[Any],
    database_url: str,
) -> None:
    slow.goes_on.set()
    run_made(to_securities("S1"))
    post_waiting = [send(writer, *among_strangers("N1"))]
    assert decisions(post_waiting[0]) == ["allow", "allow"]
    slow.goes_on.clear()
    slow.has_begun.clear()

    with books.connect() as own:
        judging = threading.Thread(target=judge_owed, args=(own, deciding, soon()))
        judging.start()
        assert slow.has_begun.wait(30)
        meanwhile = decisions(send(writer, *among_strangers("N2", yuan=77)))
        is_judged = not judging.is_alive()
        slow.goes_on.set()
        judging.join(30)

    assert meanwhile == ["allow", "allow"]
    assert not is_judged
    assert not deciding.owes
    assert held_by(deciding).later_count == 4
    assert decisions(send(writer, to_securities("S2", 1_000, day=13))) != [None]
    assert held_by(deciding).later_count == 0
    assert_state_is_that_of_the_books(deciding, database_url)


@pytest.mark.parametrize("guest_comes", [False, True])
def test_lines_that_wait_are_not_forgotten_where_the_judgement_is_not_committed(
    writer: Writer,
    deciding: Deciding,
    run_made: Any,
    slow: JudgingTakesLong,
    books: Database,
    database_url: str,
    guest_comes: bool,
) -> None:
    slow.goes_on.set()
    run_made(to_securities("S1"))
    assert decisions(send(writer, *among_strangers("N1"))) == ["allow", "allow"]
    slow.goes_on.clear()
    slow.has_begun.clear()
    slow.problem = psycopg.OperationalError("the server is away")
    problems: list[BaseException] = []

    def judge() -> None:
        try:
            with books.connect() as own:
                judge_owed(own, deciding, soon())
        except Exception as problem:
            problems.append(problem)

    judging = threading.Thread(target=judge)
    judging.start()
    assert slow.has_begun.wait(30)
    if guest_comes:
        assert decisions(send(writer, *among_strangers("N2", yuan=77))) == ["allow", "allow"]
    slow.goes_on.set()
    judging.join(30)
    slow.problem = None

    assert len(problems) == 1
    assert LOAN in held_by(deciding).owed
    assert held_by(deciding).later_count == 2
    assert decisions(send(writer, to_securities("S2", 1_000, day=13))) == ["review"]
    assert not deciding.owes
    assert_state_is_that_of_the_books(deciding, database_url)


def test_where_judging_breaks_there_is_no_state_and_nothing_is_owed(
    bank: type_of_connection, deciding: Deciding, run_made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_made(to_securities("S1"))

    def broken(*_arguments: object) -> None:
        raise psycopg.DataError("a value that does not fit")

    with monkeypatch.context() as patch:
        patch.setattr("loantrail.monitor.deciding.take_hits", broken)
        judge_owed(bank, deciding, soon())

    assert not deciding.owes
    assert not deciding.is_ready
    deciding.wait()


def test_what_another_process_committed_is_known_before_a_loan_is_judged(
    bank: type_of_connection,
    deciding: Deciding,
    run_made: Any,
    books: Database,
    asked: psycopg.Connection[Any],
) -> None:
    run_made(to_securities("S1", 30_000))
    other = Deciding(Connecting(books))
    other.want()
    other.wait()
    post(bank, other, to_securities("S2", 60_000, day=13))
    before = [row for row in standing(asked) if row[2] == LOAN]

    judge_owed(bank, deciding, soon())

    assert [row for row in standing(asked) if row[2] == LOAN] == before
    assert held_by(deciding).last_arrival == max_arrival(asked)


def max_arrival(asked: psycopg.Connection[Any]) -> int:
    row = asked.execute("SELECT max(arrival_number) FROM ledger.statement_line").fetchone()
    assert row is not None
    return int(row[0])


def test_lines_that_come_faster_than_they_are_shown_are_not_run_after_for_ever(
    bank: type_of_connection, deciding: Deciding, run_made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[int] = []
    as_ever = store.begin_group

    def another_comes(connection: Any) -> None:
        if threading.current_thread() is threading.main_thread() and connection is not bank:
            rounds.append(len(rounds))
            post(bank, None, line(f"A{len(rounds)}", "6400000000000001", 7 + len(rounds)))
        as_ever(connection)

    monkeypatch.setattr(catching_up.store, "begin_group", another_comes)
    run_made()

    assert 0 < len(rounds) <= catching_up.ROUNDS_MOST + 1
    monkeypatch.setattr(catching_up.store, "begin_group", as_ever)
    judge_outstanding(bank, deciding)
    assert not deciding.is_behind


HALF = {"counterparty_account": RELATED, "purpose_text": "银证转账"}


def test_a_payment_that_is_judged_later_is_told_though_half_a_transfer_stands_in_its_warning(
    bank: type_of_connection, asked: psycopg.Connection[Any], database_url: str
) -> None:
    before = into_securities(asked)
    cold = Deciding(Connecting(Database(database_url)), first_ground)
    rows = post(bank, cold, line("T1", BORROWER, 60_000, **HALF), to_securities("S1", 60_000, day=13))
    assert [row.decision for row in rows] == [None, None]
    cold.want()
    cold.wait()

    judge_outstanding(bank, cold)
    judge_owed(bank, cold, soon())

    assert into_securities(asked) > before
    live = [row for row in standing(asked) if row[2] == LOAN]
    trace_books(bank)
    assert live == [row for row in standing(asked) if row[2] == LOAN]


def test_half_a_transfer_that_a_run_read_is_told_though_lines_of_its_loan_go_on_coming(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any], run_made: Any
) -> None:
    before = into_securities(asked)
    [half] = post(bank, deciding, line("T1", BORROWER, 60_000, **HALF))
    assert (half.undecided, into_securities(asked)) == ("half", before)

    run_made(line("T2", BORROWER, 10, day=13, counterparty_account="999"))
    judge_owed(bank, deciding, soon())

    assert into_securities(asked) == before + 60_000 * 100
