"""A loan that cannot be judged takes no decision from another, and no state but the one in which that was seen first."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import psycopg
import pytest
from tests.http.bank import LOAN, QUIET, QUIET_LOAN, moment
from tests.monitor.test_deciding import codes, line, post, standing, to_securities

from loantrail import clock
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.judge import Judged, judge_loans
from loantrail.monitor.leading import Connecting
from loantrail.monitor.outstanding import judge_owed
from loantrail.monitor.slice_frames import Slice
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.tracing.database import trace_books
from loantrail.tracing.ground import Ground

pytestmark = pytest.mark.database
BROKER = {"counterparty_account": "310099000077", "counterparty_name": "华东证券股份有限公司"}


class Defect:
    """Judging breaks off where it meets one of these loans."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loans: Collection[str] = ()
        self.tried: list[tuple[str, ...]] = []
        monkeypatch.setattr("loantrail.monitor.judging.judge_loans", self._judge)

    def _judge(self, part: Slice, *told: Any) -> Judged:
        self.tried.append(part.loans)
        if not set(part.loans).isdisjoint(self.loans):
            raise ZeroDivisionError("a figure that nobody thought of")
        return judge_loans(part, *told)


@pytest.fixture
def defect(monkeypatch: pytest.MonkeyPatch) -> Defect:
    return Defect(monkeypatch)


@pytest.fixture
def bank(bank: type_of_connection) -> type_of_connection:
    """The second loan is disbursed too."""
    bank.execute(
        "INSERT INTO ledger.disbursement (disbursement_id, loan_id, account, amount_fen, booked_at, reference, payment_mode, unit_id)"
        " VALUES ('FK2', %s, %s, 30000000, %s, '乙放款', 'autonomous_payment', 'U1')",
        (QUIET_LOAN, QUIET, moment(10)),
    )
    bank.commit()
    trace_books(bank)
    return bank


def quiet_to_securities(reference: str, day: int = 12) -> dict[str, Any]:
    return line(reference, QUIET, 90_000, day, purpose_text="银证转账", **BROKER)


def rebuilt(deciding: Deciding) -> None:
    deciding.want()
    deciding.wait()
    assert deciding.is_ready


def test_the_others_of_a_group_are_decided(
    bank: type_of_connection, deciding: Deciding, defect: Defect, asked: psycopg.Connection[Any]
) -> None:
    defect.loans = {LOAN}
    harmless = line("C1", "6400000000000005", 3)

    answers = post(bank, deciding, to_securities("A1"), quiet_to_securities("B1"), harmless)

    assert [one.outcome for one in answers] == ["accepted"] * 3
    assert [one.decision for one in answers] == [None, "review", "allow"]
    assert "FLOW_SECURITIES" in codes(standing(asked), QUIET_LOAN)


def test_where_it_is_seen_first_the_state_is_made_anew_and_the_loan_tried_once_more(
    bank: type_of_connection, deciding: Deciding, defect: Defect, asked: psycopg.Connection[Any]
) -> None:
    trace_books(bank)
    rebuilt(deciding)
    defect.loans = {LOAN}
    post(bank, deciding, to_securities("A1"))
    assert not deciding.is_ready

    # The state was to blame.
    defect.loans = ()
    rebuilt(deciding)
    assert deciding.owes
    judge_owed(bank, deciding, clock.monotonic_seconds() + 30)

    assert not deciding.owes
    [hit] = [row for row in standing(asked) if row[1:3] == ("FLOW_SECURITIES", LOAN)]
    assert hit[4] > 300_000 * 100


def test_a_loan_that_cannot_be_judged_by_a_new_state_either_costs_no_other_state(
    bank: type_of_connection, deciding: Deciding, defect: Defect
) -> None:
    defect.loans = {LOAN}
    post(bank, deciding, to_securities("A1"))
    rebuilt(deciding)
    judge_owed(bank, deciding, clock.monotonic_seconds() + 30)
    assert deciding.is_ready
    assert not deciding.owes

    defect.tried.clear()
    answers = post(bank, deciding, to_securities("A2"), quiet_to_securities("B1"))

    assert [one.decision for one in answers] == [None, "review"]
    assert deciding.is_ready
    assert (LOAN,) in defect.tried, "it is tried by itself"
    assert not any(LOAN in loans for loans in defect.tried if loans != (LOAN,))


def test_a_loan_that_can_be_judged_again_is_as_others(
    bank: type_of_connection, deciding: Deciding, defect: Defect
) -> None:
    defect.loans = {LOAN}
    post(bank, deciding, to_securities("A1"))
    rebuilt(deciding)
    judge_owed(bank, deciding, clock.monotonic_seconds() + 30)
    defect.loans = ()

    [first] = post(bank, deciding, to_securities("A2"))
    defect.tried.clear()
    together = post(bank, deciding, to_securities("A3"), quiet_to_securities("B1"))

    assert first.decision == "review"
    assert [one.decision for one in together] == ["review", "review"]
    assert {LOAN, QUIET_LOAN} <= {*defect.tried[0]}


def test_what_the_database_says_is_no_fault_of_a_loan(
    bank: type_of_connection, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def broken(*_told: Any) -> Judged:
        tried.append(1)
        raise psycopg.DataError("a value that does not fit")

    with monkeypatch.context() as patch:
        patch.setattr("loantrail.monitor.judging.judge_loans", broken)
        answers = post(bank, deciding, to_securities("A1"), quiet_to_securities("B1"))

    assert [one.decision for one in answers] == [None, None]
    assert len(tried) == 1
    assert not deciding.is_ready


def test_where_no_state_can_be_built_on_what_a_run_left_the_books_are_read(
    bank: type_of_connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(_connection: Any) -> Ground:
        raise ValueError("it reads well and is of no use")

    made = Deciding(Connecting(Database(database_url)), damaged)
    monkeypatch.setattr("loantrail.monitor.keeping.PAUSE_PER_BUILD", 0)
    made.want()
    made.wait()
    assert not made.is_ready

    rebuilt(made)
    [answer] = post(bank, made, to_securities("A1"))

    assert answer.decision == "review"
