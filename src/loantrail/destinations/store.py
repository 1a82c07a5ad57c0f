"""SQL of the schema `destinations`: what people corrected."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final

import polars as pl
from psycopg import Connection, sql
from psycopg.rows import dict_row

from loantrail.ledger.pairs.store import read_frame, type_of_connection
from loantrail.ledger.store_moments import begin_writing

Row = dict[str, Any]
Database = Connection[Any]

_LOCK: Final = "loantrail.destinations.correction"

STANDING_SCHEMA: Final[dict[str, Any]] = {
    "correction_id": pl.String(),
    "scope": pl.String(),
    "transaction_id": pl.String(),
    "account": pl.String(),
    "destination_class": pl.String(),
    "reason": pl.String(),
}

_COLUMNS: Final = sql.SQL(
    "correction_id, scope, replace(transfer_id::text, '-', '') AS transfer_id, account, destination_class, reason, "
    "made_by, made_at, withdrawn_at, withdrawn_by, withdrawn_reason, replaced_by"
)


def standing_at(connection: type_of_connection, instant: datetime.datetime | None) -> pl.DataFrame:
    """The corrections that stood at `instant` (None: now), STANDING_SCHEMA, oldest first.

    `transaction_id` is the transfer that the corrected line belonged to at that instant, null for an account's.
    Leaves the transaction open. Repeating it with the same instant gives the same rows for ever.
    """
    at = sql.SQL("clock_timestamp()") if instant is None else sql.Literal(instant)
    query = sql.SQL(
        """
        SELECT c.correction_id, c.scope, replace(coalesce(p.transfer_id, c.line_id)::text, '-', ''), c.account,
               c.destination_class, c.reason
        FROM destinations.correction c
        LEFT JOIN LATERAL (
            SELECT p.transfer_id FROM published.pairing p
            WHERE (p.debit_line = c.line_id OR p.credit_line = c.line_id)
              AND p.debit_line IS NOT NULL AND p.credit_line IS NOT NULL
              AND p.created_at <= {at} AND (p.superseded_at IS NULL OR p.superseded_at > {at})
            ORDER BY p.created_at DESC LIMIT 1
        ) p ON c.scope = 'transaction'
        WHERE c.made_at <= {at} AND (c.withdrawn_at IS NULL OR c.withdrawn_at > {at})
        ORDER BY c.made_at, c.correction_id
        """
    ).format(at=at)
    return read_frame(connection, query, STANDING_SCHEMA)


def lock(connection: Database) -> datetime.datetime:
    """Until the transaction ends nobody else corrects, and nobody begins to read the books for a trace; the time now.

    By the database's clock, as the trace's `read_at` is: a run must hold all that was made before it read.
    """
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_LOCK,))
    begin_writing(connection)
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return row[0]


def by_request(connection: Database, request_key: str) -> Row | None:
    """The correction that a request already made."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL("SELECT {} FROM destinations.correction WHERE request_key = %s").format(_COLUMNS),
            (request_key,),
        ).fetchone()


def one(connection: Database, correction_id: str) -> Row | None:
    """One correction."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL("SELECT {} FROM destinations.correction WHERE correction_id = %s").format(_COLUMNS),
            (correction_id,),
        ).fetchone()


def of_target(connection: Database, line_ids: Sequence[str], accounts: Sequence[str]) -> list[Row]:
    """Every correction made about these lines or about one of these accounts as payee, the newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL(
                "SELECT {} FROM destinations.correction WHERE line_id = ANY(%s::uuid[]) OR account = ANY(%s) "
                "ORDER BY made_at DESC, correction_id"
            ).format(_COLUMNS),
            (list(line_ids), list(accounts)),
        ).fetchall()


def newest(connection: Database, standing: bool, offset: int, limit: int) -> list[Row]:
    """A page of all corrections, or of those that stand, the newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL(
                "SELECT {} FROM destinations.correction WHERE NOT %s OR withdrawn_at IS NULL "
                "ORDER BY made_at DESC, correction_id LIMIT %s OFFSET %s"
            ).format(_COLUMNS),
            (standing, limit, offset),
        ).fetchall()


def subject_lines(connection: Database, transfer_id: str) -> Row | None:
    """`debit_line, credit_line, credit_account, unit_id` of a movement of the books; None where there is none now."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT debit_line, credit_line, credit_account, unit_id FROM published.transfer "
            "WHERE transfer_uuid = %s::uuid",
            (transfer_id,),
        ).fetchone()


