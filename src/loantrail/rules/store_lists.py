"""What the rules read of the watch and black lists."""

from __future__ import annotations

import datetime
from typing import Any, Final

import polars as pl
from psycopg import Connection, sql

from loantrail.ledger.pairs.store import read_frame

Database = Connection[Any]
ENTRIES: Final[dict[str, Any]] = {"list": pl.String(), "scope": pl.String(), "subject": pl.String()}


def standing(connection: Database, on_date: datetime.date) -> pl.DataFrame:
    """The entries in force on a business date, ENTRIES."""
    return read_frame(
        connection,
        sql.SQL(
            "SELECT list, scope, subject FROM published.list_entry WHERE list <> 'allow' AND checked_at IS NOT NULL "
            "AND ended_at IS NULL AND expires_on >= {} ORDER BY list, scope, subject"
        ).format(sql.Literal(on_date)),
        ENTRIES,
    )
