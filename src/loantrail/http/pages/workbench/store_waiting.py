"""What the workbench reads of loan checks and of proposals that wait for a second person, through the published views."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row

_MINE: Final = "made.state = 'open' AND made.assignee = ANY(%(me)s || '{\"\"}'::text[])"
# Nobody reviews what they submitted themselves.
_REVIEWS: Final = (
    "made.state = 'submitted' AND made.submitted_by <> ALL(%(me)s) "
    "AND made.reviewer = ANY(%(me)s || '{\"\"}'::text[])"
)


def check_counts(connection: Database, me: Sequence[str], today: datetime.date) -> Row:
    """`open_count, overdue_count, items_count, review_count` of the checks in reach."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            sql.SQL(
                """
                SELECT count(*) FILTER (WHERE made.state = 'open') AS open_count,
                       count(*) FILTER (WHERE made.due_on < %(today)s) AS overdue_count,
                       count(*) FILTER (WHERE {mine}) AS items_count, count(*) FILTER (WHERE {reviews}) AS review_count
                FROM published.loan_check AS made WHERE made.state IN ('open', 'submitted')
                """
            ).format(mine=sql.SQL(_MINE), reviews=sql.SQL(_REVIEWS)),
            {"me": list(me), "today": today},
        ).fetchone()
    assert found is not None  # an aggregate always gives a row
    return found


def checks(
    connection: Database, me: Sequence[str], today: datetime.date, limit: int, *, reviews: bool = False
) -> list[Row]:
    """Checks that this person can do, or review (`reviews`): those due first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL(
                """
                SELECT made.check_id, made.kind, made.loan_id, loan.borrower_name, loan.product, loan.currency,
                       loan.amount_fen AS loan_amount_fen, made.due_on, coalesce(made.due_on < %(today)s, false) AS overdue,
                       made.returned, made.assignee, coalesce(person.name, made.assignee) AS assignee_name,
                       made.assignee = ANY(%(me)s) AS mine, unit.name AS unit_name
                FROM published.loan_check AS made
                JOIN published.loan AS loan ON loan.loan_id = made.loan_id
                LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = made.unit_id
                LEFT JOIN published.staff AS person ON person.staff_id = made.assignee
                WHERE {} ORDER BY made.due_on NULLS LAST, loan.amount_fen DESC, made.check_id LIMIT %(limit)s
                """
            ).format(sql.SQL(_REVIEWS if reviews else _MINE)),
            {"me": list(me), "today": today, "limit": limit},
        ).fetchall()


def approvals(connection: Database, me: Sequence[str], limit: int) -> tuple[list[Row], int]:
    """Proposals in reach that somebody else made, the oldest first; and how many there are."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT waiting.place, waiting.key, waiting.kind, waiting.subject, waiting.title_chinese, waiting.title_english,
                   waiting.made_at, waiting.expires_at, coalesce(staff.name, waiting.maker) AS maker_name,
                   count(*) OVER () AS total
            FROM published.waiting_approval AS waiting
            LEFT JOIN published.staff AS staff ON staff.staff_id = waiting.maker
            WHERE waiting.maker <> ALL(%(me)s) ORDER BY waiting.made_at, waiting.kind, waiting.key LIMIT %(limit)s
            """,
            {"me": list(me), "limit": limit},
        ).fetchall()
    return [{key: row[key] for key in row if key != "total"} for row in rows], rows[0]["total"] if rows else 0
