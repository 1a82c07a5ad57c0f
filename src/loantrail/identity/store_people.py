"""Persons and the roles that they hold, as kept. For the owner's connection."""

from __future__ import annotations

import datetime
from typing import Any, Final, LiteralString

from psycopg import Connection, sql
from psycopg.rows import class_row, dict_row

from loantrail.identity.abilities import ADMINISTRATORS, Role
from loantrail.identity.workflow import Administrators, Assignment, Delegation, Person, State

Database = Connection[Any]
Row = dict[str, Any]

_LOCK: Final = "loantrail.identity"
_PERSON: Final[LiteralString] = (
    "SELECT person_id, staff_id, name, unit_id, state, password_hash IS NOT NULL AS has_password, must_change_password, "
    "second_factor_on, locked_until, openid_subject, made_at, made_by, left_at, version FROM identity.person AS person"
)
_ADMINISTRATORS: Final[LiteralString] = (
    "SELECT role, person_id FROM identity.assignment JOIN identity.person USING (person_id) "
    "WHERE role = ANY(%(roles)s) AND state = 'active' AND valid_from <= %(now)s AND (valid_to IS NULL OR valid_to > %(now)s)"
)
_IN_FORCE: Final[LiteralString] = "valid_from <= %(now)s AND (valid_to IS NULL OR valid_to > %(now)s)"


def lock(connection: Database) -> None:
    """Until the transaction ends nobody else changes persons, roles or delegations."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_LOCK,))


def person(connection: Database, person_id: str) -> Person | None:
    return _person(connection, "person_id", person_id)


def person_of_staff(connection: Database, staff_id: str) -> Person | None:
    """The person who is that member of staff."""
    return _person(connection, "staff_id", staff_id)


def person_of_subject(connection: Database, subject: str) -> Person | None:
    """The person whom the bank's sign-in server knows by that subject."""
    return _person(connection, "openid_subject", subject)


def _person(connection: Database, column: str, value: str) -> Person | None:
    query = sql.SQL("{} WHERE {} = %s").format(sql.SQL(_PERSON), sql.Identifier(column))
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query, (value,)).fetchone()
    return None if row is None else _made(row)


def _made(row: Row) -> Person:
    values: Row = {**row, "state": State(row["state"])}
    return Person(**values)


def page(
    connection: Database,
    search: str,
    state: State | None,
    role: Role | None,
    unit_id: str,
    now: datetime.datetime,
    offset: int,
    limit: int,
) -> tuple[list[Person], int]:
    """Persons by part of their number or name, those who work first; and how many there are. `role`: in force now."""
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values: Row = {
        "pattern": f"%{escaped}%",
        "state": None if state is None else state.value,
        "role": None if role is None else role.value,
        "unit": unit_id,
        "now": now,
        "offset": offset,
        "limit": limit,
    }
    where: LiteralString = (
        "(name ILIKE %(pattern)s OR person_id ILIKE %(pattern)s) AND (%(state)s::text IS NULL OR state = %(state)s) "
        "AND (%(unit)s = '' OR unit_id = %(unit)s) AND (%(role)s::text IS NULL OR EXISTS (SELECT 1 "
        "FROM identity.assignment AS held WHERE held.person_id = person.person_id AND held.role = %(role)s AND "
        + _IN_FORCE
        + "))"
    )
    counting: LiteralString = "SELECT count(*) AS total FROM identity.person AS person WHERE " + where  # noqa: S608  fixed texts
    ordered: LiteralString = " ORDER BY state <> 'active', state, person_id LIMIT %(limit)s OFFSET %(offset)s"
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_PERSON + " WHERE " + where + ordered, values).fetchall()
        total = cursor.execute(counting, values).fetchone()
    return [_made(row) for row in rows], 0 if total is None else int(total["total"])


def insert_person(
    connection: Database,
    person_id: str,
    staff_id: str | None,
    name: str,
    unit_id: str | None,
    openid_subject: str | None,
    made_by: str,
    now: datetime.datetime,
) -> None:
    connection.execute(
        "INSERT INTO identity.person (person_id, staff_id, name, unit_id, openid_subject, made_at, made_by) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (person_id, staff_id, name, unit_id, openid_subject, now, made_by),
    )


def edit_person(
    connection: Database, person_id: str, name: str, unit_id: str | None, openid_subject: str | None
) -> None:
    connection.execute(
        "UPDATE identity.person SET name = %s, unit_id = %s, openid_subject = %s WHERE person_id = %s",
        (name, unit_id, openid_subject, person_id),
    )


def set_state(connection: Database, person_id: str, state: State, now: datetime.datetime) -> None:
    connection.execute(
        "UPDATE identity.person SET state = %s, left_at = %s WHERE person_id = %s",
        (state.value, now if state is State.LEFT else None, person_id),
    )


def raise_version(connection: Database, person_id: str) -> None:
    """After each change: who read the person before must read again."""
    connection.execute("UPDATE identity.person SET version = version + 1 WHERE person_id = %s", (person_id,))


def staff_member(connection: Database, staff_id: str) -> tuple[str, str, str] | None:
    """`(name, unit, role on the staff list)`; None where the list has nobody of that number."""
    return connection.execute(
        "SELECT name, unit_id, role FROM published.staff WHERE staff_id = %s", (staff_id,)
    ).fetchone()


