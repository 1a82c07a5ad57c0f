"""Checks that are made after a run over the books: who gets which, and that the same again changes nothing."""

from __future__ import annotations

import datetime

import pytest
from tests.http.bank import LOAN, QUIET_LOAN, UNTRACED_LOAN, write_books, write_trace
from tests.http.checked import CHECK, DATA_DATE, INSPECTOR, write_checked_bank

from loantrail import clock
from loantrail.inspections import store
from loantrail.inspections.acting_on import act_on
from loantrail.inspections.model import Assign, CheckState, FiguresChange
from loantrail.inspections.scheduling import Reviewers, Scheduled, schedule
from loantrail.parameters import shipped_parameters
from loantrail.postgres.connection import type_of_connection

ROLES = ("post_loan_inspector", "branch_manager")


def again(connection: type_of_connection) -> Scheduled:
    done = schedule(connection, shipped_parameters())
    connection.commit()
    return done


def pay_out(connection: type_of_connection, loan: str, at: str) -> None:
    connection.execute(
        "INSERT INTO ledger.disbursement (disbursement_id, loan_id, account, amount_fen, booked_at, payment_mode, unit_id) "
        "VALUES (%s, %s, '6205', 30000000, %s, 'autonomous_payment', 'U1')",
        (f"FK-{loan}-{at}", loan, at),
    )


def test_reviewers_are_of_the_unit_or_the_nearest_above_and_never_who_does_it() -> None:
    reviewers = Reviewers(
        {"支行": "分行", "分行": "总行", "总行": None, "环": "环"},
        {
            ("支行", "post_loan_inspector"): ["E3"],
            ("支行", "branch_manager"): ["E9"],
            ("分行", "branch_manager"): ["E8"],
        },
        ROLES,
    )
    assert reviewers.of("支行", "E1") == "E3"
    assert reviewers.of("支行", "E3") == "E9"
    assert reviewers.of("分行", "E1") == "E8"
    assert reviewers.of("总行", "E1") == ""
    assert reviewers.of("环", "E1") == ""


@pytest.mark.database
def test_every_loan_that_was_paid_out_gets_one_check(connection: type_of_connection) -> None:
    assert write_checked_bank(connection) == Scheduled(made=1)
    assert again(connection) == Scheduled()
    pay_out(connection, QUIET_LOAN, "2025-03-19 02:00Z")
    pay_out(connection, QUIET_LOAN, "2025-03-20 02:00Z")
    assert again(connection) == Scheduled(made=1)
    row = connection.execute(
        "SELECT paid_out_on, due_rule, assignee, reviewer FROM published.loan_check WHERE loan_id = %s",
        (QUIET_LOAN,),
    ).fetchone()
    # By the first payment; 乙 is a person, and nobody manages the loan.
    assert row == (datetime.date(2025, 3, 19), "first_inspection_retail_days", "", INSPECTOR)


@pytest.mark.database
def test_business_dates_are_those_of_shanghai(connection: type_of_connection) -> None:
    write_checked_bank(connection)
    pay_out(connection, QUIET_LOAN, "2025-03-19 16:30Z")
    again(connection)
    row = connection.execute(
        "SELECT paid_out_on FROM published.loan_check WHERE loan_id = %s", (QUIET_LOAN,)
    ).fetchone()
    assert row == (datetime.date(2025, 3, 20),)


@pytest.mark.database
def test_without_a_trace_there_is_nothing_to_check(connection: type_of_connection) -> None:
    write_books(connection)
    assert again(connection) == Scheduled()
    assert connection.execute("SELECT count(*) FROM inspections.beginning").fetchone() == (0,)


@pytest.mark.database
def test_what_was_old_at_the_beginning_stays_taken_over(connection: type_of_connection) -> None:
    write_books(connection)
    write_trace(connection)
    connection.execute("UPDATE tracing.run SET data_date = %s", (DATA_DATE,))
    pay_out(connection, QUIET_LOAN, "2024-12-01 02:00Z")
    done = again(connection)
    assert (done.made, done.taken_over) == (1, 1)
    # The data goes on; what was young at the beginning does not become old, and a late delivery is judged by the beginning.
    connection.execute("UPDATE tracing.run SET data_date = '2025-12-31'")
    pay_out(connection, UNTRACED_LOAN, "2025-01-10 02:00Z")
    assert again(connection) == Scheduled(made=1)
    states = dict(connection.execute("SELECT loan_id, state FROM published.loan_check").fetchall())
    assert states == {LOAN: "open", QUIET_LOAN: "taken_over", UNTRACED_LOAN: "open"}


