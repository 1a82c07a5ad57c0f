"""Alembic loads this file to run the versions: over the given connection, all in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alembic import context

if TYPE_CHECKING:
    from sqlalchemy import Connection

UPGRADE_LOCK: Final = 7_301_944_560_201
"""Key of the advisory lock that lets one upgrade run at a time."""


def run() -> None:
    """Run the versions that the database lacks."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        # Held until the commit: a second upgrade waits here and then finds nothing left to do.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})")
        context.run_migrations()


run()
