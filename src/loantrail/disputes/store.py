"""SQL of the schema `disputes`, and what a sheet reads of the books as they were."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import dict_row

from loantrail.ledger.books.store_then import as_then
from loantrail.ledger.books.tracing_inputs import AsOf

Database = Connection[Any]
Row = dict[str, Any]
_STORED_ID: Final = re.compile(r"[0-9a-f]{32}")


def run_state(connection: Database, run_id: str) -> Row | None:
    """Which state of the data a run stands on."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT run_id, convention, opening, data_version, software_version, data_date, last_arrival, read_at "
            "FROM published.trace_run WHERE run_id = %s",
            (run_id,),
        ).fetchone()


def transfers(connection: Database, as_of: AsOf, transfer_ids: Iterable[str]) -> dict[str, Row]:
    """Texts of transfers as they stood then, by id: amount, remark, document, reference, names, and both lines."""
    ids = sorted(filter(_STORED_ID.fullmatch, set(transfer_ids)))
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT replace(p.transfer_id::text, '-', '') AS transfer_id, p.amount_fen,
                   coalesce(d.purpose_text, c.purpose_text) AS purpose_text,
                   coalesce(d.document_no, c.document_no) AS document_no,
                   coalesce(d.reference, c.reference) AS reference,
                   coalesce(d.account_name, c.counterparty_name) AS debit_name,
                   coalesce(c.account_name, d.counterparty_name) AS credit_name,
                   p.debit_line, p.credit_line
            FROM published.pairing p
            JOIN published.booked_line d ON d.line_id = p.debit_line AND d.booked_at = p.debit_booked_at
            JOIN published.booked_line c ON c.line_id = p.credit_line AND c.booked_at = p.credit_booked_at
            WHERE p.transfer_id = ANY(%(ids)s::uuid[]) AND p.created_at <= %(read_at)s
              AND (p.superseded_at IS NULL OR p.superseded_at > %(read_at)s)
            UNION ALL
            SELECT replace(l.line_id::text, '-', ''), l.amount_fen, l.purpose_text, l.document_no, l.reference,
                   CASE WHEN l.direction = 'debit' THEN l.account_name ELSE l.counterparty_name END,
                   CASE WHEN l.direction = 'credit' THEN l.account_name ELSE l.counterparty_name END,
                   CASE WHEN l.direction = 'debit' THEN l.line_id END,
                   CASE WHEN l.direction = 'credit' THEN l.line_id END
            FROM published.booked_line l
            WHERE l.line_id = ANY(%(ids)s::uuid[]) AND l.arrival_number <= %(last_arrival)s
            """,
            {"ids": ids, "read_at": as_of.read_at, "last_arrival": as_of.last_arrival},
        ).fetchall()
    return {row["transfer_id"]: row for row in rows}


def loan_facts(connection: Database, loan_id: str, then: bool) -> Row | None:
    """What a sheet says about a loan, as it is or was; None when there is no such loan."""
    with connection.cursor(row_factory=dict_row) as cursor:
        facts = cursor.execute(
            as_then(
                "SELECT contract_id, borrower_name, product, purpose_text, payment_mode, currency, amount_fen, issued_on, "
                "matures_on FROM published.loan WHERE loan_id = %s",
                then,
            ),
            (loan_id,),
        ).fetchone()
        if facts is not None:
            facts["disbursements"] = cursor.execute(
                as_then(
                    "SELECT disbursement_id, booked_at, amount_fen, account FROM published.disbursement "
                    "WHERE loan_id = %s ORDER BY booked_at, disbursement_id",
                    then,
                ),
                (loan_id,),
            ).fetchall()
    return facts


def account_names(connection: Database, accounts: Iterable[str], then: bool) -> dict[str, str]:
    """Who holds, or held, each of `accounts`, where the books say so."""
    rows = connection.execute(
        as_then(
            "SELECT account.account, coalesce(party.name, account.name) FROM published.known_account AS account "
            "LEFT JOIN published.party AS party USING (party_id) WHERE account.account = ANY(%s)",
            then,
        ),
        (sorted(set(accounts)),),
    ).fetchall()
    return {account: name for account, name in rows if name}


def orders(connection: Database, loan_id: str, then: bool) -> list[Row]:
    """The entrusted-payment orders of a loan."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            as_then(
                "SELECT order_id, payee_account, payee_name, amount_fen, document_no, valid_from, valid_to "
                "FROM published.entrusted_order WHERE loan_id = %s ORDER BY order_id",
                then,
            ),
            (loan_id,),
        ).fetchall()


