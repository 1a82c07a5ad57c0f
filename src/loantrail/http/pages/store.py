"""What the pages read, through the published views of each noun."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from psycopg import Connection
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


def read_one_state(connection: Database) -> None:
    """First statement of a transaction: everything after it sees the same state of the database, so that a trace
    that becomes current halfway through an answer is not mixed in."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def current_run(connection: Database) -> Row | None:
    """The run that screens read: the current one, FIFO before any other convention."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT run_id, convention, data_version, software_version, opening, created_at, data_date, loan_count,
                   event_count, hop_count
            FROM published.trace_run WHERE current
            ORDER BY lower(convention) <> 'fifo', created_at DESC LIMIT 1
            """
        ).fetchone()


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
            SELECT pattern, amount_fen, class AS destination_class, transaction_ids, explanation,
                   explanation_chinese
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
