"""What a pack reads of the books beside what the loan's page reads."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

Database = psycopg.Connection[Any]
Row = dict[str, Any]

_STORED_ID: Final = re.compile("[0-9a-f]{32}")
_APART_MOST: Final = datetime.timedelta(days=31)
"""How far the two sides of one transfer may be booked apart at most: pairing looks no further."""


def own_accounts(connection: Database, borrower_party_id: str) -> set[str]:
    """The borrower's own accounts, and what they were called before a merge."""
    rows = connection.execute(
        """
        SELECT account.account FROM published.account AS account WHERE account.party_id = %(party)s
        UNION
        SELECT merged.survivor FROM published.merged_account AS merged
        JOIN published.account AS account ON account.account = merged.account
        JOIN published.known_account AS known ON known.account = merged.survivor AND known.party_id = account.party_id
        WHERE account.party_id = %(party)s
        UNION
        SELECT merged.account FROM published.merged_account AS merged
        JOIN published.account AS account ON account.account = merged.survivor
        WHERE account.party_id = %(party)s
        """,
        {"party": borrower_party_id},
    ).fetchall()
    return {row[0] for row in rows}


def own_lines(connection: Database, transfer_ids: Iterable[str], own: Collection[str]) -> dict[str, Row]:
    """The payer's line of each transfer, where it is a line of an account in `own`: transfer_id -> row."""
    wanted = sorted(one for one in transfer_ids if _STORED_ID.fullmatch(one))
    with connection.cursor(row_factory=dict_row) as cursor:
        moved = cursor.execute(
            """
            SELECT transfer_id, debit_line, booked_at FROM published.seen_transfer
            WHERE transfer_uuid = ANY(%s::uuid[]) AND debit_line IS NOT NULL
            """,
            (wanted,),
        ).fetchall()
        if not moved:
            return {}
        # By account and time, as the lines are indexed; the two sides of a transfer are booked within days of each other.
        rows = cursor.execute(
            """
            SELECT line_id, booked_at, account, amount_fen, coalesce(counterparty_name, '') AS payee_name,
                   coalesce(counterparty_account, '') AS payee_account, coalesce(purpose_text, '') AS text
            FROM published.statement_line
            WHERE account = ANY(%(own)s) AND direction = 'debit' AND booked_at BETWEEN %(first)s AND %(last)s
              AND line_id = ANY(%(lines)s)
            """,
            {
                "own": sorted(own),
                "first": min(row["booked_at"] for row in moved) - _APART_MOST,
                "last": max(row["booked_at"] for row in moved) + _APART_MOST,
                "lines": [row["debit_line"] for row in moved],
            },
        ).fetchall()
    lines = {row["line_id"]: row for row in rows}
    return {row["transfer_id"]: lines[row["debit_line"]] for row in moved if row["debit_line"] in lines}


def repayments(connection: Database, loan_id: str) -> list[Row]:
    """What was repaid, in order."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT paid_at, principal_fen, interest_fen, penalty_fen, account FROM published.repayment
            WHERE loan_id = %s ORDER BY paid_at, repayment_id
            """,
            (loan_id,),
        ).fetchall()


def check_due(connection: Database, loan_id: str) -> datetime.date | None:
    """The day by which the loan's open check must be done; None without one."""
    row = connection.execute(
        "SELECT min(due_on) FROM published.loan_check WHERE loan_id = %s AND state IN ('open', 'submitted')",
        (loan_id,),
    ).fetchone()
    return row[0] if row else None


def survivors(connection: Database, accounts: Iterable[str]) -> dict[str, str]:
    """account -> what stands for it, of those that were merged."""
    rows = connection.execute(
        "SELECT account, survivor FROM published.merged_account WHERE account = ANY(%s)",
        (sorted(set(accounts)),),
    ).fetchall()
    return dict(rows)
