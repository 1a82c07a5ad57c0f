"""SQL of the allow list: what a second person approved to keep out of the warnings, for a time."""

from __future__ import annotations

import datetime
from typing import Any, Final, LiteralString

import polars as pl
from psycopg import Connection, sql
from psycopg.rows import dict_row

from loantrail.ledger.pairs.store import read_frame

Database = Connection[Any]
Row = dict[str, Any]

ENTRIES: Final[dict[str, Any]] = {
    "entry_id": pl.String(),
    "scope": pl.String(),
    "subject": pl.String(),
    "rule_code": pl.String(),
}
_COLUMNS: Final = (
    "entry_id, scope, subject, rule_code, reason, expires_on, thread_id, proposed_by, proposed_at, approved_by, "
    "approved_at, ended_by, ended_at, ended_reason"
)


def in_force(connection: Database, on_date: datetime.date) -> pl.DataFrame:
    """The entries that hold on a business date, ENTRIES. Leaves the transaction open."""
    return read_frame(
        connection,
        sql.SQL(
            "SELECT entry_id, scope, subject, rule_code FROM early_warning.allow_entry WHERE approved_at IS NOT NULL "
            "AND ended_at IS NULL AND expires_on >= {} ORDER BY approved_at, entry_id"
        ).format(sql.Literal(on_date)),
        ENTRIES,
    )


def one(connection: Database, entry_id: str) -> Row | None:
    """One entry, its row locked until the transaction ends."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL("SELECT {} FROM early_warning.allow_entry WHERE entry_id = %s FOR UPDATE").format(
                sql.SQL(_COLUMNS)
            ),
            (entry_id,),
        ).fetchone()


def by_request(connection: Database, request_key: str) -> Row | None:
    """The entry that a request already proposed."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL("SELECT {} FROM early_warning.allow_entry WHERE request_key = %s").format(
                sql.SQL(_COLUMNS)
            ),
            (request_key,),
        ).fetchone()


def newest(connection: Database, offset: int, limit: int) -> tuple[list[Row], int]:
    """A page of entries, the newest first, and how many there are."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            sql.SQL(
                "SELECT {} FROM early_warning.allow_entry ORDER BY proposed_at DESC, entry_id LIMIT %s OFFSET %s"
            ).format(sql.SQL(_COLUMNS)),
            (limit, offset),
        ).fetchall()
        total = cursor.execute("SELECT count(*) AS total FROM early_warning.allow_entry").fetchone()
    return rows, int(total["total"]) if total else 0


def propose(connection: Database, row: Row) -> Row:
    """Enter a proposal."""
    with connection.cursor(row_factory=dict_row) as cursor:
        made = cursor.execute(
            sql.SQL(
                "INSERT INTO early_warning.allow_entry (entry_id, request_key, scope, subject, rule_code, reason, "
                "expires_on, thread_id, proposed_by, proposed_at, unit_id) VALUES (%(entry_id)s, %(request_key)s, "
                "%(scope)s, %(subject)s, %(rule_code)s, %(reason)s, %(expires_on)s, %(thread_id)s, %(proposed_by)s, "
                "%(proposed_at)s, %(unit_id)s) RETURNING {}"
            ).format(sql.SQL(_COLUMNS)),
            row,
        ).fetchone()
    assert made is not None
    return made


def approve(connection: Database, entry_id: str, by: str, at: datetime.datetime) -> Row:
    """Put a proposal in force."""
    return _changed(connection, sql.SQL("approved_by = %s, approved_at = %s"), (by, at, entry_id))


def end(connection: Database, entry_id: str, by: str, at: datetime.datetime, reason: str) -> Row:
    """Refuse a proposal, or end an entry that holds."""
    sets = sql.SQL("ended_by = %s, ended_at = %s, ended_reason = %s")
    return _changed(connection, sets, (by, at, reason, entry_id))


def _changed(connection: Database, sets: sql.SQL, values: tuple[Any, ...]) -> Row:
    query = sql.SQL("UPDATE early_warning.allow_entry SET {} WHERE entry_id = %s RETURNING {}").format(
        sets, sql.SQL(_COLUMNS)
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        made = cursor.execute(query, values).fetchone()
    assert made is not None
    return made


def subject_unit(connection: Database, scope: str, subject: str) -> tuple[str | None] | None:
    """The unit of a loan, account or party; None when there is none of that name."""
    queries: dict[str, LiteralString] = {
        "loan": "SELECT unit_id FROM published.loan WHERE loan_id = %s",
        "account": "SELECT unit_id FROM published.account WHERE account = %s",
        "party": "SELECT unit_id FROM published.party WHERE party_id = %s",
    }
    return connection.execute(queries[scope], (subject,)).fetchone()
