"""What was decided about parameters, in the database."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from loantrail.policy.model import Change

Database = Connection[Any]
Row = dict[str, Any]

_LOCK: Final = "loantrail.policy.parameter_change"


def lock(connection: Database) -> None:
    """One at a time proposes or decides about parameters, until the transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_LOCK,))


LAST_CHANGE: Final = (
    "SELECT change_no || ':' || change_id FROM policy.parameter_change ORDER BY change_no DESC LIMIT 1"
)


def last_change(connection: Database) -> str:
    """Names the state of the decisions; empty where there is none. A number that was rolled back never comes again."""
    row = connection.execute(LAST_CHANGE).fetchone()
    return "" if row is None else str(row[0])


def changes(connection: Database) -> tuple[str, tuple[Change, ...]]:
    """The state of the decisions as `last_change` names it, and all of them in their order."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT change_no, change_id, name, withdraws, value, unit, inclusive, effective_from, basis, maker, checker, "
            "decided_at FROM policy.parameter_change ORDER BY change_no"
        ).fetchall()
    numbers = [row.pop("change_no") for row in rows]
    found = tuple(_change(row) for row in rows)
    return f"{numbers[-1]}:{found[-1].change_id}" if found else "", found


def _change(row: Row) -> Change:
    value = row["value"]
    told: dict[str, Any] = row | {"value": tuple(value) if isinstance(value, list) else value}
    return Change(**told)


def insert(connection: Database, change: Change) -> None:
    """Keep a decision; `lock` is held."""
    value = list(change.value) if isinstance(change.value, tuple) else change.value
    connection.execute(
        "INSERT INTO policy.parameter_change (change_id, name, withdraws, value, unit, inclusive, effective_from, basis, maker, "
        "checker, decided_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            change.change_id,
            change.name,
            change.withdraws,
            None if value is None else Jsonb(value),
            change.unit,
            change.inclusive,
            change.effective_from,
            change.basis,
            change.maker,
            change.checker,
            change.decided_at,
        ),
    )


def waiting(connection: Database, kind: str, now: datetime.datetime, name: str | None = None) -> list[Row]:
    """Proposals that can still be decided, of one parameter or of all, the oldest first: `request_id, name, content, reason,
    maker, made_at, expires_at`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT request_id, subject AS name, content, reason, maker, made_at, expires_at FROM approvals.request "
            "WHERE kind = %(kind)s AND state = 'waiting' AND expires_at > %(now)s "
            "AND (%(name)s::text IS NULL OR subject = %(name)s) ORDER BY made_at, request_id",
            {"kind": kind, "now": now, "name": name},
        ).fetchall()


def proposal_of(connection: Database, kind: str, name: str, maker: str, content: Mapping[str, Any]) -> str:
    """The proposal with that content that waits: its id."""
    row = connection.execute(
        "SELECT request_id FROM approvals.request WHERE kind = %s AND subject = %s AND maker = %s AND content = %s "
        "AND state = 'waiting' ORDER BY made_at DESC LIMIT 1",
        (kind, name, maker, Jsonb(content)),
    ).fetchone()
    assert row is not None
    return str(row[0])


def names_of(connection: Database, people: Collection[str]) -> dict[str, str]:
    """Who acted -> their name, as far as they are known."""
    rows = connection.execute(
        "SELECT staff_id, name FROM parties.staff WHERE staff_id = ANY(%(people)s) "
        "UNION ALL SELECT person_id, name FROM identity.person WHERE person_id = ANY(%(people)s) AND staff_id IS NULL",
        {"people": list(people)},
    ).fetchall()
    return {str(person): str(name) for person, name in rows}
