"""What the pages read, through the published views of each noun."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import dict_row

from loantrail.errors import LimitExceeded
from loantrail.http.pages.instalments import Instalment
from loantrail.http.pages.paths import Hop

HOPS_MAX: Final = 500_000
"""More hops of one loan than this are not read for a page."""

WITHOUT_USE: Final = frozenset(
    ("held_by_borrower", "held_by_related_party", "held_by_third_party", "pooled", "in_transit", "outside")
)
"""Statement lines of money that has no use yet; an account may hold other money of the loan that has one."""
UNEXPLAINED: Final = frozenset(
    ("unknown", "individual", "company", "other_bank", "same_name_other_bank", "cash")
)
"""What a payee can be taken for without anything that explains the payment."""
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
                   note.matures_on, note.state, note.five_class, note.unit_id,
                   coalesce(unit.name, note.unit_id) AS unit_name
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
            SELECT disbursement_id, booked_at, amount_fen, coalesce(merged.survivor, paid.account) AS account
            FROM published.disbursement AS paid LEFT JOIN published.merged_account AS merged USING (account)
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


def loan_schedule(connection: Database, loan_id: str) -> list[Instalment]:
    """The loan's instalments in order."""
    rows = connection.execute(
        """
        SELECT instalment_no, due_on, principal_fen, interest_fen FROM published.repayment_schedule
        WHERE loan_id = %s ORDER BY due_on, instalment_no
        """,
        (loan_id,),
    ).fetchall()
    return [Instalment(*row) for row in rows]


def loan_payments(connection: Database, loan_id: str, as_of: datetime.date | None) -> Row:
    """What came in on the loan up to the end of a business date (all of it without one): `paid_fen` of principal and
    interest, `last_paid_at` and `last_paid_fen` with penalty, null without any."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            """
            SELECT coalesce(sum(principal_fen + interest_fen), 0)::text AS paid_fen, max(paid_at) AS last_paid_at,
                   (array_agg(principal_fen + interest_fen + penalty_fen ORDER BY paid_at DESC, repayment_id))[1]
                       AS last_paid_fen
            FROM published.repayment
            WHERE loan_id = %(loan_id)s
              AND (%(as_of)s::date IS NULL OR (paid_at AT TIME ZONE 'Asia/Shanghai')::date <= %(as_of)s::date)
            """,
            {"loan_id": loan_id, "as_of": as_of},
        ).fetchone()
    assert found is not None  # an aggregate always gives a row
    return found


def repayment_account(connection: Database, loan_id: str) -> str | None:
    """The account that the loan is repaid from, where the books name one."""
    row = connection.execute(
        "SELECT coalesce(merged.survivor, loan.repayment_account) FROM published.loan AS loan "
        "LEFT JOIN published.merged_account AS merged ON merged.account = loan.repayment_account WHERE loan.loan_id = %s",
        (loan_id,),
    ).fetchone()
    return row[0] if row else None


def last_balance(connection: Database, account: str) -> tuple[int, datetime.datetime] | None:
    """The last running balance that a line of the account's statement gives, and when; None when none does."""
    row = connection.execute(
        """
        SELECT line.balance_fen, line.booked_at FROM published.account_key AS key
        CROSS JOIN LATERAL (
            SELECT balance_fen, booked_at, sequence FROM published.statement_line
            WHERE account = key.account AND balance_fen IS NOT NULL ORDER BY booked_at DESC, sequence DESC LIMIT 1
        ) AS line
        WHERE key.survivor = %s ORDER BY line.booked_at DESC, line.sequence DESC LIMIT 1
        """,
        (account,),
    ).fetchone()
    return (row[0], row[1]) if row else None


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


def is_warned(connection: Database, loan_id: str) -> bool:
    """Whether the loan has a warning that is not settled."""
    return (
        connection.execute(
            "SELECT FROM published.warning_thread WHERE loan_id = %s AND state IN ('open', 'snoozed')",
            (loan_id,),
        ).fetchone()
        is not None
    )


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
    if len(rows) > HOPS_MAX:
        raise LimitExceeded(
            f"loan {loan_id} has more than {HOPS_MAX} movements",
            remedy="Read its hops with `loantrail trace` instead",
        )
    return list(map(Hop._make, rows))


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


def unexplained_payments(
    connection: Database, run_id: str, loan_id: str, limit: int
) -> tuple[list[Row], int, int]:
    """The largest payments of the loan's money that nothing explains, how many there are, and their sum in fen.

    Unexplained is a payment to one of UNEXPLAINED without a document, of money that has no use by then or has the
    class itself for its use; a hop whose parent is unexplained already is the same money again and left out.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            WITH judged AS (
                SELECT hop.hop_id, hop.parent_hop_id, hop.transfer_id, hop.booked_at, hop.from_account,
                       hop.to_account, hop.amount_fen, coalesce(judged.destination_class, 'unknown') AS destination_class,
                       judged.basis, judged.evidence,
                       coalesce(judged.destination_class, 'unknown') = ANY(%(classes)s)
                           AND judged.basis IS DISTINCT FROM 'document'
                           AND hop.use IN ('', 'outside', coalesce(judged.destination_class, '')) AS is_unexplained
                FROM published.trace_hop AS hop
                LEFT JOIN published.trace_destination AS judged
                    ON judged.run_id = hop.run_id AND judged.transfer_id = hop.transfer_id
                WHERE hop.run_id = %(run_id)s AND hop.loan_id = %(loan_id)s AND hop.depth > 0
            ), payment AS (
                SELECT hop.transfer_id, min(hop.booked_at) AS booked_at, min(hop.from_account) AS from_account,
                       min(hop.to_account) AS to_account, sum(hop.amount_fen)::bigint AS loan_fen,
                       min(hop.destination_class) AS destination_class, min(hop.basis) AS basis,
                       min(hop.evidence) AS evidence
                FROM judged AS hop LEFT JOIN judged AS before ON before.hop_id = hop.parent_hop_id
                WHERE hop.is_unexplained AND NOT coalesce(before.is_unexplained, false)
                GROUP BY hop.transfer_id
            )
            SELECT *, count(*) OVER () AS total_count, (sum(loan_fen) OVER ())::text AS total_fen
            FROM payment ORDER BY loan_fen DESC, booked_at, transfer_id LIMIT %(limit)s
            """,
            {"run_id": run_id, "loan_id": loan_id, "classes": sorted(UNEXPLAINED), "limit": limit},
        ).fetchall()
    total_count, total_fen = (rows[0]["total_count"], int(rows[0]["total_fen"])) if rows else (0, 0)
    return rows, total_count, total_fen


def account_names(connection: Database, accounts: Iterable[str]) -> Mapping[str, str]:
    """Who holds each of `accounts`, where the books say so; of a merged one, who holds that which stands for it."""
    rows = connection.execute(
        """
        SELECT wanted.account, coalesce(party.name, known.name)
        FROM unnest(%s::text[]) AS wanted (account)
        LEFT JOIN published.merged_account AS merged ON merged.account = wanted.account
        JOIN published.known_account AS known ON known.account = coalesce(merged.survivor, wanted.account)
        LEFT JOIN published.party AS party ON party.party_id = known.party_id
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
            FROM published.seen_transfer WHERE transfer_uuid = ANY(%s::uuid[])
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


def is_staff(connection: Database, staff_id: str) -> bool:
    """Whether a person is on the bank's staff list."""
    return (
        connection.execute("SELECT 1 FROM published.staff WHERE staff_id = %s", (staff_id,)).fetchone()
        is not None
    )
