"""SQL of merged accounts."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final

import polars as pl
from psycopg import sql
from psycopg.rows import dict_row

from loantrail.ledger.merging import survivors
from loantrail.ledger.pairs.store import lock_pairing, type_of_connection

Row = dict[str, Any]

_COLUMNS: Final = sql.SQL(
    "merge_id, from_account, into_account, reason, made_by, made_at, withdrawn_at, withdrawn_by, withdrawn_reason"
)


def merged_at(connection: type_of_connection, instant: datetime.datetime) -> pl.DataFrame:
    """The accounts that were merged away at `instant`, with the account that stood for each: MERGED_SCHEMA. Leaves the
    transaction open. Repeating it with the same instant gives the same rows for ever."""
    rows = connection.execute(
        "SELECT from_account, into_account FROM published.account_merge "
        "WHERE made_at <= %(at)s AND (withdrawn_at IS NULL OR withdrawn_at > %(at)s)",
        {"at": instant},
    ).fetchall()
    return survivors([(str(row[0]), str(row[1])) for row in rows])


def changed_since(connection: type_of_connection, instant: datetime.datetime) -> bool:
    """Whether a merge was made or undone after `instant`."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM published.account_merge WHERE made_at > %(at)s OR withdrawn_at > %(at)s)",
        {"at": instant},
    ).fetchone()
    return row is not None and bool(row[0])


def lock(connection: type_of_connection) -> datetime.datetime:
    """Until the transaction ends nobody else merges or pairs, and nobody begins to read the books for a trace; the time
    now by the database's clock, as a trace's `read_at` is."""
    lock_pairing(connection)
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return row[0]


def _one(connection: type_of_connection, where: sql.SQL, value: str) -> Row | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL("SELECT {} FROM ledger.account_merge WHERE {}").format(_COLUMNS, where), (value,)
        ).fetchone()


def by_request(connection: type_of_connection, request_key: str) -> Row | None:
    """The merge that a request already made."""
    return _one(connection, sql.SQL("request_key = %s"), request_key)


def one(connection: type_of_connection, merge_id: str) -> Row | None:
    """One merge."""
    return _one(connection, sql.SQL("merge_id = %s"), merge_id)


def standing_of(connection: type_of_connection, account: str) -> Row | None:
    """The merge that stands for an account that was merged away."""
    return _one(connection, sql.SQL("withdrawn_at IS NULL AND from_account = %s"), account)


def newest(connection: type_of_connection, standing: bool) -> list[Row]:
    """All merges, or those that stand, the newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL(
                "SELECT {} FROM ledger.account_merge WHERE NOT %s OR withdrawn_at IS NULL "
                "ORDER BY made_at DESC, merge_id"
            ).format(_COLUMNS),
            (standing,),
        ).fetchall()


def merged_into(connection: type_of_connection, keys: Sequence[str]) -> list[Row]:
    """The merges that stand and lead to one of these keys, the newest first: who made them, when and why."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT merge_id, from_account, into_account, reason, made_by, made_at FROM ledger.account_merge "
            "WHERE withdrawn_at IS NULL AND into_account = ANY(%s) ORDER BY made_at DESC, merge_id",
            (list(keys),),
        ).fetchall()


def survivor_of(connection: type_of_connection, account: str) -> str | None:
    """The account that stands for one that was merged away; None for one that stands for itself, or is not there."""
    row = connection.execute(
        "SELECT survivor FROM published.merged_account WHERE account = %s", (account,)
    ).fetchone()
    return None if row is None else str(row[0])


def survivors_of(connection: type_of_connection, accounts: Sequence[str]) -> dict[str, str]:
    """Merged account -> the one that stands for it, of those that were merged away."""
    rows = connection.execute(
        "SELECT account, survivor FROM published.merged_account WHERE account = ANY(%s)", (list(accounts),)
    ).fetchall()
    return {str(account): str(survivor) for account, survivor in rows}


def keys_of(connection: type_of_connection, account: str) -> list[str]:
    """Every key under which an account is written: its own, then those merged into it."""
    rows = connection.execute(
        "SELECT account FROM published.merged_account WHERE survivor = %s ORDER BY account", (account,)
    ).fetchall()
    return [account, *(str(row[0]) for row in rows)]


def known_account(connection: type_of_connection, account: str) -> Row | None:
    """`account, currency, party_id, kind, has_lines, unit_id` of an account that stands for itself."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT account, currency, party_id, kind, has_lines, unit_id FROM published.known_account "
            "WHERE account = %s",
            (account,),
        ).fetchone()


def transfer_between(
    connection: type_of_connection, some: Sequence[str], others: Sequence[str]
) -> str | None:
    """A valid transfer that pairs a line of some of these accounts with a line of the others; its id."""
    row = connection.execute(
        """
        SELECT replace(t.transfer_id::text, '-', '')
        FROM ledger.transfer t
        WHERE t.state = 'valid' AND (
            t.debit_account = ANY(%(some)s) AND t.credit_account = ANY(%(others)s)
            OR t.debit_account = ANY(%(others)s) AND t.credit_account = ANY(%(some)s)
        )
        ORDER BY t.booked_at, t.transfer_id LIMIT 1
        """,
        {"some": list(some), "others": list(others)},
    ).fetchone()
    return None if row is None else str(row[0])


def insert(connection: type_of_connection, row: Row) -> Row:
    """Enter a merge."""
    with connection.cursor(row_factory=dict_row) as cursor:
        made = cursor.execute(
            sql.SQL(
                "INSERT INTO ledger.account_merge (merge_id, request_key, from_account, into_account, reason, made_by, "
                "made_at, unit_id) VALUES (%(merge_id)s, %(request_key)s, %(from_account)s, %(into_account)s, %(reason)s, "
                "%(made_by)s, %(made_at)s, %(unit_id)s) RETURNING {}"
            ).format(_COLUMNS),
            row,
        ).fetchone()
    assert made is not None
    return made


def withdraw(
    connection: type_of_connection, merge_id: str, reason: str, by: str, at: datetime.datetime
) -> bool:
    """End a merge that stands; False when it was ended before."""
    return (
        connection.execute(
            "UPDATE ledger.account_merge SET withdrawn_at = %s, withdrawn_by = %s, withdrawn_reason = %s "
            "WHERE merge_id = %s AND withdrawn_at IS NULL",
            (at, by, reason, merge_id),
        ).rowcount
        == 1
    )


def renew(connection: type_of_connection) -> None:
    """Make ledger.merged_account say what the merges that stand come to."""
    edges = connection.execute(
        "SELECT from_account, into_account FROM ledger.account_merge WHERE withdrawn_at IS NULL"
    ).fetchall()
    merged = survivors([(str(row[0]), str(row[1])) for row in edges])
    connection.execute("DELETE FROM ledger.merged_account")
    connection.execute(
        "INSERT INTO ledger.merged_account (account, survivor) SELECT * FROM unnest(%s::text[], %s::text[])",
        (merged["account"].to_list(), merged["survivor"].to_list()),
    )


def forget_reports(connection: type_of_connection, accounts: Sequence[str]) -> None:
    """Drop the reports of balances of those of these accounts that are merged away or have no line under any key."""
    connection.execute(
        """
        DELETE FROM ledger.reconciliation r WHERE r.account = ANY(%s) AND NOT EXISTS (
            SELECT 1 FROM published.known_account k WHERE k.account = r.account AND k.has_lines
        )
        """,
        (list(accounts),),
    )
