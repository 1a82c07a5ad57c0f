"""What the workbench reads of who holds which work."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row


def work_by_person(connection: Database, now: datetime.datetime, today: datetime.date) -> list[Row]:
    """One row for each member of staff with open work in reach: `staff_id, name, unit_id, unit_name, warning_count,
    warning_overdue_count, check_count, check_overdue_count`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            WITH held AS (
                SELECT assignee AS staff_id, 1 AS warning, (state = 'open' AND due_at < %(now)s)::int AS warning_overdue,
                       0 AS loan_check, 0 AS check_overdue
                FROM published.warning_thread WHERE assignee <> '' AND state IN ('open', 'snoozed')
                UNION ALL
                SELECT assignee, 0, 0, 1, (state = 'open' AND due_on < %(today)s)::int
                FROM published.loan_check WHERE assignee <> '' AND state IN ('open', 'submitted')
            )
            SELECT held.staff_id, coalesce(max(staff.name), held.staff_id) AS name, max(staff.unit_id) AS unit_id,
                   max(unit.name) AS unit_name, sum(warning)::int AS warning_count,
                   coalesce(sum(warning_overdue), 0)::int AS warning_overdue_count, sum(loan_check)::int AS check_count,
                   coalesce(sum(check_overdue), 0)::int AS check_overdue_count
            FROM held
            LEFT JOIN published.staff AS staff ON staff.staff_id = held.staff_id
            LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = staff.unit_id
            GROUP BY held.staff_id ORDER BY held.staff_id
            """,
            {"now": now, "today": today},
        ).fetchall()


def presences(connection: Database, staff_ids: Sequence[str], now: datetime.datetime) -> list[Row]:
    """`staff_id, presence, stand_in_name` of those of them who may or might sign in. For the owner's connection."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT person.staff_id, stand_in.name AS stand_in_name,
                   CASE WHEN person.state <> 'active' THEN person.state
                        WHEN NOT EXISTS (SELECT FROM identity.assignment AS held WHERE held.person_id = person.person_id
                                         AND held.valid_from <= %(now)s AND (held.valid_to IS NULL OR held.valid_to > %(now)s))
                             THEN 'no_role'
                        WHEN stand_in.name IS NOT NULL THEN 'away' ELSE 'here' END AS presence
            FROM identity.person AS person
            LEFT JOIN LATERAL (
                SELECT other.name FROM identity.delegation AS given
                JOIN identity.person AS other ON other.person_id = given.to_person_id
                WHERE given.from_person_id = person.person_id AND given.ended_at IS NULL
                  AND given.valid_from <= %(now)s AND given.valid_to > %(now)s
                ORDER BY given.valid_from LIMIT 1
            ) AS stand_in ON true
            WHERE person.staff_id = ANY(%(staff)s)
            """,
            {"staff": list(staff_ids), "now": now},
        ).fetchall()
