"""What the pages of instalments read, through the published views of each noun."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl
from psycopg import Connection
from psycopg.rows import dict_row

from loantrail.early_warning import frames as shapes

Database = Connection[Any]
Row = dict[str, Any]


def loan(connection: Database, loan_id: str) -> Row | None:
    """What the judging of payers needs of the loan; None when there is no such loan."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT note.loan_id, note.contract_id, note.product, note.borrower_kind AS customer_kind, note.amount_fen,
                   coalesce((SELECT min(booked_at) FROM published.disbursement AS paid
                             WHERE paid.loan_id = note.loan_id), note.issued_on::timestamptz) AS disbursed_at,
                   note.borrower_party_id, note.borrower_name,
                   coalesce(paid_to.survivor, note.disbursement_account) AS disbursement_account,
                   coalesce(repaid_from.survivor, note.repayment_account) AS repayment_account,
                   note.payment_mode, note.purpose_text AS purpose, note.grant_kind, note.currency
            FROM published.loan AS note
            LEFT JOIN published.merged_account AS paid_to ON paid_to.account = note.disbursement_account
            LEFT JOIN published.merged_account AS repaid_from ON repaid_from.account = note.repayment_account
            WHERE note.loan_id = %s
            """,
            (loan_id,),
        ).fetchone()


def repayments(connection: Database, loan_id: str) -> list[Row]:
    """All repayments of a loan, the latest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT repayment_id, paid_at, principal_fen, interest_fen, penalty_fen,
                   principal_fen + interest_fen + penalty_fen AS amount_fen,
                   coalesce(merged.survivor, repayment.account) AS account, reference
            FROM published.repayment AS repayment
            LEFT JOIN published.merged_account AS merged ON merged.account = repayment.account
            WHERE loan_id = %s ORDER BY paid_at DESC, repayment_id DESC
            """,
            (loan_id,),
        ).fetchall()


def own_accounts(connection: Database, loan_id: str) -> list[str]:
    """The accounts of the borrower, of co-borrowers and declared related parties, and those the loan names."""
    rows = connection.execute(
        """
        SELECT known.account FROM published.account AS account
        LEFT JOIN published.merged_account AS merged ON merged.account = account.account
        JOIN published.known_account AS known
            ON known.account = coalesce(merged.survivor, account.account) AND known.party_id = account.party_id
        WHERE account.party_id IN (
            SELECT borrower_party_id FROM published.loan WHERE loan_id = %(loan_id)s
            UNION
            SELECT party.party_id FROM published.contract_party AS party
            JOIN published.loan AS note USING (contract_id) WHERE note.loan_id = %(loan_id)s
        )
        UNION
        SELECT coalesce(merged.survivor, loan.disbursement_account) FROM published.loan AS loan
        LEFT JOIN published.merged_account AS merged ON merged.account = loan.disbursement_account
        WHERE loan.loan_id = %(loan_id)s
        """,
        {"loan_id": loan_id},
    ).fetchall()
    return [row[0] for row in rows]


def transfers(connection: Database, transfer_ids: Iterable[str]) -> dict[str, Row]:
    """Transfers by id."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT transfer_id, booked_at, debit_account, debit_name, credit_account, credit_name, amount_fen,
                   purpose_text, document_no, reference
            FROM published.seen_transfer WHERE transfer_uuid = ANY(%s::uuid[])
            """,
            (sorted(set(transfer_ids)),),
        ).fetchall()
    return {row["transfer_id"]: row for row in rows}


def accounts(connection: Database, names: Iterable[str]) -> dict[str, Row]:
    """Who holds each account: account -> account, owner, kind, name."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT account.account, account.party_id AS owner, account.kind, coalesce(party.name, account.name) AS name
            FROM published.known_account AS account LEFT JOIN published.party AS party USING (party_id)
            WHERE account.account = ANY(%s)
            """,
            (sorted(set(names)),),
        ).fetchall()
    return {row["account"]: row for row in rows}


def accounts_of(connection: Database, party_ids: Iterable[str]) -> dict[str, list[str]]:
    """Party -> its accounts."""
    rows = connection.execute(
        """
        SELECT DISTINCT known.party_id, known.account FROM published.account AS account
        LEFT JOIN published.merged_account AS merged ON merged.account = account.account
        JOIN published.known_account AS known
            ON known.account = coalesce(merged.survivor, account.account) AND known.party_id = account.party_id
        WHERE account.party_id = ANY(%s) ORDER BY known.account
        """,
        (sorted(set(party_ids)),),
    ).fetchall()
    found: dict[str, list[str]] = {}
    for party_id, account in rows:
        found.setdefault(party_id, []).append(account)
    return found


def loans_by_id(connection: Database, loan_ids: Iterable[str]) -> dict[str, Row]:
    """Loan -> its borrower and product."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT loan_id, borrower_party_id, borrower_name, product FROM published.loan WHERE loan_id = ANY(%s)",
            (sorted(set(loan_ids)),),
        ).fetchall()
    return {row["loan_id"]: row for row in rows}