@pytest.mark.database
def test_an_open_check_follows_its_loan_to_the_next_manager(connection: type_of_connection) -> None:
    write_checked_bank(connection)
    today = clock.business_date(clock.now())
    connection.execute("UPDATE ledger.loan_manager SET valid_to = %s WHERE loan_id = %s", (today, LOAN))
    connection.execute(
        "INSERT INTO ledger.loan_manager VALUES (%s, 'S2', 'lead', %s, NULL, 'U1')", (LOAN, today)
    )
    assert again(connection) == Scheduled(handed_on=1)
    assert again(connection) == Scheduled()
    check = store.one(connection, CHECK)
    assert check is not None
    assert (check.assignee, check.assigned_by_person) == ("S2", False)


@pytest.mark.database
def test_a_check_that_a_person_gave_to_somebody_stays_there(connection: type_of_connection) -> None:
    write_checked_bank(connection)
    act_on(connection, CHECK, Assign(INSPECTOR), "S2", 1, "given-000001", shipped_parameters())
    assert again(connection) == Scheduled()
    check = store.one(connection, CHECK)
    assert check is not None
    assert check.assignee == INSPECTOR


@pytest.mark.database
def test_figures_are_compared_with_what_was_submitted(connection: type_of_connection) -> None:
    write_checked_bank(connection)
    figures = '{"supplier": 45000000, "securities": 30000000, "cash": 10000000, "held_by_borrower": 15000000}'
    submitted = (
        '{"conclusion": "as_agreed", "proposed": "as_agreed", "reason": "", "text": "x", "language": "zh", "figures": '
        f"{figures}}}"
    )
    connection.execute(
        "INSERT INTO inspections.check_event (check_id, version, kind, at, by, data, loan_id, unit_id) "
        "VALUES (%s, 2, 'submitted', now(), 'S1', %s, %s, 'U1')",
        (CHECK, submitted, LOAN),
    )
    connection.execute(
        "UPDATE inspections.check SET version = 2, state = 'submitted', submitted_by = 'S1', submitted_at = now(), "
        "conclusion = 'as_agreed', figures = %s WHERE check_id = %s",
        (figures, CHECK),
    )
    assert again(connection) == Scheduled()
    connection.execute("DELETE FROM tracing.statement WHERE loan_id = %s AND use = 'cash'", (LOAN,))
    assert again(connection) == Scheduled(changed=1)
    assert again(connection) == Scheduled()
    check = store.one(connection, CHECK)
    assert check is not None
    assert (check.state, check.change) == (CheckState.SUBMITTED, FiguresChange.REVISED)
    assert check.differences == {"cash": -10_000_000}
    connection.execute(
        "INSERT INTO tracing.statement (run_id, loan_id, use, amount_fen, line_group, unit_id) "
        "VALUES ('run-1', %s, 'cash', 10000000, 'other', 'U1')",
        (LOAN,),
    )
    assert again(connection) == Scheduled(restored=1)
    assert again(connection) == Scheduled()


@pytest.mark.database
def test_the_row_of_a_check_is_what_its_timeline_comes_to(connection: type_of_connection) -> None:
    write_checked_bank(connection)
    check = store.one(connection, CHECK)
    assert check is not None
    row = connection.execute(
        "SELECT version, state, due_on, regular_due_on, due_rule, assignee, reviewer, paid_out_on "
        "FROM inspections.check WHERE check_id = %s",
        (CHECK,),
    ).fetchone()
    assert row == (
        check.version,
        check.state.value,
        check.due_on,
        check.regular_due_on,
        check.due_rule,
        check.assignee,
        check.reviewer,
        check.paid_out_on,
    )
