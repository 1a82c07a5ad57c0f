"""What the list of loans reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row


class LoanSort(StrEnum):
    """What the list of loans can be ordered by."""

    LOAN = "loan"
    BORROWER = "borrower"
    ISSUED = "issued"
    AMOUNT = "amount"
    SEEN = "seen"
    SUSPECTED = "suspected"
    LEADS = "leads"


class Direction(StrEnum):
    ASCENDING = "ascending"
    DESCENDING = "descending"


_ORDER: Final[dict[LoanSort, sql.SQL]] = {
    LoanSort.LOAN: sql.SQL("loan_id"),
    LoanSort.BORROWER: sql.SQL("borrower_name"),
    LoanSort.ISSUED: sql.SQL("issued_on"),
    LoanSort.AMOUNT: sql.SQL("amount_fen"),
    LoanSort.SEEN: sql.SQL("CASE WHEN disbursed_fen > 0 THEN seen_fen::numeric / disbursed_fen END"),
    LoanSort.SUSPECTED: sql.SQL("suspected_fen"),
    LoanSort.LEADS: sql.SQL("lead_count"),
}

_LOANS: Final = sql.SQL(
    """
    WITH lead_count AS (
        SELECT loan_id, count(*) AS lead_count, max(amount_fen) AS suspected_fen
        FROM published.trace_lead WHERE run_id = %(run_id)s GROUP BY loan_id
    ), loan AS (
        SELECT note.loan_id, note.borrower_name, note.product, note.currency, note.issued_on, note.state,
               note.five_class, note.amount_fen, summary.disbursed_fen, summary.seen_fen,
               CASE WHEN summary.loan_id IS NOT NULL THEN coalesce(lead_count.suspected_fen, 0) END AS suspected_fen,
               coalesce(lead_count.lead_count, 0) AS lead_count
        FROM published.loan AS note
        LEFT JOIN published.trace_loan_summary AS summary
            ON summary.run_id = %(run_id)s AND summary.loan_id = note.loan_id
        LEFT JOIN lead_count ON lead_count.loan_id = note.loan_id
        WHERE (%(pattern)s::text IS NULL OR note.loan_id ILIKE %(pattern)s OR note.borrower_name ILIKE %(pattern)s)
          AND (NOT %(suspected)s OR lead_count.lead_count > 0)
    )
    """
)


@dataclass(frozen=True, slots=True)
class LoanQuery:
    """`search` is a fragment of a loan number or of a borrower's name; `suspected` keeps loans with a lead."""

    search: str
    suspected: bool
    sort: LoanSort
    direction: Direction
    offset: int
    limit: int


def loans(connection: Database, run_id: str | None, query: LoanQuery) -> tuple[list[Row], list[Row]]:
    """The page of loans that `query` asks for, and the totals per currency of all it finds."""
    parameters = {
        "run_id": run_id,
        "pattern": _fragment_pattern(query.search),
        "suspected": query.suspected,
        "offset": query.offset,
        "limit": query.limit,
    }
    ascending = query.direction is Direction.ASCENDING
    page = sql.SQL(
        "{loans} SELECT * FROM loan ORDER BY {key} {direction}, loan_id LIMIT %(limit)s OFFSET %(offset)s"
    )
    totals = sql.SQL(
        """
        {loans}
        SELECT currency, count(*) AS loan_count, coalesce(sum(disbursed_fen), 0)::text AS disbursed_fen,
               coalesce(sum(seen_fen), 0)::text AS seen_fen, coalesce(sum(suspected_fen), 0)::text AS suspected_fen,
               count(*) FILTER (WHERE lead_count > 0) AS suspected_count
        FROM loan GROUP BY currency ORDER BY count(*) DESC, currency
        """
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            page.format(
                loans=_LOANS,
                key=_ORDER[query.sort],
                direction=sql.SQL("ASC NULLS LAST" if ascending else "DESC NULLS LAST"),
            ),
            parameters,
        ).fetchall()
        sums = cursor.execute(totals.format(loans=_LOANS), parameters).fetchall()
    return rows, sums


def _fragment_pattern(search: str) -> str | None:
    if not search:
        return None
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
