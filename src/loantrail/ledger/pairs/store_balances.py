"""SQL of the balances that pairing looks at: accounts touched, their lines, the report. Accounts are those that stand."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final

import polars as pl
from psycopg import sql

from loantrail.ledger.pairs.store import read_frame, type_of_connection

_MICROSECONDS: Final = pl.Datetime("us", "UTC")
_BALANCE_SCHEMA: Final[dict[str, Any]] = {
    "line_id": pl.String(),
    "account": pl.String(),
    "currency": pl.String(),
    "booked_at": _MICROSECONDS,
    "sequence": pl.Int64(),
    "source_file": pl.String(),
    "position": pl.Int64(),
    "direction": pl.String(),
    "amount_fen": pl.Int64(),
    "balance_fen": pl.Int64(),
}


def touched_accounts(connection: type_of_connection) -> list[str]:
    """Accounts that new lines touch and of which any balance is known, now or before."""
    rows = connection.execute(
        "SELECT account FROM (SELECT account, bool_or(with_balance) AS any_balance FROM pg_temp.touched_line "
        "WHERE account IS NOT NULL GROUP BY account) t WHERE any_balance OR EXISTS (SELECT 1 FROM ledger.reconciliation r "
        "WHERE r.account = t.account AND r.state <> 'no_balances') ORDER BY account"
    ).fetchall()
    return [str(row[0]) for row in rows]


def book_without_balances(connection: type_of_connection, at: datetime.datetime) -> pl.DataFrame:
    """Enter that the other touched accounts give no balances; `account, currency, line_count`. New lines are added to those
    that were counted; where keys changed hands all are counted anew."""
    rows = connection.execute(
        """
        INSERT INTO ledger.reconciliation
               (account, currency, state, line_count, balance_count, difference_count, checked_at, unit_id)
        SELECT told.account, told.currency, 'no_balances', told.line_count, 0, 0, %s, coalesce(a.unit_id, told.unit_id)
        FROM (
            SELECT silent.account, silent.currency,
                   CASE WHEN silent.counted THEN anew.line_count ELSE silent.line_count + coalesce(before.line_count, 0) END
                       AS line_count, before.unit_id
            FROM (
                SELECT t.account, t.currency, sum(t.line_count)::bigint AS line_count, bool_or(t.counted) AS counted
                FROM pg_temp.touched_line t WHERE t.account IS NOT NULL GROUP BY t.account, t.currency
                HAVING NOT bool_or(t.with_balance) AND NOT EXISTS (
                    SELECT 1 FROM ledger.reconciliation r WHERE r.account = t.account AND r.state <> 'no_balances'
                )
            ) silent
            LEFT JOIN ledger.reconciliation before USING (account, currency)
            LEFT JOIN LATERAL (
                SELECT count(*) AS line_count FROM published.account_key k JOIN ledger.statement_line l USING (account)
                WHERE k.survivor = silent.account AND l.currency = silent.currency
            ) anew ON silent.counted
        ) told
        LEFT JOIN ledger.account a ON a.account = told.account
        WHERE told.line_count > 0
        ON CONFLICT (account, currency) DO UPDATE SET
            line_count = excluded.line_count, checked_at = excluded.checked_at
        RETURNING account, currency, line_count
        """,
        (at,),
    ).fetchall()
    return pl.DataFrame(
        rows, schema={"account": pl.String, "currency": pl.String, "line_count": pl.Int64}, orient="row"
    )


def lines_of_accounts(connection: type_of_connection, accounts: Sequence[str]) -> pl.DataFrame:
    """The lines of these accounts, under every key, as reconciliation needs them."""
    merged = connection.execute(
        "SELECT account FROM ledger.merged_account WHERE survivor = ANY(%s)", (list(accounts),)
    ).fetchall()
    keys = [*accounts, *(str(row[0]) for row in merged)]
    query = sql.SQL(
        """
        SELECT replace(l.line_id::text, '-', ''), coalesce(m.survivor, l.account), l.currency,
               (extract(epoch FROM l.booked_at) * 1000000)::bigint, l.sequence, f.name, l.position, l.direction,
               l.amount_fen, l.balance_fen
        FROM ledger.statement_line l JOIN ledger.import_file f USING (file_id)
        LEFT JOIN ledger.merged_account m ON m.account = l.account
        WHERE l.account = ANY({})
        """
    ).format(sql.Literal(keys))
    return read_frame(connection, query, _BALANCE_SCHEMA)


def book_reconciliation(connection: type_of_connection, report: pl.DataFrame, at: datetime.datetime) -> None:
    """Replace the report of these accounts."""
    names = (
        "account", "currency", "state", "line_count", "balance_count", "difference_count", "first_source_file",
        "first_position", "first_booked_at", "expected_fen", "actual_fen",
    )  # fmt: skip
    connection.execute(
        "DELETE FROM ledger.reconciliation WHERE account = ANY(%s)", (report.get_column("account").to_list(),)
    )
    copy = sql.SQL("COPY ledger.reconciliation ({}, checked_at) FROM STDIN (FORMAT csv)").format(
        sql.SQL(", ").join(sql.Identifier(name) for name in names)
    )
    with connection.cursor() as cursor, cursor.copy(copy) as stream:
        rows = report.select(*names, pl.lit(at).alias("checked_at"))
        stream.write(rows.write_csv(include_header=False).encode())
    connection.execute(
        "UPDATE ledger.reconciliation r SET unit_id = a.unit_id FROM ledger.account a "
        "WHERE a.account = r.account AND r.account = ANY(%s)",
        (report.get_column("account").to_list(),),
    )
