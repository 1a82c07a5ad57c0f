"""What is in arrears, loan by loan, as one query: `loantrail.http.pages.instalments.course` over many loans at once.

Payments fill the oldest instalments first, principal and interest together. A test compares the two.
"""

from __future__ import annotations

import datetime
from typing import Any, Final

from psycopg import sql

from loantrail.clock import BUSINESS_ZONE

_ARREARS: Final = sql.SQL(
    """
    SELECT late.loan_id, max(late.overdue_fen) AS overdue_fen, min(step.due_on) AS overdue_since, count(*) AS overdue_count
    FROM (
        SELECT due.loan_id, coalesce(paid.paid_fen, 0) AS paid_fen, due.due_fen - coalesce(paid.paid_fen, 0) AS overdue_fen
        FROM (
            SELECT loan_id, sum(principal_fen + interest_fen) AS due_fen FROM published.repayment_schedule
            WHERE due_on < %({as_of})s::date AND {only} GROUP BY loan_id
        ) AS due
        LEFT JOIN (
            SELECT loan_id, sum(principal_fen + interest_fen) AS paid_fen FROM published.repayment
            WHERE paid_at < %({as_of_end})s::timestamptz AND {only} GROUP BY loan_id
        ) AS paid ON paid.loan_id = due.loan_id
        WHERE due.due_fen > coalesce(paid.paid_fen, 0)
    ) AS late
    CROSS JOIN LATERAL (
        SELECT due_on, sum(principal_fen + interest_fen) OVER (ORDER BY due_on, instalment_no) AS reached_fen
        FROM published.repayment_schedule AS part
        WHERE part.loan_id = late.loan_id AND part.due_on < %({as_of})s::date
    ) AS step
    WHERE step.reached_fen > late.paid_fen
    GROUP BY late.loan_id
    """
)
EVERY: Final = sql.SQL("true")
OF_KEYS: Final = sql.SQL("loan_id = ANY(%(keys)s)")


def arrears(only: sql.Composable = EVERY, as_of: str = "as_of") -> sql.Composed:
    """Rows `loan_id, overdue_fen, overdue_since, overdue_count` of the loans that are behind at the end of the day in
    the parameter `as_of` (none where it is null), among those that the condition `only` on `loan_id` holds for."""
    return _ARREARS.format(only=only, as_of=sql.SQL(as_of), as_of_end=sql.SQL(f"{as_of}_end"))  # pyright: ignore[reportArgumentType]  names of parameters


def day_parameters(day: datetime.date | None, name: str = "as_of") -> dict[str, Any]:
    """The parameters of a day: itself, and the instant at which it ends in Asia/Shanghai."""
    end = (
        None
        if day is None
        else datetime.datetime.combine(
            day + datetime.timedelta(days=1), datetime.time(), tzinfo=BUSINESS_ZONE
        )
    )
    return {name: day, f"{name}_end": end}
