"""Where a loan stands against its schedule: days past due, what is overdue, what comes next. Pure.

Payments fill the oldest instalments first, principal and interest together (a prepayment of principal makes later
interest less, which must not look like a debt); penalty interest fills none. Days past due count from the day after
the due date of the oldest instalment that is not full: the first day late is 1.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instalment:
    number: int
    due_on: datetime.date
    principal_fen: int
    interest_fen: int

    @property
    def due_fen(self) -> int:
        return self.principal_fen + self.interest_fen


@dataclass(frozen=True, slots=True)
class Ahead:
    """An instalment still to pay; `open_fen` is what earlier payments leave of it."""

    instalment: Instalment
    open_fen: int


@dataclass(frozen=True, slots=True)
class Course:
    """How the schedule was kept up to one day. `full_count`: instalments that are paid in full."""

    days_past_due: int
    overdue_fen: int
    overdue_since: datetime.date | None
    upcoming: Ahead | None
    full_count: int


def course(schedule: Sequence[Instalment], paid_fen: int, as_of: datetime.date) -> Course:
    """How the schedule stands at the end of `as_of`, when `paid_fen` of principal and interest came in by then."""
    left_fen, overdue_fen, full_count = paid_fen, 0, 0
    overdue_since: datetime.date | None = None
    upcoming: Ahead | None = None
    for instalment in sorted(schedule, key=lambda one: (one.due_on, one.number)):
        open_fen = max(instalment.due_fen - left_fen, 0)
        left_fen = max(left_fen - instalment.due_fen, 0)
        if open_fen == 0:
            full_count += 1
        elif instalment.due_on < as_of:
            overdue_fen += open_fen
            overdue_since = overdue_since or instalment.due_on
        elif upcoming is None:
            upcoming = Ahead(instalment, open_fen)
    days = (as_of - overdue_since).days if overdue_since else 0
    return Course(days, overdue_fen, overdue_since, upcoming, full_count)
