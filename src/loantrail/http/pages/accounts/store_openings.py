"""Which accounts and transactions the connection sees."""

from __future__ import annotations

from collections.abc import Collection

from loantrail.http.pages.store import Database


def accounts(connection: Database, asked: Collection[str]) -> set[str]:
    """Those of the accounts that the connection sees, merged ones too."""
    rows = connection.execute(
        "SELECT account FROM ledger.account WHERE account = ANY(%s)", (list(asked),)
    ).fetchall()
    return {row[0] for row in rows}


def transfers(connection: Database, asked: Collection[str]) -> set[str]:
    """Those of the transactions (32 hexadecimal digits each) of which the connection sees a line, by which their page is told."""
    rows = connection.execute(
        """
        WITH of AS (
            SELECT asked.id, asked.id AS line_id FROM unnest(%(asked)s::uuid[]) AS asked (id)
            UNION
            SELECT pair.transfer_id, side.line_id FROM published.pairing AS pair
            CROSS JOIN LATERAL (VALUES (pair.debit_line), (pair.credit_line)) AS side (line_id)
            WHERE pair.transfer_id = ANY(%(asked)s::uuid[]) AND side.line_id IS NOT NULL
        )
        SELECT DISTINCT replace(of.id::text, '-', '') FROM of
        JOIN published.booked_line AS line ON line.line_id = of.line_id
        """,
        {"asked": list(asked)},
    ).fetchall()
    return {row[0] for row in rows}
