"""SQL of back-up and restoring: what a database holds, table by table, and whether one is empty.

A table's content is told by how many rows it has and by a hash that does not depend on their order: of each row's text (fixed
settings, so that it is the same on every server) SHA-256 is taken, and the first and second 64 bits of these are summed up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString, cast

from psycopg import Connection, sql

Database = Connection[Any]

_OURS: Final = """
    space.nspname NOT IN ('pg_catalog', 'information_schema') AND space.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = class.oid AND classid = 'pg_class'::regclass AND deptype = 'e')
"""
_TEXT_OF_ROWS: Final = (
    ("datestyle", "ISO, YMD"),
    ("intervalstyle", "postgres"),
    ("timezone", "UTC"),
    ("bytea_output", "hex"),
    ("extra_float_digits", "1"),
    ("lc_monetary", "C"),
    ("search_path", "pg_catalog"),
    ("row_security", "on"),
)


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds. `name` is quoted as SQL wants it, schema included."""

    name: str
    rows: int
    hash: str


def begin_snapshot(connection: Database) -> str:
    """Begin to see one state of the database, and its name by which other sessions see the same."""
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    row = connection.execute("SELECT pg_export_snapshot()").fetchone()
    assert row is not None
    return str(row[0])


def fix_text_of_rows(connection: Database) -> None:
    """Have every server write a row in the same way, and every row be seen, until the transaction ends."""
    for name, value in _TEXT_OF_ROWS:
        connection.execute("SELECT set_config(%s, %s, true)", (name, value))


def tables(connection: Database) -> list[str]:
    """Names of all tables that hold rows: those that are no partitioned ones, partitions among them."""
    return _names(
        connection,
        f"""
        SELECT format('%I.%I', space.nspname, class.relname)
        FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
        WHERE class.relkind = 'r' AND class.relpersistence = 'p' AND {_OURS} ORDER BY 1
        """,  # noqa: S608  constants of this file
    )


def content_of(connection: Database, table: str) -> Content:
    """How many rows a table (of `tables`) has, and their hash; `fix_text_of_rows` comes before."""
    query = f"""
        SELECT count(*), coalesce(sum(('x' || substr(told, 1, 16))::bit(64)::bigint::numeric), 0),
               coalesce(sum(('x' || substr(told, 17, 16))::bit(64)::bigint::numeric), 0)
        FROM (SELECT encode(sha256(convert_to(each::text, 'UTF8')), 'hex') AS told FROM ONLY {table} AS each) AS hashed
    """  # noqa: S608  a name that the server quoted
    row = connection.execute(cast(LiteralString, query)).fetchone()
    assert row is not None
    rows, first, second = (int(value) for value in row)
    return Content(table, rows, hashlib.sha256(f"{rows}:{first}:{second}".encode()).hexdigest())


def sequences(connection: Database) -> dict[str, int]:
    """Name -> last number that each sequence gave out; 0 before the first."""
    rows = connection.execute(
        "SELECT format('%I.%I', schemaname, sequencename), coalesce(last_value, 0) FROM pg_sequences ORDER BY 1"
    ).fetchall()
    return {str(name): int(last) for name, last in rows}


def tables_not_seen_whole(connection: Database) -> list[str]:
    """Tables whose rows row-level security hides from this session, as far as no policy lets it see them all."""
    return _names(
        connection,
        """
        SELECT format('%I.%I', space.nspname, class.relname)
        FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
        WHERE class.relkind IN ('r', 'p') AND class.relrowsecurity AND row_security_active(class.oid)
          AND NOT EXISTS (
              SELECT 1 FROM pg_policy AS policy
              WHERE policy.polrelid = class.oid AND policy.polpermissive AND policy.polcmd = '*'
                AND pg_get_expr(policy.polqual, policy.polrelid) = 'true'
                AND EXISTS (SELECT 1 FROM unnest(policy.polroles) AS role WHERE role = 0 OR pg_has_role(role, 'USAGE'))
          )
        ORDER BY 1
        """,
    )


