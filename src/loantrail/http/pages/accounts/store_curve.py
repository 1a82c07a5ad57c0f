"""Balance and loan money of one account over time, under all its keys."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final

from psycopg import sql

from loantrail.http.pages.store import Database

Balance = tuple[datetime.datetime, int, int | None]
"""An instant, what the lines moved in fen, and the balance that the statement gives (after the last line)."""
Flow = tuple[datetime.datetime, str, int]
"""An instant, a loan, and by how many fen its money in the account changed."""

_DAY: Final = sql.SQL("date_trunc('day', {0}, 'Asia/Shanghai')")


def balances_by_line(connection: Database, keys: Sequence[str]) -> list[Balance]:
    """Every line of an account in its order."""
    return [
        (at, int(moved), balance)
        for at, moved, balance in connection.execute(
            """
            SELECT booked_at, CASE direction WHEN 'credit' THEN amount_fen ELSE -amount_fen END, balance_fen
            FROM published.booked_line WHERE account = ANY(%s) ORDER BY booked_at, sequence, arrival_number
            """,
            (list(keys),),
        ).fetchall()
    ]


def stated_balances_by_day(
    connection: Database, keys: Sequence[str], first: datetime.datetime, last: datetime.datetime
) -> list[Balance]:
    """The balance after the last line of each day that has one; looks at one line a day, however many there are."""
    rows = connection.execute(
        """
        SELECT day, line.balance_fen
        FROM generate_series(date_trunc('day', %(first)s, 'Asia/Shanghai'), %(last)s, interval '1 day') AS day
        CROSS JOIN LATERAL (
            SELECT of_key.balance_fen FROM unnest(%(keys)s::text[]) AS key
            CROSS JOIN LATERAL (
                SELECT l.balance_fen, l.booked_at, l.sequence, l.arrival_number FROM published.booked_line l
                WHERE l.account = key AND l.booked_at >= day AND l.booked_at < day + interval '1 day'
                ORDER BY l.booked_at DESC, l.sequence DESC, l.arrival_number DESC LIMIT 1
            ) AS of_key
            ORDER BY of_key.booked_at DESC, of_key.sequence DESC, of_key.arrival_number DESC LIMIT 1
        ) AS line
        ORDER BY day
        """,
        {"keys": list(keys), "first": first, "last": last},
    ).fetchall()
    return [(day, 0, balance) for day, balance in rows]


def moved_by_day(connection: Database, keys: Sequence[str]) -> list[Balance]:
    """What the lines of each day moved."""
    rows = connection.execute(
        sql.SQL(
            """
            SELECT {day}, sum(CASE direction WHEN 'credit' THEN amount_fen ELSE -amount_fen END)::bigint
            FROM published.booked_line WHERE account = ANY(%s) GROUP BY 1 ORDER BY 1
            """
        ).format(day=_DAY.format(sql.SQL("booked_at"))),
        (list(keys),),
    ).fetchall()
    return [(day, int(moved), None) for day, moved in rows]


def flows(connection: Database, run_id: str, keys: Sequence[str], daily: bool) -> list[Flow]:
    """By how much each loan's money in the account changed, per instant of the account's own lines or per day.

    What ended in the account (repaid an overdraft, reached a pool) is no money that it holds. A disbursement (depth 0)
    makes the loan's money: the account that lends it held none of it before.
    """
    at = _DAY.format(sql.SQL("at")) if daily else sql.SQL("at")
    rows = connection.execute(
        sql.SQL(
            """
            WITH hop AS (
                SELECT CASE WHEN h.transfer_id ~ '^[0-9a-f]{{32}}$' THEN h.transfer_id::uuid END AS transfer_id,
                       h.booked_at, h.loan_id, h.amount_fen, true AS comes
                FROM published.trace_hop h
                WHERE h.run_id = %(run_id)s AND h.to_account = ANY(%(keys)s) AND NOT h.ended
                UNION ALL
                SELECT CASE WHEN h.transfer_id ~ '^[0-9a-f]{{32}}$' THEN h.transfer_id::uuid END, h.booked_at, h.loan_id,
                       -h.amount_fen, false
                FROM published.trace_hop h
                WHERE h.run_id = %(run_id)s AND h.from_account = ANY(%(keys)s) AND h.depth <> 0
            ), flow AS (
                SELECT coalesce(CASE WHEN hop.comes THEN p.credit_booked_at ELSE p.debit_booked_at END, hop.booked_at) AS at,
                       hop.loan_id, hop.amount_fen
                FROM hop LEFT JOIN published.pairing p ON p.transfer_id = hop.transfer_id AND p.state = 'valid'
            )
            SELECT {at}, loan_id, sum(amount_fen)::bigint FROM flow
            GROUP BY 1, 2 HAVING sum(amount_fen) <> 0 ORDER BY 1, 2
            """
        ).format(at=at),
        {"run_id": run_id, "keys": list(keys)},
    ).fetchall()
    return [(when, str(loan), int(fen)) for when, loan, fen in rows]