def invoices(connection: Database, invoice_ids: Iterable[str], then: bool) -> list[Row]:
    """Invoices by id."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            as_then(
                "SELECT invoice_id, seller_name, buyer_name, issued_on, amount_fen, tax_fen, state "
                "FROM published.invoice WHERE invoice_id = ANY(%s) ORDER BY invoice_id",
                then,
            ),
            (sorted(set(invoice_ids)),),
        ).fetchall()


def contract_payees(connection: Database, contract_id: str, then: bool) -> list[Row]:
    """The payees that the loan contract names."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            as_then(
                "SELECT name, account FROM published.contract_payee WHERE contract_id = %s ORDER BY name",
                then,
            ),
            (contract_id,),
        ).fetchall()


def corrections(
    connection: Database, read_at: datetime.datetime, accounts: Iterable[str], lines: Iterable[str]
) -> list[Row]:
    """Corrections of classes that stood then, of these accounts and statement lines."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT account, line_id, destination_class, reason, made_by, made_at
            FROM published.destination_correction
            WHERE made_at <= %(read_at)s AND (withdrawn_at IS NULL OR withdrawn_at > %(read_at)s)
              AND (account = ANY(%(accounts)s) OR line_id = ANY(%(lines)s::uuid[]))
            ORDER BY made_at
            """,
            {"read_at": read_at, "accounts": sorted(set(accounts)), "lines": sorted(set(lines))},
        ).fetchall()


def loan_unit(connection: Database, loan_id: str) -> str | None:
    """The unit that a loan belongs to."""
    row = connection.execute("SELECT unit_id FROM published.loan WHERE loan_id = %s", (loan_id,)).fetchone()
    return None if row is None else str(row[0])


def keep(connection: Database, sheet: Mapping[str, object]) -> Row:
    """Store a sheet with the next number, or find the one that says the same; its row."""
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            """
            INSERT INTO disputes.sheet (sheet_id, number, loan_id, use, transfer_id, amount_fen, content, sha256,
                                        made_at, made_by, unit_id)
            SELECT %(sheet_id)s, 'ZY' || %(year)s || lpad(nextval('disputes.sheet_number')::text, 6, '0'), %(loan_id)s,
                   %(use)s, %(transfer_id)s, %(amount_fen)s, %(content)s, %(sha256)s, %(made_at)s, %(made_by)s,
                   %(unit_id)s
            WHERE NOT EXISTS (SELECT 1 FROM disputes.sheet WHERE sheet_id = %(sheet_id)s)
            ON CONFLICT (sheet_id) DO NOTHING
            """,
            sheet,
        )
        found = cursor.execute(
            "SELECT * FROM published.dispute_sheet WHERE sheet_id = %s", (sheet["sheet_id"],)
        ).fetchone()
    assert found is not None
    return found


def find(connection: Database, name: str) -> Row | None:
    """A sheet by its id or number."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT * FROM published.dispute_sheet WHERE sheet_id = %(name)s OR number = %(name)s",
            {"name": name},
        ).fetchone()


def sheets_of_loan(connection: Database, loan_id: str) -> Sequence[Row]:
    """The sheets of a loan, the latest first, without their contents."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT sheet_id, number, loan_id, use, transfer_id, amount_fen, made_at, made_by "
            "FROM published.dispute_sheet WHERE loan_id = %s ORDER BY made_at DESC, number DESC",
            (loan_id,),
        ).fetchall()
