"""SQL that tells how an installation fares: the server, its roles, the last runs, what waits. Reads only."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import class_row, dict_row

Database = Connection[Any]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rights:
    """What a role of the server may do."""

    can_sign_in: bool
    superuser: bool
    passes_row_security: bool
    makes_roles: bool
    makes_databases: bool
    owns: int
    """How many tables, views and functions of this database it owns."""
    member_of: tuple[str, ...]


def moment(connection: Database) -> datetime.datetime:
    """The server's clock."""
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return row[0]


def sealed_second_factors(connection: Database) -> list[tuple[str, bytes]]:
    """`person_id`, sealed secret of everybody whose second factor is on."""
    return connection.execute(
        "SELECT person_id, second_factor_secret FROM identity.person "
        "WHERE second_factor_on AND second_factor_secret IS NOT NULL ORDER BY person_id"
    ).fetchall()


def size_bytes(connection: Database) -> int:
    """Of the whole database on its disk."""
    row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])


def rights_of(connection: Database, role: str) -> Rights | None:
    """None where there is no such role."""
    with connection.cursor(row_factory=class_row(Rights)) as cursor:
        return cursor.execute(
            """
            SELECT rolcanlogin AS can_sign_in, rolsuper AS superuser, rolbypassrls AS passes_row_security,
                   rolcreaterole AS makes_roles, rolcreatedb AS makes_databases,
                   ((SELECT count(*) FROM pg_class WHERE relowner = role.oid AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f'))
                    + (SELECT count(*) FROM pg_proc WHERE proowner = role.oid))::int AS owns,
                   ARRAY(SELECT parent.rolname::text FROM pg_auth_members AS member JOIN pg_roles AS parent
                         ON parent.oid = member.roleid WHERE member.member = role.oid ORDER BY 1) AS member_of
            FROM pg_roles AS role WHERE rolname = %s
            """,
            (role,),
        ).fetchone()


def open_tables(connection: Database, role: str) -> list[str]:
    """Tables with a `unit_id` that the role may read, or change, without row-level security."""
    rows = connection.execute(
        """
        SELECT format('%%I.%%I', space.nspname, class.relname)
        FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
        WHERE class.relkind IN ('r', 'p') AND NOT class.relrowsecurity
          AND has_schema_privilege(%(role)s, space.oid, 'USAGE')
          AND has_table_privilege(%(role)s, class.oid, 'SELECT, INSERT, UPDATE, DELETE')
          AND EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = class.oid AND attname = 'unit_id' AND NOT attisdropped)
        ORDER BY 1
        """,
        {"role": role},
    ).fetchall()
    return [str(row[0]) for row in rows]


def last_trace(connection: Database) -> Row | None:
    """`created_at, data_date, loan_count` of the trace that pages read."""
    return _one(
        connection,
        "SELECT created_at, data_date, loan_count FROM published.trace_run WHERE current "
        "ORDER BY lower(convention) <> 'fifo', created_at DESC LIMIT 1",
    )


def last_night(connection: Database) -> Row | None:
    """`business_date, state, problem, critical_alarm_count` of the newest business date that was delivered."""
    return _one(
        connection,
        "SELECT business_date, state, problem, critical_alarm_count FROM published.nightly_date "
        "WHERE NOT is_older ORDER BY business_date DESC LIMIT 1",
    )


def failing_channels(connection: Database) -> list[Row]:
    """`name, problem` of channels whose last message could not leave."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT name, problem FROM published.warning_channel WHERE configured AND failed_at IS NOT NULL ORDER BY name"
        ).fetchall()


def _one(connection: Database, query: LiteralString) -> Row | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchone()
