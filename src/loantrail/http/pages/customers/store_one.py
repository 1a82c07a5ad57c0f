"""What the head of one customer's page reads."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final

from psycopg.rows import dict_row

from loantrail.http.pages.customers.store import LIVE_THREADS, OPEN_STATES
from loantrail.http.pages.instalments import Instalment
from loantrail.http.pages.store import Database, Row

LOANS_MAX: Final = 200
"""Loans and accounts of one customer that its page lists; more are counted."""


def facts(connection: Database, party_id: str) -> Row | None:
    """The party's record, in clear; None where there is no such party in reach."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT party.party_id, party.name, party.kind, party.is_customer, party.identity_kind, party.identity_number,
                   party.phone, party.industry_code, party.registered_on, party.insured_staff_count, party.tax_paid_on,
                   party.region_code, party.address, party.unit_id, coalesce(unit.name, party.unit_id) AS unit_name
            FROM published.party AS party LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = party.unit_id
            WHERE party.party_id = %s
            """,
            (party_id,),
        ).fetchone()


def managers(connection: Database, party_id: str) -> list[str]:
    """Who manages a loan of the party now, the leads first."""
    rows = connection.execute(
        """
        SELECT coalesce(staff.name, manager.staff_id) AS name FROM published.loan AS loan
        JOIN published.loan_manager AS manager ON manager.loan_id = loan.loan_id AND manager.valid_to IS NULL
        LEFT JOIN published.staff AS staff ON staff.staff_id = manager.staff_id
        WHERE loan.borrower_party_id = %s AND loan.state = ANY(%s)
        GROUP BY 1 ORDER BY min(CASE manager.role WHEN 'lead' THEN 0 ELSE 1 END), 1 LIMIT 20
        """,
        (party_id, list(OPEN_STATES)),
    ).fetchall()
    return [str(row[0]) for row in rows]


def loans(connection: Database, party_id: str, run_id: str | None, warned: bool) -> list[Row]:
    """The party's loans, alone or with others: those not settled first, the largest balance first; LOANS_MAX of them."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            WITH mine AS (
                SELECT contract_id, 'borrower' AS role FROM published.loan_contract
                WHERE borrower_party_id = %(party_id)s
                UNION
                SELECT named.contract_id, named.role FROM published.contract_party AS named
                WHERE named.party_id = %(party_id)s AND named.role = 'co_borrower'
            )
            SELECT note.loan_id, note.contract_id, mine.role, contract.product, contract.purpose_text, note.amount_fen,
                   note.balance_fen, note.currency, note.rate_ppm, note.issued_on, note.matures_on, note.state,
                   note.five_class, summary.suspected_fen, thread.thread_id, thread.level, thread.state AS thread_state,
                   thread.rule_codes, thread.due_at, thread.opened_at
            FROM mine
            JOIN published.loan_contract AS contract ON contract.contract_id = mine.contract_id
            JOIN published.loan_note AS note ON note.contract_id = mine.contract_id
            LEFT JOIN published.trace_loan_summary AS summary
                ON summary.run_id = %(run_id)s AND summary.loan_id = note.loan_id
            LEFT JOIN published.warning_thread AS thread ON thread.loan_id = note.loan_id AND %(warned)s
            ORDER BY note.state = ANY(%(open)s) DESC, note.balance_fen DESC, note.issued_on DESC, note.loan_id
            LIMIT %(most)s
            """,
            {
                "party_id": party_id,
                "run_id": run_id,
                "warned": warned,
                "open": list(OPEN_STATES),
                "most": LOANS_MAX,
            },
        ).fetchall()


def counts(connection: Database, party_id: str) -> Row:
    """`loan_count, open_count` as borrower, and `classes` of those not settled, null without any."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            """
            SELECT count(*) AS loan_count, count(*) FILTER (WHERE state = ANY(%(open)s)) AS open_count,
                   array_agg(DISTINCT five_class) FILTER (WHERE state = ANY(%(open)s)) AS classes
            FROM published.loan WHERE borrower_party_id = %(party_id)s
            """,
            {"party_id": party_id, "open": list(OPEN_STATES)},
        ).fetchone()
    assert found is not None  # an aggregate always gives a row
    return found


def levels(connection: Database, party_id: str) -> list[str]:
    """The levels of the open warnings about the party's loans."""
    rows = connection.execute(
        """
        SELECT DISTINCT thread.level FROM published.loan AS loan
        JOIN published.warning_thread AS thread ON thread.loan_id = loan.loan_id
        WHERE loan.borrower_party_id = %s AND thread.state = ANY(%s)
        """,
        (party_id, list(LIVE_THREADS)),
    ).fetchall()
    return [str(row[0]) for row in rows]


