"""The organisation tree with its people, the demo's persons, and what somebody who leaves leaves behind. For the owner's
connection."""

from __future__ import annotations

import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

Database = Connection[Any]
Row = dict[str, Any]


def organisation(connection: Database) -> list[Row]:
    """Every unit with its parent, and how many active persons belong to it, in the order of numbers."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT unit.unit_id, unit.name, unit.kind, unit.parent_unit_id, count(person.person_id)::int AS people
            FROM published.organisation_unit AS unit
            LEFT JOIN identity.person AS person ON person.unit_id = unit.unit_id AND person.state = 'active'
            GROUP BY unit.unit_id, unit.name, unit.kind, unit.parent_unit_id ORDER BY unit.unit_id
            """
        ).fetchall()


def bank_name(connection: Database) -> str:
    """What the head office is called; empty while the books have none."""
    row = connection.execute(
        "SELECT name FROM published.organisation_unit WHERE kind = 'head_office' ORDER BY unit_id LIMIT 1"
    ).fetchone()
    return "" if row is None else str(row[0])


def demo_persons(connection: Database) -> list[Row]:
    """The demo's persons by role: `person_id`, `name`, `role`, `unit_name`. None in a bank's own database."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT demo.person_id, demo.role, person.name, coalesce(unit.name, '') AS unit_name "
            "FROM identity.demo_person AS demo JOIN identity.person AS person USING (person_id) "
            "LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = person.unit_id "
            "WHERE person.state = 'active'"
        ).fetchall()


def left_behind(
    connection: Database, staff_id: str, today: datetime.date
) -> tuple[list[str], list[str], list[str]]:
    """The loans that a member of staff manages by the core system, and the open warnings and checks given to them: ids alone,
    for whoever ends their work may see no loan."""
    loans = connection.execute(
        "SELECT DISTINCT loan_id FROM published.loan_manager WHERE staff_id = %s AND valid_from <= %s "
        "AND (valid_to IS NULL OR valid_to >= %s) ORDER BY loan_id",
        (staff_id, today, today),
    ).fetchall()
    return [row[0] for row in loans], open_warnings(connection, staff_id), open_checks(connection, staff_id)


def open_warnings(connection: Database, staff_id: str) -> list[str]:
    """The warnings given to a member of staff that are not closed, as far as this connection sees."""
    rows = connection.execute(
        "SELECT thread_id FROM published.warning_thread WHERE assignee = %s AND state IN ('open', 'snoozed') "
        "ORDER BY due_at, thread_id",
        (staff_id,),
    ).fetchall()
    return [row[0] for row in rows]


def open_checks(connection: Database, staff_id: str) -> list[str]:
    """The loan checks given to a member of staff that are not closed, as far as this connection sees. One that was submitted
    counts too: it comes back to them where it is returned."""
    rows = connection.execute(
        "SELECT check_id FROM published.loan_check WHERE assignee = %s AND state IN ('open', 'submitted') "
        "ORDER BY due_on NULLS LAST, check_id",
        (staff_id,),
    ).fetchall()
    return [row[0] for row in rows]
