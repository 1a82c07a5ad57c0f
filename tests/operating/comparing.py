"""What a database holds and how it is built, read without the product's own code: two are the same or they are not."""

from __future__ import annotations

import hashlib
from typing import Any

import psycopg

_NOT_OURS = "('pg_catalog', 'information_schema', 'pg_toast')"
_STRUCTURE = {
    "columns": "SELECT table_schema, table_name, column_name, ordinal_position, data_type, is_nullable, column_default, "
    f"generation_expression, is_identity FROM information_schema.columns WHERE table_schema NOT IN {_NOT_OURS}",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    f"WHERE connamespace::regnamespace::text NOT IN {_NOT_OURS}",
    "indexes": f"SELECT schemaname, indexname, indexdef FROM pg_indexes WHERE schemaname NOT IN {_NOT_OURS}",
    "triggers": "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT oid::regprocedure::text, md5(pg_get_functiondef(oid)), proacl IS NULL FROM pg_proc "
    f"WHERE pronamespace::regnamespace::text NOT IN {_NOT_OURS}",
    "views": f"SELECT schemaname, viewname, definition FROM pg_views WHERE schemaname NOT IN {_NOT_OURS}",
    "view options": "SELECT oid::regclass::text, reloptions FROM pg_class WHERE relkind = 'v' AND reloptions IS NOT NULL",
    "policies": "SELECT schemaname, tablename, policyname, permissive, "
    "ARRAY(SELECT CASE WHEN role = 'loantrail_web' THEN role::text ELSE 'the owner' END FROM unnest(roles) AS role), "
    "cmd, qual, with_check FROM pg_policies",
    "row security": "SELECT oid::regclass::text, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relrowsecurity",
    "grants": "SELECT table_schema, table_name, grantee, privilege_type FROM information_schema.role_table_grants "
    "WHERE grantee = 'loantrail_web'",
    "schemas": "SELECT nspname, has_schema_privilege('loantrail_web', oid, 'USAGE') FROM pg_namespace "
    f"WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN {_NOT_OURS}",
    "partitions": "SELECT inhrelid::regclass::text, inhparent::regclass::text, "
    "pg_get_expr(relpartbound, pg_class.oid) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE relkind = 'r'",
}


def contents(url: str) -> dict[str, tuple[int, str]]:
    """Table -> how many rows it has, and the hash of them all, sorted, as COPY writes them."""
    found: dict[str, tuple[int, str]] = {}
    with psycopg.connect(url) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        names = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            f"WHERE schemaname NOT IN {_NOT_OURS} ORDER BY 1"
        ).fetchall()
        for (name,) in names:
            if connection.execute(
                "SELECT relkind FROM pg_class WHERE oid = %s::regclass", (name,)
            ).fetchone() == ("p",):
                continue
            rows: list[bytes] = []
            with (
                connection.cursor() as cursor,
                cursor.copy(f"COPY (SELECT * FROM ONLY {name}) TO STDOUT") as copy,
            ):  # pyright: ignore[reportArgumentType]
                rows.extend(bytes(row) for row in copy)
            lines = sorted(b"".join(rows).splitlines())
            found[name] = len(lines), hashlib.sha256(b"\n".join(lines)).hexdigest()
    return found


def structure(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything beside the rows that makes the database what it is."""
    with psycopg.connect(url) as connection:
        return {
            name: sorted(connection.execute(query).fetchall(), key=repr)  # pyright: ignore[reportArgumentType]
            for name, query in _STRUCTURE.items()
        }
