"""What the warnings read of the allow list: what a second person approved to keep out of them, for a time."""

from __future__ import annotations

import datetime
from typing import Any, Final

import polars as pl
from psycopg import Connection, sql

from loantrail.ledger.pairs.store import read_frame

Database = Connection[Any]
ENTRIES: Final[dict[str, Any]] = {
    "entry_id": pl.String(),
    "scope": pl.String(),
    "subject": pl.String(),
    "rule_code": pl.String(),
}


def in_force(connection: Database, on_date: datetime.date) -> pl.DataFrame:
    """The entries that hold on a business date, ENTRIES. Leaves the transaction open."""
    return read_frame(
        connection,
        sql.SQL(
            "SELECT entry_id, scope, subject, rule_code FROM published.list_entry WHERE list = 'allow' "
            "AND checked_at IS NOT NULL AND ended_at IS NULL AND expires_on >= {} ORDER BY checked_at, entry_id"
        ).format(sql.Literal(on_date)),
        ENTRIES,
    )
