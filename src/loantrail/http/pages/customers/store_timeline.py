"""What happened with a customer, the latest first: loans, payments, warnings, guarantees, relations, papers, contacts."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row

Place = tuple[datetime.datetime, str]
"""`at` and `event_id` of the last event that was shown."""

# The party's loans: alone, or with others.
_MINE: Final = sql.SQL(
    """
    WITH contracts AS (
        SELECT contract_id FROM published.loan_contract WHERE borrower_party_id = %(party_id)s
        UNION SELECT contract_id FROM published.contract_party WHERE party_id = %(party_id)s AND role = 'co_borrower'
    ), mine AS (
        SELECT note.loan_id, note.currency FROM published.loan_note AS note
        WHERE note.contract_id IN (SELECT contract_id FROM contracts)
    )
    """
)

# Kind -> what it is made of. Every branch gives: event_id, at, whole_day, loan_id, about_id, other_party_id, currency,
# amount_fen, code, level, text, by.
_BRANCHES: Final[dict[str, sql.SQL]] = {
    "contract_signed": sql.SQL(
        """
        SELECT 'contract:' || contract.contract_id, contract.signed_on::timestamp AT TIME ZONE 'Asia/Shanghai', true,
               NULL::text, NULL::text, NULL::text, contract.currency, contract.amount_fen, contract.product, NULL::text, contract.purpose_text, ''
        FROM published.loan_contract AS contract WHERE contract.borrower_party_id = %(party_id)s
        """
    ),
    "disbursed": sql.SQL(
        """
        SELECT 'disbursed:' || paid.disbursement_id, paid.booked_at, false, paid.loan_id, NULL::text, NULL::text, paid.currency,
               paid.amount_fen, paid.payment_mode, NULL::text, '', ''
        FROM published.disbursement AS paid JOIN mine ON mine.loan_id = paid.loan_id
        """
    ),
    "repaid": sql.SQL(
        """
        SELECT 'repaid:' || paid.repayment_id, paid.paid_at, false, paid.loan_id, NULL::text, NULL::text, mine.currency,
               paid.principal_fen + paid.interest_fen + paid.penalty_fen,
               CASE WHEN paid.penalty_fen > 0 THEN 'with_penalty' ELSE '' END, NULL::text, '', ''
        FROM published.repayment AS paid
        JOIN mine ON mine.loan_id = paid.loan_id
        """
    ),
    "warning": sql.SQL(
        """
        SELECT 'warning:' || event.thread_id || ':' || event.version, event.at, false, thread.loan_id, thread.thread_id, NULL::text,
               NULL::text, NULL::bigint, event.kind, coalesce(event.data ->> 'level', thread.level), '', event.by
        FROM mine
        JOIN published.warning_thread AS thread ON thread.loan_id = mine.loan_id AND %(warned)s
        JOIN published.warning_event AS event ON event.thread_id = thread.thread_id
        WHERE event.kind NOT IN ('hit_grew', 'hit_shrank', 'hit_added', 'hit_superseded')
        """
    ),
    "guarantee": sql.SQL(
        """
        SELECT 'guarantee:' || given.guarantee_id, given.valid_from::timestamp AT TIME ZONE 'Asia/Shanghai', true,
               NULL::text, NULL::text,
               CASE WHEN given.guarantor_party_id = %(party_id)s THEN contract.borrower_party_id
                    ELSE given.guarantor_party_id END,
               given.currency, given.amount_fen,
               CASE WHEN given.guarantor_party_id = %(party_id)s THEN 'given' ELSE 'received' END, NULL::text, given.kind, ''
        FROM published.guarantee_contract AS given
        JOIN published.loan_contract AS contract ON contract.contract_id = given.contract_id
        WHERE given.guarantor_party_id <> contract.borrower_party_id
          AND (given.guarantor_party_id = %(party_id)s OR contract.borrower_party_id = %(party_id)s)
        """
    ),
    "relation": sql.SQL(
        """
        SELECT 'relation:' || relation.from_party_id || ':' || relation.to_party_id || ':' || relation.kind || ':'
               || relation.valid_from, relation.valid_from::timestamp AT TIME ZONE 'Asia/Shanghai', true, NULL::text, NULL::text,
               CASE WHEN relation.from_party_id = %(party_id)s THEN relation.to_party_id ELSE relation.from_party_id END,
               NULL::text, NULL::bigint, relation.kind, NULL::text, '', ''
        FROM published.party_relation AS relation
        WHERE (relation.from_party_id = %(party_id)s OR relation.to_party_id = %(party_id)s)
          AND relation.kind <> 'guarantees'
        """
    ),
    "relation_ended": sql.SQL(
        """
        SELECT 'relation_ended:' || relation.from_party_id || ':' || relation.to_party_id || ':' || relation.kind || ':'
               || relation.valid_from, relation.valid_to::timestamp AT TIME ZONE 'Asia/Shanghai', true, NULL::text, NULL::text,
               CASE WHEN relation.from_party_id = %(party_id)s THEN relation.to_party_id ELSE relation.from_party_id END,
               NULL::text, NULL::bigint, relation.kind, NULL::text, '', ''
        FROM published.party_relation AS relation
        WHERE (relation.from_party_id = %(party_id)s OR relation.to_party_id = %(party_id)s)
          AND relation.kind <> 'guarantees' AND relation.valid_to IS NOT NULL
        """
    ),
    "dispute_sheet": sql.SQL(
        """
        SELECT 'sheet:' || sheet.sheet_id, sheet.made_at, false, sheet.loan_id, sheet.sheet_id, NULL::text, mine.currency,
               sheet.amount_fen, sheet.use, NULL::text, sheet.number, sheet.made_by
        FROM mine
        JOIN published.dispute_sheet AS sheet ON sheet.loan_id = mine.loan_id
        """
    ),
    "check": sql.SQL(
        """
        SELECT 'check:' || event.check_id || ':' || event.version, event.at, false, event.loan_id, event.check_id, NULL::text,
               NULL::text, NULL::bigint, event.kind, NULL::text, checked.kind, event.by
        FROM mine
        JOIN published.check_event AS event ON event.loan_id = mine.loan_id
        JOIN published.loan_check AS checked ON checked.check_id = event.check_id
        WHERE event.kind IN ('created', 'taken_over', 'asked_for', 'submitted', 'returned', 'closed', 'reopened')
        """
    ),
    "contact": sql.SQL(
        """
        SELECT 'contact:' || contact.contact_id, contact.happened_at, false, contact.loan_id, NULL::text, NULL::text, NULL::text,
               NULL::bigint, contact.way, NULL::text, contact.said, contact.maker
        FROM published.contact AS contact
        WHERE contact.party_id = %(party_id)s
          AND NOT EXISTS (SELECT 1 FROM published.contact AS later WHERE later.corrects = contact.contact_id)
        """
    ),
}
KINDS: Final = tuple(_BRANCHES)


def events(
    connection: Database,
    party_id: str,
    kinds: Sequence[str],
    after: Place | None,
    limit: int,
    warned: bool,
) -> list[Row]:
    """Events of these kinds behind a place, the latest first. Future ends of relations are told too."""
    chosen = [kind for kind in KINDS if kind in kinds] or list(KINDS)
    branches = [
        sql.SQL("SELECT {}::text AS kind, made.* FROM ({}) AS made ({})").format(
            sql.Literal(kind), _BRANCHES[kind], _COLUMNS
        )
        for kind in chosen
    ]
    query = _MINE + sql.SQL(
        """
        SELECT happened.*, other.name AS other_name, coalesce(staff.name, happened.by) AS by_name
        FROM (
            SELECT * FROM ({}) AS happened
            WHERE %(at)s::timestamptz IS NULL OR (at, event_id COLLATE "C") < (%(at)s::timestamptz, %(event_id)s)
            ORDER BY at DESC, event_id COLLATE "C" DESC LIMIT %(limit)s
        ) AS happened
        LEFT JOIN published.party AS other ON other.party_id = happened.other_party_id
        LEFT JOIN published.staff AS staff ON staff.staff_id = happened.by AND happened.by <> ''
        ORDER BY happened.at DESC, happened.event_id COLLATE "C" DESC
        """
    ).format(sql.SQL(" UNION ALL ").join(branches))
    values: dict[str, Any] = {
        "party_id": party_id,
        "at": after[0] if after else None,
        "event_id": after[1] if after else "",
        "limit": limit,
        "warned": warned,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


_COLUMNS: Final = sql.SQL(
    "event_id, at, whole_day, loan_id, about_id, other_party_id, currency, amount_fen, code, level, text, by"
)