def schedules(connection: Database, loan_ids: Sequence[str]) -> dict[str, list[Instalment]]:
    """The instalments of each loan in order."""
    found: dict[str, list[Instalment]] = {}
    rows = connection.execute(
        """
        SELECT loan_id, instalment_no, due_on, principal_fen, interest_fen FROM published.repayment_schedule
        WHERE loan_id = ANY(%s) ORDER BY loan_id, due_on, instalment_no
        """,
        (list(loan_ids),),
    ).fetchall()
    for loan_id, *rest in rows:
        found.setdefault(loan_id, []).append(Instalment(*rest))
    return found


def paid(connection: Database, loan_ids: Sequence[str], on_date: datetime.date) -> dict[str, int]:
    """Principal and interest that came in on each loan up to the end of a business date."""
    rows = connection.execute(
        """
        SELECT loan_id, sum(principal_fen + interest_fen)::text FROM published.repayment
        WHERE loan_id = ANY(%s) AND (paid_at AT TIME ZONE 'Asia/Shanghai')::date <= %s GROUP BY loan_id
        """,
        (list(loan_ids), on_date),
    ).fetchall()
    return {loan_id: int(fen) for loan_id, fen in rows}


def accounts(connection: Database, party_id: str, run_id: str | None) -> tuple[list[Row], int]:
    """The party's accounts, those with statements of their own first; LOANS_MAX of them, and how many there are."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            WITH mine AS (
                SELECT account.*, count(*) OVER () AS account_count FROM published.known_account AS account
                WHERE account.party_id = %(party_id)s AND account.account = ANY(ARRAY(
                    SELECT coalesce(merged.survivor, named.account) FROM published.account AS named
                    LEFT JOIN published.merged_account AS merged ON merged.account = named.account
                    WHERE named.party_id = %(party_id)s
                ))
                ORDER BY account.closed_on IS NOT NULL, account.has_lines DESC, account.account LIMIT %(most)s
            )
            SELECT mine.account, mine.kind, mine.institution, mine.currency, mine.has_lines AS ours, mine.opened_on,
                   mine.closed_on, mine.account_count, last.balance_fen, last.booked_at AS balance_at,
                   coalesce(held.loan_fen, 0)::text AS loan_fen
            FROM mine
            LEFT JOIN LATERAL (
                SELECT line.balance_fen, line.booked_at FROM published.account_key AS key
                CROSS JOIN LATERAL (
                    SELECT balance_fen, booked_at, sequence, arrival_number FROM published.booked_line
                    WHERE account = key.account AND balance_fen IS NOT NULL
                    ORDER BY booked_at DESC, sequence DESC, arrival_number DESC LIMIT 1
                ) AS line
                WHERE key.survivor = mine.account
                ORDER BY line.booked_at DESC, line.sequence DESC, line.arrival_number DESC LIMIT 1
            ) AS last ON mine.has_lines
            LEFT JOIN LATERAL (
                SELECT sum(position.amount_fen) AS loan_fen FROM published.account_key AS key
                JOIN published.trace_position AS position
                    ON position.run_id = %(run_id)s AND position.account = key.account
                WHERE key.survivor = mine.account
            ) AS held ON true
            ORDER BY mine.closed_on IS NOT NULL, mine.has_lines DESC, mine.account
            """,
            {"party_id": party_id, "run_id": run_id, "most": LOANS_MAX},
        ).fetchall()
    return rows, rows[0]["account_count"] if rows else 0