def unit_name(connection: Database, unit_id: str) -> str | None:
    row = connection.execute(
        "SELECT name FROM published.organisation_unit WHERE unit_id = %s", (unit_id,)
    ).fetchone()
    return None if row is None else str(row[0])


# Roles --------------------------------------------------------------------------------------------------------


def assignments(connection: Database, person_ids: list[str]) -> list[Assignment]:
    """All roles that these persons hold, held or will hold, the newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT assignment_id, person_id, role, unit_id, valid_from, valid_to, maker, checker FROM identity.assignment "
            "WHERE person_id = ANY(%s) ORDER BY valid_from DESC, assignment_id",
            (person_ids,),
        ).fetchall()
    made: list[Row] = [{**row, "role": Role(row["role"])} for row in rows]
    return [Assignment(**row) for row in made]


def insert_assignment(
    connection: Database,
    assignment_id: str,
    person_id: str,
    role: Role,
    unit_id: str | None,
    period: tuple[datetime.datetime, datetime.datetime | None],
    maker: str,
    checker: str | None,
) -> None:
    connection.execute(
        "INSERT INTO identity.assignment (assignment_id, person_id, role, unit_id, valid_from, valid_to, maker, checker) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (assignment_id, person_id, role.value, unit_id, *period, maker, checker),
    )


def end_assignment(connection: Database, assignment_id: str, now: datetime.datetime) -> None:
    """End a role now; one that has not begun is taken out, since it never was."""
    connection.execute(
        "DELETE FROM identity.assignment WHERE assignment_id = %s AND valid_from >= %s", (assignment_id, now)
    )
    connection.execute(
        "UPDATE identity.assignment SET valid_to = %s WHERE assignment_id = %s", (now, assignment_id)
    )


def end_assignments(connection: Database, person_id: str, now: datetime.datetime) -> None:
    """End all roles of a person who leaves."""
    connection.execute(
        "DELETE FROM identity.assignment WHERE person_id = %s AND valid_from >= %s", (person_id, now)
    )
    connection.execute(
        "UPDATE identity.assignment SET valid_to = %(now)s WHERE person_id = %(person)s "
        "AND (valid_to IS NULL OR valid_to > %(now)s)",
        {"person": person_id, "now": now},
    )


def administrators(connection: Database, now: datetime.datetime) -> Administrators:
    """Who holds each administrator's role now and may sign in."""
    rows = connection.execute(
        _ADMINISTRATORS, {"roles": [role.value for role in ADMINISTRATORS], "now": now}
    ).fetchall()
    return {role: frozenset(who for name, who in rows if name == role.value) for role in ADMINISTRATORS}


# Standing in --------------------------------------------------------------------------------------------------

_DELEGATION: Final[LiteralString] = (
    "SELECT delegation_id, from_person_id, to_person_id, valid_from, valid_to, reason, maker, made_at, ended_at, "
    "coalesce((SELECT name FROM identity.person WHERE person_id = delegation.from_person_id), '') AS from_name, "
    "coalesce((SELECT name FROM identity.person WHERE person_id = delegation.to_person_id), '') AS to_name FROM identity.delegation "
)


def delegations(connection: Database, person_ids: list[str], since: datetime.datetime) -> list[Delegation]:
    """Delegations from or to these persons that reach beyond `since`, the newest first."""
    with connection.cursor(row_factory=class_row(Delegation)) as cursor:
        return cursor.execute(
            _DELEGATION + "WHERE (from_person_id = ANY(%(who)s) OR to_person_id = ANY(%(who)s)) "
            "AND coalesce(ended_at, valid_to) > %(since)s ORDER BY valid_from DESC, delegation_id",
            {"who": person_ids, "since": since},
        ).fetchall()


def delegation(connection: Database, delegation_id: str) -> Delegation | None:
    with connection.cursor(row_factory=class_row(Delegation)) as cursor:
        return cursor.execute(_DELEGATION + "WHERE delegation_id = %s", (delegation_id,)).fetchone()


def insert_delegation(connection: Database, made: Delegation) -> None:
    connection.execute(
        "INSERT INTO identity.delegation (delegation_id, from_person_id, to_person_id, valid_from, valid_to, reason, maker, "
        "made_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            made.delegation_id,
            made.from_person_id,
            made.to_person_id,
            made.valid_from,
            made.valid_to,
            made.reason,
            made.maker,
            made.made_at,
        ),
    )


def end_delegation(connection: Database, delegation_id: str, now: datetime.datetime) -> bool:
    """End a delegation before its time; whether it stood."""
    done = connection.execute(
        "UPDATE identity.delegation SET ended_at = %s WHERE delegation_id = %s AND ended_at IS NULL AND valid_to > %s",
        (now, delegation_id, now),
    )
    return done.rowcount > 0


def end_delegations(connection: Database, person_id: str, now: datetime.datetime) -> int:
    """End all delegations from and to a person who leaves; how many there were."""
    done = connection.execute(
        "UPDATE identity.delegation SET ended_at = %(now)s WHERE (from_person_id = %(who)s OR to_person_id = %(who)s) "
        "AND ended_at IS NULL AND valid_to > %(now)s",
        {"who": person_id, "now": now},
    )
    return done.rowcount
