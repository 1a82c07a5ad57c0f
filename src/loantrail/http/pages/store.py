"""What the pages read, through the published views of each noun."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from psycopg import Connection, sql
from psycopg.rows import dict_row

from loantrail.errors import LimitExceeded
from loantrail.http.pages.paths import Hop

HOPS_MAX: Final = 500_000
"""More hops of one loan than this are not read for a page."""

WITHOUT_USE: Final = frozenset(
    ("held_by_borrower", "held_by_related_party", "held_by_third_party", "pooled", "in_transit", "outside")
)
"""Statement lines of money that has no use yet; an account may hold other money of the loan that has one."""
_STORED_ID: Final = re.compile(r"[0-9a-f]{32}")

Database = Connection[Any]
Row = dict[str, Any]


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


def read_one_state(connection: Database) -> None:
    """First statement of a transaction: everything after it sees the same state of the database, so that a trace
    that becomes current halfway through an answer is not mixed in."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def current_run(connection: Database) -> Row | None:
    """The run that screens read: the current one, FIFO before any other convention."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT run_id, convention, data_version, software_version, opening, created_at, loan_count,
                   event_count, hop_count
            FROM published.trace_run WHERE current
            ORDER BY lower(convention) <> 'fifo', created_at DESC LIMIT 1
            """
        ).fetchone()


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


def loan_facts(connection: Database, loan_id: str) -> Row | None:
    """What the books say about one loan; None when there is no such loan."""
    with connection.cursor(row_factory=dict_row) as cursor:
        facts = cursor.execute(
            """
            SELECT note.loan_id, note.contract_id, note.borrower_party_id, note.borrower_name, note.borrower_kind,
                   note.product, note.purpose_text, note.payment_mode, note.grant_kind, note.currency,
                   note.contract_amount_fen, note.amount_fen, note.balance_fen, note.rate_ppm, note.issued_on,
                   note.matures_on, note.state, note.five_class, coalesce(unit.name, note.unit_id) AS unit_name
            FROM published.loan AS note
            LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = note.unit_id
            WHERE note.loan_id = %s
            """,
            (loan_id,),
        ).fetchone()
        if facts is None:
            return None
        facts["disbursements"] = cursor.execute(
            """
            SELECT disbursement_id, booked_at, amount_fen, account FROM published.disbursement
            WHERE loan_id = %s ORDER BY booked_at, disbursement_id
            """,
            (loan_id,),
        ).fetchall()
        managers = cursor.execute(
            """
            SELECT DISTINCT coalesce(staff.name, manager.staff_id) AS name, manager.role
            FROM published.loan_manager AS manager LEFT JOIN published.staff AS staff USING (staff_id)
            WHERE manager.loan_id = %s AND manager.valid_to IS NULL ORDER BY manager.role DESC, name
            """,
            (loan_id,),
        ).fetchall()
        facts["managers"] = [row["name"] for row in managers]
    return facts


def loan_summary(connection: Database, run_id: str, loan_id: str) -> Row | None:
    """What was seen of the loan's money in one run."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT disbursed_fen, seen_fen, lost_other_bank_fen, lost_pool_fen, prohibited_fen, gross_returned_fen
            FROM published.trace_loan_summary WHERE run_id = %s AND loan_id = %s
            """,
            (run_id, loan_id),
        ).fetchone()


def statement_lines(connection: Database, run_id: str, loan_id: str) -> list[Row]:
    """The use-of-proceeds statement of one loan, largest line first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT use, line_group, amount_fen, least_fen, most_fen, proven, basis, voucher
            FROM published.trace_statement WHERE run_id = %s AND loan_id = %s ORDER BY amount_fen DESC, use
            """,
            (run_id, loan_id),
        ).fetchall()


def leads(connection: Database, run_id: str, loan_id: str) -> list[Row]:
    """The leads of one loan, largest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT pattern, amount_fen, class AS destination_class, transaction_ids, explanation
            FROM published.trace_lead WHERE run_id = %s AND loan_id = %s
            ORDER BY amount_fen DESC, pattern, transaction_ids
            """,
            (run_id, loan_id),
        ).fetchall()


def loan_hops(connection: Database, run_id: str, loan_id: str) -> list[Hop]:
    """Every hop of one loan in the order of the trace; LimitExceeded above HOPS_MAX."""
    rows = connection.execute(
        """
        SELECT hop_id, parent_hop_id, transfer_id, booked_at, from_account, to_account, amount_fen, depth, use, ended
        FROM published.trace_hop WHERE run_id = %s AND loan_id = %s ORDER BY ordinal LIMIT %s
        """,
        (run_id, loan_id, HOPS_MAX + 1),
        binary=True,
    ).fetchall()
    hops = [Hop(*row) for row in rows]
    if len(hops) > HOPS_MAX:
        raise LimitExceeded(
            f"loan {loan_id} has more than {HOPS_MAX} movements",
            remedy="Read its hops with `loantrail trace` instead",
        )
    return hops


def held_uses(connection: Database, run_id: str, loan_id: str, use: str) -> dict[str, str]:
    """The accounts whose money of this loan has no use and so stands in the line `use`: account -> use. None for a
    line that is a use itself."""
    if use not in WITHOUT_USE:
        return {}
    rows = connection.execute(
        "SELECT account FROM published.trace_position WHERE run_id = %s AND loan_id = %s AND use = %s",
        (run_id, loan_id, use),
    ).fetchall()
    return {row[0]: use for row in rows}


def account_names(connection: Database, accounts: Iterable[str]) -> Mapping[str, str]:
    """Who holds each of `accounts`, where the books say so."""
    rows = connection.execute(
        """
        SELECT account.account, coalesce(party.name, account.name)
        FROM published.account AS account LEFT JOIN published.party AS party USING (party_id)
        WHERE account.account = ANY(%s)
        """,
        (sorted(accounts),),
    ).fetchall()
    return {account: name for account, name in rows if name}


def transfers(connection: Database, transfer_ids: Iterable[str]) -> Mapping[str, Row]:
    """Amount, text and counterparty of transfers: transfer_id -> row."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT transfer_id, amount_fen, purpose_text, document_no, debit_name, credit_name
            FROM published.transfer WHERE transfer_uuid = ANY(%s::uuid[])
            """,
            (sorted(filter(_STORED_ID.fullmatch, transfer_ids)),),
        ).fetchall()
    return {row["transfer_id"]: row for row in rows}


def destinations(connection: Database, run_id: str, transfer_ids: Sequence[str]) -> Mapping[str, Row]:
    """What each transfer's payee was taken for, and why: transfer_id -> row."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT transfer_id, destination_class, basis, confidence_permille, evidence
            FROM published.trace_destination WHERE run_id = %s AND transfer_id = ANY(%s)
            """,
            (run_id, list(transfer_ids)),
        ).fetchall()
    return {row["transfer_id"]: row for row in rows}