def guaranteed(connection: Database, party_id: str, on_date: datetime.date | None) -> dict[str, int]:
    """What the party secures for others on a day (or without an end, without a day): currency -> fen."""
    rows = connection.execute(
        """
        SELECT given.currency, sum(given.amount_fen)::text FROM published.guarantee_contract AS given
        JOIN published.loan_contract AS contract ON contract.contract_id = given.contract_id
        WHERE given.guarantor_party_id = %(party_id)s AND contract.borrower_party_id <> %(party_id)s
          AND CASE WHEN %(on_date)s::date IS NULL THEN given.valid_to IS NULL
                   ELSE given.valid_from <= %(on_date)s::date
                        AND (given.valid_to IS NULL OR given.valid_to >= %(on_date)s::date) END
        GROUP BY given.currency
        """,
        {"party_id": party_id, "on_date": on_date},
    ).fetchall()
    return {currency: int(fen) for currency, fen in rows}


def group(connection: Database, party_id: str, on_date: datetime.date | None) -> list[Row]:
    """The group of connected clients: its head first, then its members, the party among them; empty without one."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            WITH belonging AS (
                SELECT from_party_id AS member, to_party_id AS head FROM published.party_relation
                WHERE kind = 'group_member'
                  AND CASE WHEN %(on_date)s::date IS NULL THEN valid_to IS NULL
                           ELSE valid_from <= %(on_date)s::date
                                AND (valid_to IS NULL OR valid_to > %(on_date)s::date) END
            ), heads AS (
                SELECT head FROM belonging WHERE member = %(party_id)s OR head = %(party_id)s
            ), members AS (
                SELECT head AS party_id, true AS is_head FROM heads
                UNION
                SELECT belonging.member, false FROM belonging JOIN heads USING (head)
            )
            SELECT party_id, party.name, bool_or(members.is_head) AS is_head
            FROM members JOIN published.party AS party USING (party_id)
            GROUP BY party_id, party.name, party.name_sort
            ORDER BY 3 DESC, coalesce(party.name_sort, party.name) COLLATE "C", party_id LIMIT 100
            """,
            {"party_id": party_id, "on_date": on_date},
        ).fetchall()


def last_contact(connection: Database, party_id: str, today: datetime.date) -> Row:
    """`contact_count`; of the latest entry that stands `happened_at`; and `next_step, next_on`: the soonest that is due today
    or later, else what the latest entry says. Null without any."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            """
            WITH standing AS (
                SELECT contact.happened_at, contact.made_at, contact.next_step, contact.next_on
                FROM published.contact AS contact
                WHERE contact.party_id = %(party_id)s
                  AND NOT EXISTS (SELECT 1 FROM published.contact AS later WHERE later.corrects = contact.contact_id)
            ), last AS (
                SELECT happened_at, next_step, next_on FROM standing ORDER BY happened_at DESC, made_at DESC LIMIT 1
            ), due AS (
                SELECT next_step, next_on FROM standing WHERE next_on >= %(today)s ORDER BY next_on, made_at DESC LIMIT 1
            )
            SELECT counted.contact_count, last.happened_at, coalesce(due.next_step, last.next_step) AS next_step,
                   CASE WHEN due.next_step IS NULL THEN last.next_on ELSE due.next_on END AS next_on
            FROM (SELECT count(*) AS contact_count FROM published.contact WHERE party_id = %(party_id)s) AS counted
            LEFT JOIN last ON true LEFT JOIN due ON true
            """,
            {"party_id": party_id, "today": today},
        ).fetchone()
    assert found is not None
    return found
