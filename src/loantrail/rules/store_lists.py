"""SQL of the watch and black lists."""

from __future__ import annotations

import datetime
from typing import Any, Final

import polars as pl
from psycopg import Connection, sql
from psycopg.rows import dict_row

from loantrail.ledger.pairs.store import read_frame

Database = Connection[Any]
Row = dict[str, Any]
_LOCK: Final = "loantrail.rules.lists"
ENTRIES: Final[dict[str, Any]] = {"list": pl.String(), "scope": pl.String(), "subject": pl.String()}
_COLUMNS: Final = sql.SQL(
    "entry_id, list, scope, subject, reason, expires_on, maker, made_at, checker, checked_at, ended_by, ended_at, "
    "ended_reason"
)
_NAMES: Final = sql.SQL(
    "coalesce((SELECT name FROM published.known_account a WHERE e.scope = 'account' AND a.account = e.subject), "
    "(SELECT name FROM published.party p WHERE e.scope = 'party' AND p.party_id = e.subject)) AS name"
)


def lock(connection: Database) -> datetime.datetime:
    """Until the transaction ends nobody else changes the lists; the time now, by the database's clock."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_LOCK,))
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return row[0]


def standing(connection: Database, on_date: datetime.date) -> pl.DataFrame:
    """The entries in force on a business date, ENTRIES."""
    return read_frame(
        connection,
        sql.SQL(
            "SELECT list, scope, subject FROM rules.list_entry WHERE checked_at IS NOT NULL AND ended_at IS NULL "
            "AND expires_on >= {} ORDER BY list, scope, subject"
        ).format(sql.Literal(on_date)),
        ENTRIES,
    )


def newest(connection: Database, offset: int, limit: int) -> list[Row]:
    """A page of all entries, those that wait first, then the newest."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL(
                "SELECT {}, {} FROM rules.list_entry e ORDER BY ended_at IS NOT NULL, checked_at IS NOT NULL, made_at DESC, "
                "entry_id LIMIT %s OFFSET %s"
            ).format(_COLUMNS, _NAMES),
            (limit, offset),
        ).fetchall()


def one(connection: Database, entry_id: str) -> Row | None:
    return _one(connection, "entry_id", entry_id)


def by_request(connection: Database, request_key: str) -> Row | None:
    """The entry that a request already proposed."""
    return _one(connection, "request_key", request_key)


def _one(connection: Database, column: str, value: str) -> Row | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL("SELECT {}, {} FROM rules.list_entry e WHERE {} = %s").format(
                _COLUMNS, _NAMES, sql.Identifier(column)
            ),
            (value,),
        ).fetchone()


def is_known(connection: Database, scope: str, subject: str) -> bool:
    """Whether the books know the account or the party."""
    row = connection.execute(
        "SELECT CASE WHEN %(scope)s = 'account' THEN EXISTS (SELECT 1 FROM published.account WHERE account = %(subject)s) "
        "ELSE EXISTS (SELECT 1 FROM published.party WHERE party_id = %(subject)s) END",
        {"scope": scope, "subject": subject},
    ).fetchone()
    return bool(row and row[0])


def stands(connection: Database, name: str, scope: str, subject: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM rules.list_entry WHERE list = %s AND scope = %s AND subject = %s AND ended_at IS NULL",
        (name, scope, subject),
    ).fetchone()
    return row is not None


def insert(connection: Database, row: Row) -> Row:
    connection.execute(
        "INSERT INTO rules.list_entry (entry_id, request_key, list, scope, subject, reason, expires_on, maker, made_at) "
        "VALUES (%(entry_id)s, %(request_key)s, %(list)s, %(scope)s, %(subject)s, %(reason)s, %(expires_on)s, %(maker)s, "
        "%(made_at)s)",
        row,
    )
    return _again(connection, row["entry_id"])


def check(connection: Database, entry_id: str, by: str, at: datetime.datetime) -> Row:
    """Note who approved an entry."""
    connection.execute(
        "UPDATE rules.list_entry SET checker = %s, checked_at = %s WHERE entry_id = %s", (by, at, entry_id)
    )
    return _again(connection, entry_id)


def end(connection: Database, entry_id: str, by: str, at: datetime.datetime, reason: str) -> Row:
    connection.execute(
        "UPDATE rules.list_entry SET ended_by = %s, ended_at = %s, ended_reason = %s WHERE entry_id = %s",
        (by, at, reason, entry_id),
    )
    return _again(connection, entry_id)


def _again(connection: Database, entry_id: str) -> Row:
    row = one(connection, entry_id)
    assert row is not None
    return row
