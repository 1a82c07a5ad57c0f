"""The bank's own days in the database."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import dict_row

from loantrail.policy.own_days import OwnDay, OwnDays

Database = Connection[Any]
_LOCK: Final = "loantrail.policy.own_day"


def lock(connection: Database) -> None:
    """One at a time proposes or decides about days, until the transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_LOCK,))


def last_change(connection: Database) -> str:
    """Names the state of the decisions; empty where there is none."""
    row = connection.execute(
        "SELECT entry_no || ':' || change_id FROM policy.own_day ORDER BY entry_no DESC LIMIT 1"
    ).fetchone()
    return "" if row is None else str(row[0])


def own_days(connection: Database) -> tuple[OwnDay, ...]:
    """The days that are otherwise than the law says, ascending."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT * FROM (SELECT DISTINCT ON (day) day, is_worked, reason, maker, checker, decided_at, change_id "
            "FROM policy.own_day ORDER BY day, entry_no DESC) AS last WHERE is_worked IS NOT NULL ORDER BY day"
        ).fetchall()
    return tuple(OwnDay(**row) for row in rows)


def insert(
    connection: Database,
    change_id: str,
    wanted: OwnDays,
    reason: str,
    people: Sequence[str],
    decided_at: datetime.datetime,
) -> None:
    """Keep a decision of two (maker, checker); `lock` is held."""
    maker, checker = people
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO policy.own_day (change_id, day, is_worked, reason, maker, checker, decided_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [(change_id, day, wanted.is_worked, reason, maker, checker, decided_at) for day in wanted.days],
        )
