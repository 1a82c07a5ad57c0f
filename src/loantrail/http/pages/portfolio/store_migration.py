"""The classes of loans on an earlier day and today, out of the contents that the nightly deliveries recorded."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final

from psycopg import sql

from loantrail.http.pages.portfolio.model import PortfolioBy, Within
from loantrail.http.pages.portfolio.store import CLASS_THEN, CODES, WAS, conditions_of, read
from loantrail.http.pages.store import Database, Row

_LIVE: Final = sql.SQL("note.state IN ('outstanding', 'overdue')")
_COUNTED_THEN: Final = sql.SQL(
    "(was.loan_id IS NULL OR was.content IS NOT NULL)"
    " AND coalesce(was.content ->> 'state', note.state) IN ('outstanding', 'overdue')"
)
_BALANCE_THEN: Final = sql.SQL("coalesce((was.content ->> 'balance_fen')::bigint, note.balance_fen)")
_MIGRATION: Final = sql.SQL(
    """
    SELECT {code} AS code, CASE WHEN {counted} THEN {then} END AS class_then,
           CASE WHEN {live} THEN note.five_class ELSE note.state END AS class_now,
           count(*) AS loan_count, sum({balance})::numeric AS balance_fen,
           sum(CASE WHEN {live} THEN note.balance_fen ELSE 0 END)::numeric AS balance_now_fen,
           sum(CASE WHEN {live} THEN greatest({balance} - note.balance_fen, 0) ELSE {balance} END)::numeric AS reduced_fen
    FROM published.loan_note AS note
    JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
    JOIN published.party AS party ON party.party_id = contract.borrower_party_id
    LEFT JOIN ({was}) AS was ON was.loan_id = note.loan_id
    WHERE note.currency = %(currency)s AND ({counted} OR {live}) AND {within}
    GROUP BY 1, 2, 3
    """
)
_ALL: Final = sql.SQL("''")


def migration(
    connection: Database, by: PortfolioBy | None, within: Sequence[Within], parameters: Row
) -> list[Row]:
    """`code` (of `by`; empty without), `class_then, class_now, loan_count, balance_fen` (of then), `balance_now_fen, reduced_fen` of the
    loans that counted on the earlier day, and of those that count today and did not then: their `class_then` is null. `class_now` is the
    state of a loan that counts no more. Not by, nor within, levels of warnings and classes."""
    conditions, values = conditions_of(connection, within)
    query = _MIGRATION.format(
        code=CODES[by] if by else _ALL,
        counted=_COUNTED_THEN,
        then=CLASS_THEN,
        live=_LIVE,
        balance=_BALANCE_THEN,
        was=WAS,
        within=conditions,
    )
    return read(connection, query, parameters | values)


def recorded_days(
    connection: Database, first: datetime.date, last: datetime.date
) -> list[tuple[datetime.date, datetime.datetime]]:
    """Of each month from `first` to `last` in which a delivery was taken in: the last such business date, and when that was
    done; the newest first."""
    rows = connection.execute(
        """
        SELECT DISTINCT ON (date_trunc('month', business_date)) business_date, max(data_loaded_at)
        FROM published.nightly_run
        WHERE business_date BETWEEN %s AND %s AND data_loaded_at IS NOT NULL AND NOT is_older
        GROUP BY business_date ORDER BY date_trunc('month', business_date) DESC, business_date DESC
        """,
        (first, last),
    ).fetchall()
    return [(row[0], row[1]) for row in rows]