def _frame(connection: Database, query: str, parameters: Row, shape: shapes.Shape) -> pl.DataFrame:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, parameters).fetchall()  # pyright: ignore[reportArgumentType]  constants below
    return shapes.fitted(pl.DataFrame(rows, schema=dict(shape), orient="row"), shape)


def papers(connection: Database, loan: Row, party_ids: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Relations up to two steps from the borrower, guarantors, contract payees and the borrower's invoices, and the
    parties they and `party_ids` name: frames of `loantrail.early_warning.frames`."""
    given = {
        "loan_id": loan["loan_id"],
        "contract_id": loan["contract_id"],
        "party": loan["borrower_party_id"],
    }
    relations = _frame(
        connection,
        """
        WITH near AS (
            SELECT from_party_id AS party_id FROM published.party_relation WHERE to_party_id = %(party)s
            UNION SELECT to_party_id FROM published.party_relation WHERE from_party_id = %(party)s
            UNION SELECT %(party)s
        )
        SELECT from_party_id, to_party_id, kind, share_ppm, valid_from, valid_to FROM published.party_relation
        WHERE from_party_id IN (SELECT party_id FROM near) OR to_party_id IN (SELECT party_id FROM near)
        """,
        given,
        shapes.RELATIONS,
    )
    guarantors = _frame(
        connection,
        "SELECT %(loan_id)s AS loan_id, guarantor_party_id, valid_from, valid_to FROM published.guarantee_contract"
        " WHERE contract_id = %(contract_id)s",
        given,
        shapes.GUARANTORS,
    )
    payees = _frame(
        connection,
        "SELECT contract_id, name, coalesce(merged.survivor, payee.account) AS account, party_id"
        " FROM published.contract_payee AS payee"
        " LEFT JOIN published.merged_account AS merged ON merged.account = payee.account"
        " WHERE contract_id = %(contract_id)s",
        given,
        shapes.CONTRACT_PAYEES,
    )
    invoices = _frame(
        connection,
        "SELECT invoice_id, seller_party_id, seller_name, buyer_party_id, buyer_name, issued_on, amount_fen, state"
        " FROM published.invoice WHERE seller_party_id = %(party)s OR buyer_party_id = %(party)s",
        given,
        shapes.INVOICES,
    )
    wanted = {*party_ids, loan["borrower_party_id"], *guarantors["guarantor_party_id"].to_list()}
    parties = _frame(
        connection,
        "SELECT party_id, name, kind, registered_on, insured_staff_count, tax_paid_on, identity_number"
        " FROM published.party WHERE party_id = ANY(%(parties)s)",
        {"parties": sorted(filter(None, wanted))},
        shapes.PARTIES,
    )
    return {
        "relations": relations,
        "guarantors": guarantors,
        "contract_payees": payees,
        "invoices": invoices,
        "parties": parties,
    }