def touched_fen(connection: Database, scope: str, subject: str) -> int:
    """Loan money that moved in a transaction, or into an account, by the trace that screens read."""
    column = sql.Identifier("transfer_id" if scope == "transaction" else "to_account")
    row = connection.execute(
        sql.SQL(
            "SELECT coalesce(sum(hop.amount_fen), 0)::bigint FROM published.trace_hop AS hop "
            "JOIN published.trace_run AS run USING (run_id) WHERE run.current AND hop.{} = %s"
        ).format(column),
        (subject.replace("-", "") if scope == "transaction" else subject,),
    ).fetchone()
    return 0 if row is None else int(row[0])


def class_of(connection: Database, scope: str, subject: str) -> str | None:
    """What the payee is taken for by the trace that screens read: of an account the class of most payments."""
    row = connection.execute(
        """
        SELECT destination.destination_class FROM published.trace_destination AS destination
        JOIN published.trace_run AS run USING (run_id)
        WHERE run.current AND destination.transfer_id IN (
            SELECT transfer_id FROM published.trace_hop AS hop
            WHERE hop.run_id = run.run_id
              AND CASE WHEN %(scope)s = 'transaction' THEN hop.transfer_id ELSE hop.to_account END = %(subject)s)
        GROUP BY destination.destination_class ORDER BY count(*) DESC, 1 LIMIT 1
        """,
        {"scope": scope, "subject": subject.replace("-", "") if scope == "transaction" else subject},
    ).fetchone()
    return None if row is None else str(row[0])


def subject_unit(connection: Database, scope: str, subject: str) -> str | None:
    """The unit that a transaction or an account belongs to, where it is known."""
    if scope == "transaction":
        lines = subject_lines(connection, subject)
        return None if lines is None else lines["unit_id"]
    found = account_unit(connection, subject)
    return None if found is None else found[0]


def account_unit(connection: Database, account: str) -> tuple[str | None] | None:
    """The unit of an account; None when there is no such account."""
    return connection.execute(
        "SELECT unit_id FROM published.account WHERE account = %s", (account,)
    ).fetchone()


def insert(connection: Database, row: Row) -> Row:
    """Enter a correction; the one that stood for the same line or account is ended and names its successor."""
    connection.execute(
        "UPDATE destinations.correction SET withdrawn_at = %(made_at)s, withdrawn_by = %(made_by)s, "
        "withdrawn_reason = %(reason)s, replaced_by = %(correction_id)s WHERE withdrawn_at IS NULL "
        "AND scope = %(scope)s AND (line_id = %(line_id)s::uuid OR account = %(account)s)",
        row,
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        made = cursor.execute(
            sql.SQL(
                "INSERT INTO destinations.correction (correction_id, request_key, scope, transfer_id, line_id, account, "
                "destination_class, reason, made_by, made_at, unit_id) VALUES (%(correction_id)s, %(request_key)s, "
                "%(scope)s, %(transfer_id)s::uuid, %(line_id)s::uuid, %(account)s, %(destination_class)s, %(reason)s, "
                "%(made_by)s, %(made_at)s, %(unit_id)s) RETURNING {}"
            ).format(_COLUMNS),
            row,
        ).fetchone()
    assert made is not None
    return made


def withdraw(connection: Database, correction_id: str, reason: str, by: str, at: datetime.datetime) -> bool:
    """End a correction that stands; False when it was ended before."""
    return (
        connection.execute(
            "UPDATE destinations.correction SET withdrawn_at = %s, withdrawn_by = %s, withdrawn_reason = %s "
            "WHERE correction_id = %s AND withdrawn_at IS NULL",
            (at, by, reason, correction_id),
        ).rowcount
        == 1
    )