def owners(connection: Database) -> list[str]:
    """Names of the roles that own tables of ours, quoted."""
    return _names(
        connection,
        f"""
        SELECT DISTINCT quote_ident(role.rolname)
        FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
        JOIN pg_roles AS role ON role.oid = class.relowner
        WHERE class.relkind IN ('r', 'p') AND {_OURS} ORDER BY 1
        """,  # noqa: S608  constants of this file
    )


def other_roles(connection: Database) -> dict[str, bool]:
    """Roles beside the owners that rights were given to: name -> whether it may sign in."""
    rows = connection.execute(
        f"""
            WITH granted AS (
                SELECT (aclexplode(class.relacl)).grantee, class.relowner AS owner
                FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
                WHERE {_OURS}
                UNION
                SELECT (aclexplode(nspacl)).grantee, nspowner FROM pg_namespace AS space
                WHERE space.nspname NOT IN ('pg_catalog', 'information_schema')
                UNION
                SELECT (aclexplode(proacl)).grantee, proowner FROM pg_proc AS routine
                JOIN pg_namespace AS space ON space.oid = routine.pronamespace
                WHERE space.nspname NOT IN ('pg_catalog', 'information_schema')
                UNION
                SELECT unnest(polroles), class.relowner FROM pg_policy JOIN pg_class AS class ON class.oid = polrelid
            )
            SELECT DISTINCT role.rolname::text, role.rolcanlogin FROM granted JOIN pg_roles AS role ON role.oid = granted.grantee
            WHERE granted.grantee <> granted.owner AND role.rolname NOT LIKE 'pg\\_%' ORDER BY 1
        """  # noqa: S608  constants of this file
    ).fetchall()
    return {str(name): bool(signs_in) for name, signs_in in rows}


def things_there(connection: Database) -> list[str]:
    """Tables, views and sequences that the database holds already; none in an empty one."""
    return _names(
        connection,
        f"""
        SELECT format('%I.%I', space.nspname, class.relname)
        FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
        WHERE class.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND {_OURS} ORDER BY 1
        """,  # noqa: S608  constants of this file
    )


def make_role(connection: Database, name: str, *, signs_in: bool) -> bool:
    """Make a role without any right, where there is none of that name; whether it was made."""
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is not None:
        return False
    connection.execute(
        sql.SQL("CREATE ROLE {} {} NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOBYPASSRLS").format(
            sql.Identifier(name), sql.SQL("LOGIN" if signs_in else "NOLOGIN")
        )
    )
    return True


def run_text(connection: Database, statements: bytes) -> None:
    """Run the statements of a script as they stand."""
    connection.execute(cast(LiteralString, statements.decode()))


def copy_rows(connection: Database, statement: bytes, chunks: Iterable[bytes]) -> None:
    """Give a COPY statement of a script its rows."""
    with connection.cursor() as cursor, cursor.copy(cast(LiteralString, statement.decode())) as target:
        for chunk in chunks:
            target.write(chunk)


def known_settings(connection: Database) -> frozenset[str]:
    """Names of the settings that this server knows."""
    return frozenset(_names(connection, "SELECT name FROM pg_settings"))


def row_security_holds(connection: Database) -> bool:
    """Whether row-level security holds for this session in any table: for owners that are no superusers, where it is forced."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relrowsecurity AND row_security_active(oid))"
    ).fetchone()
    return bool(row and row[0])


def analyze(connection: Database) -> None:
    """Have the server count its tables anew, so that it plans well."""
    connection.execute("ANALYZE")


def server_version(connection: Database) -> str:
    """As the server tells it."""
    row = connection.execute("SHOW server_version").fetchone()
    assert row is not None
    return str(row[0])


def _names(connection: Database, query: str) -> list[str]:
    rows: Sequence[tuple[Any, ...]] = connection.execute(cast(LiteralString, query)).fetchall()
    return [str(row[0]) for row in rows]
