"""What moved on a customer's accounts, summed by month."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final

from psycopg import sql

from loantrail.http.pages.customers.months import LineSum, MonthSum
from loantrail.http.pages.store import Database

_MONTH: Final = sql.SQL("date_trunc('month', {0}, 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai'")


def account_keys(connection: Database, party_id: str) -> list[str]:
    """Every key of the accounts that the books hold for the party, those merged into another included."""
    rows = connection.execute(
        """
        WITH named AS (
            SELECT coalesce(merged.survivor, account.account) AS account FROM published.account AS account
            LEFT JOIN published.merged_account AS merged ON merged.account = account.account
            WHERE account.party_id = %s
        )
        SELECT key.account FROM published.account_key AS key WHERE key.survivor IN (SELECT account FROM named) ORDER BY 1
        """,
        (party_id,),
    ).fetchall()
    return [str(row[0]) for row in rows]


def booked_between(
    connection: Database, keys: Sequence[str]
) -> tuple[datetime.datetime, datetime.datetime] | None:
    """The first and the last booking on the accounts; None without a line."""
    row = connection.execute(
        """
        SELECT min(first.booked_at), max(last.booked_at) FROM unnest(%s::text[]) AS key
        LEFT JOIN LATERAL (
            SELECT booked_at FROM published.booked_line WHERE account = key ORDER BY booked_at LIMIT 1
        ) AS first ON true
        LEFT JOIN LATERAL (
            SELECT booked_at FROM published.booked_line WHERE account = key ORDER BY booked_at DESC LIMIT 1
        ) AS last ON true
        """,
        (list(keys),),
    ).fetchone()
    return None if row is None or row[0] is None else (row[0], row[1])


def line_sums(
    connection: Database,
    keys: Sequence[str],
    name: str,
    first: datetime.datetime,
    before: datetime.datetime,
) -> tuple[list[LineSum], dict[str, int]]:
    """Lines of the accounts by month, direction, whether the other side is the customer's own and whether they take
    something back; and currency -> accounts with a line.

    The other side is the customer's own where the line names one of its accounts, or its own name and no account of somebody
    else, or is paired with a line of one of its accounts.
    """
    values = {"keys": list(keys), "name": name, "first": first, "before": before}
    rows = connection.execute(
        sql.SQL(
            """
            SELECT line.currency, ({month})::date, line.direction = 'credit', {own}, line.reverses IS NOT NULL,
                   sum(line.amount_fen)::text, count(*)
            FROM published.booked_line AS line
            LEFT JOIN published.account AS other ON other.account = line.counterparty_account
            -- Who the other side is stands in the line wherever it names one of our accounts; else the pairing tells.
            LEFT JOIN published.pairing AS paid ON paid.debit_line = line.line_id AND paid.state = 'valid'
                AND line.direction = 'debit' AND NOT coalesce(other.has_lines, false)
            LEFT JOIN published.pairing AS got ON got.credit_line = line.line_id AND got.state = 'valid'
                AND line.direction = 'credit' AND NOT coalesce(other.has_lines, false)
            WHERE line.account = ANY(%(keys)s) AND line.booked_at >= %(first)s AND line.booked_at < %(before)s
            GROUP BY 1, 2, 3, 4, 5
            """
        ).format(month=_MONTH.format(sql.SQL("line.booked_at")), own=_OWN),
        values,
    ).fetchall()
    counted = connection.execute(
        """
        SELECT currency, count(DISTINCT account) FROM published.booked_line
        WHERE account = ANY(%(keys)s) AND booked_at >= %(first)s AND booked_at < %(before)s GROUP BY 1
        """,
        values,
    ).fetchall()
    return (
        [
            LineSum(currency, month, is_credit, own, taken_back, int(fen), count)
            for currency, month, is_credit, own, taken_back, fen, count in rows
        ],
        {str(currency): int(count) for currency, count in counted},
    )


_OWN: Final = sql.SQL(
    "coalesce(line.counterparty_account = ANY(%(keys)s), false) "
    # Somebody else may bear the same name: then the account is on record as theirs.
    "OR (other.party_id IS NULL AND coalesce(line.counterparty_name = %(name)s, false)) "
    "OR coalesce(paid.credit_account = ANY(%(keys)s), false) OR coalesce(got.debit_account = ANY(%(keys)s), false)"
)


def disbursed(
    connection: Database,
    party_id: str,
    keys: Sequence[str],
    first: datetime.datetime,
    before: datetime.datetime,
) -> list[MonthSum]:
    """Loans paid out to the party's accounts as borrower, by month."""
    return _sums(
        connection,
        sql.SQL(
            """
            SELECT paid.currency, ({month})::date, sum(paid.amount_fen)::text
            FROM published.loan AS loan JOIN published.disbursement AS paid ON paid.loan_id = loan.loan_id
            WHERE loan.borrower_party_id = %(party_id)s AND paid.account = ANY(%(keys)s)
              AND paid.booked_at >= %(first)s AND paid.booked_at < %(before)s
            GROUP BY 1, 2
            """
        ).format(month=_MONTH.format(sql.SQL("paid.booked_at"))),
        party_id,
        first,
        before,
        keys,
    )


def loan_out(
    connection: Database,
    run_id: str,
    party_id: str,
    keys: Sequence[str],
    first: datetime.datetime,
    before: datetime.datetime,
) -> list[MonthSum]:
    """Money of the party's own loans that left its accounts for somebody else's, by month, in one run."""
    return _sums(
        connection,
        sql.SQL(
            """
            SELECT loan.currency, ({month})::date, sum(hop.amount_fen)::text
            FROM published.loan AS loan
            JOIN published.trace_hop AS hop ON hop.run_id = %(run_id)s AND hop.loan_id = loan.loan_id
            WHERE loan.borrower_party_id = %(party_id)s AND hop.depth > 0 AND hop.from_account = ANY(%(keys)s)
              AND NOT coalesce(hop.to_account = ANY(%(keys)s), false)
              AND hop.booked_at >= %(first)s AND hop.booked_at < %(before)s
            GROUP BY 1, 2
            """
        ).format(month=_MONTH.format(sql.SQL("hop.booked_at"))),
        party_id,
        first,
        before,
        keys,
        run_id,
    )


def repaid(
    connection: Database, party_id: str, first: datetime.datetime, before: datetime.datetime
) -> list[MonthSum]:
    """Principal, interest and penalty paid on the party's loans, by month."""
    return _sums(
        connection,
        sql.SQL(
            """
            SELECT loan.currency, ({month})::date,
                   sum(paid.principal_fen + paid.interest_fen + paid.penalty_fen)::text
            FROM published.loan AS loan JOIN published.repayment AS paid ON paid.loan_id = loan.loan_id
            WHERE loan.borrower_party_id = %(party_id)s AND paid.paid_at >= %(first)s AND paid.paid_at < %(before)s
            GROUP BY 1, 2
            """
        ).format(month=_MONTH.format(sql.SQL("paid.paid_at"))),
        party_id,
        first,
        before,
    )


def _sums(
    connection: Database,
    query: sql.Composed,
    party_id: str,
    first: datetime.datetime,
    before: datetime.datetime,
    keys: Sequence[str] = (),
    run_id: str = "",
) -> list[MonthSum]:
    rows = connection.execute(
        query,
        {"party_id": party_id, "first": first, "before": before, "keys": list(keys), "run_id": run_id},
    ).fetchall()
    return [MonthSum(currency, month, int(fen)) for currency, month, fen in rows]
