"""SQL that reads the books whole."""

from __future__ import annotations

import datetime
from typing import Final

import polars as pl
from psycopg import sql

from loantrail.ledger.books.store_then import as_then
from loantrail.ledger.pairs.store import read_frame, type_of_connection
from loantrail.ledger.transfers import LINES

_INSTANT: Final = pl.Datetime("us", "UTC")


def _microseconds(name: str) -> sql.Composed:
    return sql.SQL("(extract(epoch FROM {}) * 1000000)::bigint").format(sql.Identifier(name))


def read_extent(connection: type_of_connection) -> tuple[int, datetime.datetime]:
    """The highest arrival number of a statement line (0 without lines), and when this transaction began to read."""
    row = connection.execute(
        "SELECT coalesce(max(arrival_number), 0), transaction_timestamp() FROM ledger.statement_line"
    ).fetchone()
    assert row is not None
    return int(row[0]), row[1]


def read_lines(connection: type_of_connection, last_arrival: int | None = None) -> pl.DataFrame:
    """All statement lines, in order of arrival; those up to `last_arrival` alone where it is given."""
    columns = sql.SQL(", ").join(
        _microseconds(name) if kind == _INSTANT else sql.Identifier(name) for name, kind in LINES.items()
    )
    known = sql.SQL("")
    if last_arrival is not None:
        known = sql.SQL(" WHERE arrival_number <= {}").format(sql.Literal(last_arrival))
    query = sql.SQL("SELECT {} FROM published.statement_line{} ORDER BY arrival_number").format(
        columns, known
    )
    return read_frame(connection, query, LINES)


def read_pairs(connection: type_of_connection, read_at: datetime.datetime | None = None) -> pl.DataFrame:
    """Pairings of two lines that are valid, or were at `read_at`: `debit_line, credit_line, basis`."""
    valid = sql.SQL("state = 'valid'")
    if read_at is not None:
        valid = sql.SQL("created_at <= {at} AND (superseded_at IS NULL OR superseded_at > {at})").format(
            at=sql.Literal(read_at)
        )
    query = sql.SQL(
        "SELECT replace(debit_line::text, '-', ''), replace(credit_line::text, '-', ''), basis FROM ledger.transfer "
        "WHERE {} AND debit_line IS NOT NULL AND credit_line IS NOT NULL"
    ).format(valid)
    schema = {"debit_line": pl.String(), "credit_line": pl.String(), "basis": pl.String()}
    return read_frame(connection, query, schema)


def read_disbursements(connection: type_of_connection, then: bool = False) -> pl.DataFrame:
    """All disbursements (with `then` those of `books_then`): `loan_id, account, amount_fen, currency, booked_at, reference`."""
    query = sql.SQL(
        as_then(
            "SELECT loan_id, account, amount_fen, currency, {}, reference FROM published.disbursement "
            "ORDER BY booked_at, disbursement_id",
            then,
        )
    ).format(_microseconds("booked_at"))
    schema = {
        "loan_id": pl.String(),
        "account": pl.String(),
        "amount_fen": pl.Int64(),
        "currency": pl.String(),
        "booked_at": _INSTANT,
        "reference": pl.String(),
    }
    return read_frame(connection, query, schema)


def read_openings(connection: type_of_connection, then: bool = False) -> pl.DataFrame:
    """Opening balances that the bank gave (with `then` those of `books_then`): `account, balance_fen`."""
    query = sql.SQL(
        as_then(
            "SELECT account, opening_balance_fen FROM published.account WHERE opening_balance_fen IS NOT NULL "
            "ORDER BY account",
            then,
        )
    )
    return read_frame(connection, query, {"account": pl.String(), "balance_fen": pl.Int64()})
