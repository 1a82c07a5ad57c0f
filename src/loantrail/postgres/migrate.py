"""Brings the tables of a database to the version of this software.

A version is one file in `migrations/versions`, named by its number and its subject (`0001_books.py`), whose
`revision` is the file's name and whose `down_revision` is the one before. Its `upgrade()` calls `run_sql`.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, LiteralString, cast

import psycopg

from loantrail.errors import DatabaseUnavailable
from loantrail.postgres.failures import database_failures

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy import Connection

_one_at_a_time: Final = threading.Lock()
"""Alembic keeps its context in module variables, so threads of one process take turns."""

FOLDER: Final = Path(__file__).parent / "migrations"


def versions() -> list[str]:
    """Names of all versions that this software knows, oldest first."""
    return sorted(file.stem for file in (FOLDER / "versions").glob("[0-9]*.py"))


def current_version(connection: psycopg.Connection[Any]) -> str | None:
    """The version of the database's tables; None where there are none yet. Leaves no transaction open."""
    with database_failures(), connection.transaction():
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else str(row[0])


def upgrade(connection: psycopg.Connection[Any]) -> list[str]:
    """Run the versions that the database lacks, all or none, and return their names.

    Any number of processes may do this at once: one works, the others wait and find nothing to do.
    DatabaseUnavailable when the database was made by newer software, or the server cannot be used.
    """
    known = versions()
    before = current_version(connection)
    if known and before == known[-1]:
        return []
    if before is not None and before not in known:
        raise DatabaseUnavailable(
            f"the database's tables have version {before}, which this software does not know",
            remedy="Install the newer release of the software that made them",
        )
    # Imported here: most starts find nothing to do and need not pay for them.
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    # Alembic expands % in this setting.
    configuration.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    with _one_at_a_time, database_failures(), _as_sqlalchemy(connection) as bound:
        configuration.attributes["connection"] = bound
        command.upgrade(configuration, "head")
    done = current_version(connection)
    return [name for name in known if (before is None or name > before) and done is not None and name <= done]


@contextmanager
def _as_sqlalchemy(connection: psycopg.Connection[Any]) -> Generator[Connection]:
    """Alembic speaks through SQLAlchemy: lend it the connection, which stays open."""
    import sqlalchemy
    import sqlalchemy.exc
    from sqlalchemy.pool import StaticPool

    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool, use_native_hstore=False
    )
    try:
        with engine.connect() as bound:
            yield bound
    except sqlalchemy.exc.DBAPIError as problem:
        if isinstance(problem.orig, psycopg.Error):
            raise problem.orig from problem
        raise


def run_sql(statements: str) -> None:
    """Run the statements of a version as they stand: no character in them has a special meaning."""
    from alembic import op

    raw = cast("psycopg.Connection[Any]", op.get_bind().connection.driver_connection)
    # The text is the version file's own.
    raw.execute(cast(LiteralString, statements))
