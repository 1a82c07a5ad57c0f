"""Days past due, what is overdue and what comes next, from schedule and payments."""

from __future__ import annotations

import datetime

import pytest

from loantrail.http.pages.instalments import Course, Instalment, course

DUE = [datetime.date(2025, month, 20) for month in (1, 2, 3)]
PLAN = [Instalment(number, due, 1000, 50) for number, due in enumerate(DUE, 1)]


def _on(month: int, day: int, paid_fen: int, plan: list[Instalment] = PLAN) -> Course:
    return course(plan, paid_fen, datetime.date(2025, month, day))


@pytest.mark.parametrize(
    ("month", "day", "days", "overdue_fen"),
    [(1, 19, 0, 0), (1, 20, 0, 0), (1, 21, 1, 1050), (2, 20, 31, 1050), (2, 21, 32, 2100)],
)
def test_days_past_due_count_from_the_day_after_the_oldest_open_due_date(
    month: int, day: int, days: int, overdue_fen: int
) -> None:
    found = _on(month, day, 0)
    assert (found.days_past_due, found.overdue_fen) == (days, overdue_fen)
    assert found.overdue_since == (DUE[0] if days else None)


def test_payments_fill_the_oldest_instalments_first() -> None:
    found = _on(2, 25, 1050 + 600)
    assert (found.days_past_due, found.overdue_fen, found.full_count) == (5, 450, 1)
    assert found.upcoming is not None
    assert (found.upcoming.instalment.number, found.upcoming.open_fen) == (3, 1050)


def test_what_falls_due_today_is_next_and_not_yet_late() -> None:
    found = _on(2, 20, 1050)
    assert found.days_past_due == 0
    assert found.upcoming is not None
    assert found.upcoming.instalment.number == 2


def test_a_prepayment_takes_from_what_comes_next_and_is_never_a_debt() -> None:
    found = _on(2, 1, 1050 + 1050 + 400)
    assert (found.overdue_fen, found.full_count) == (0, 2)
    assert found.upcoming is not None
    assert (found.upcoming.instalment.number, found.upcoming.open_fen) == (3, 650)


def test_all_paid_leaves_nothing_ahead() -> None:
    found = _on(12, 1, 3 * 1050)
    assert (found.days_past_due, found.upcoming, found.full_count) == (0, None, 3)


def test_the_order_in_which_a_schedule_comes_does_not_matter() -> None:
    assert _on(2, 25, 1650, PLAN[::-1]) == _on(2, 25, 1650)
