"""What a warning rests on: its transactions, the way that led there and on, whom the documents name, who is related to the borrower."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row


def payments(
    connection: Database, run_id: str, loan_id: str, transfer_ids: Sequence[str], limit: int
) -> list[Row]:
    """The transactions that carried most of the loan's money, of those named: one row each, with the loan's part of
    it, largest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT paid.transfer_id, paid.booked_at, paid.debit_account, paid.debit_name, paid.credit_account,
                   paid.credit_name, paid.amount_fen AS transfer_fen, coalesce(moved.loan_fen, 0) AS loan_fen,
                   paid.purpose_text, paid.document_no, judged.destination_class, judged.basis, judged.evidence
            FROM published.seen_transfer AS paid
            LEFT JOIN (
                SELECT transfer_id, sum(amount_fen)::bigint AS loan_fen FROM published.trace_hop
                WHERE run_id = %(run)s AND loan_id = %(loan)s AND transfer_id = ANY(%(ids)s) GROUP BY transfer_id
            ) AS moved USING (transfer_id)
            LEFT JOIN published.trace_destination AS judged
                ON judged.run_id = %(run)s AND judged.transfer_id = paid.transfer_id
            WHERE paid.transfer_uuid = ANY(%(ids)s::uuid[])
            ORDER BY loan_fen DESC, paid.amount_fen DESC, paid.booked_at, paid.transfer_id LIMIT %(limit)s
            """,
            {"run": run_id, "loan": loan_id, "ids": list(transfer_ids), "limit": limit},
        ).fetchall()


def way(
    connection: Database, run_id: str, loan_id: str, transfer_ids: Sequence[str], steps: int
) -> list[tuple[str, str | None, str | None]]:
    """The hops of the loan's money that led to these transactions, their own included: `(transfer_id, from_account,
    to_account)`, each once, in the order of time."""
    return connection.execute(
        """
        WITH RECURSIVE hop AS MATERIALIZED (
            SELECT hop_id, parent_hop_id, transfer_id, booked_at, from_account, to_account FROM published.trace_hop
            WHERE run_id = %(run)s AND loan_id = %(loan)s
        ), way (hop_id, parent_hop_id, transfer_id, booked_at, from_account, to_account, step) AS (
            SELECT hop.*, 0 FROM hop WHERE transfer_id = ANY(%(ids)s)
            UNION
            SELECT hop.*, way.step + 1 FROM way JOIN hop ON hop.hop_id = way.parent_hop_id WHERE way.step < %(steps)s
        )
        SELECT transfer_id, from_account, to_account FROM way GROUP BY 1, 2, 3 ORDER BY min(booked_at), 1
        """,
        {"run": run_id, "loan": loan_id, "ids": list(transfer_ids), "steps": steps},
    ).fetchall()


def onward(connection: Database, run_id: str, loan_id: str, transfer_ids: Sequence[str]) -> list[str]:
    """The transactions that carried the loan's money on from these, the largest first."""
    rows = connection.execute(
        """
        SELECT child.transfer_id FROM published.trace_hop AS child
        JOIN published.trace_hop AS parent
            ON parent.run_id = child.run_id AND parent.loan_id = child.loan_id AND parent.hop_id = child.parent_hop_id
        WHERE child.run_id = %(run)s AND child.loan_id = %(loan)s AND parent.transfer_id = ANY(%(ids)s)
            AND child.transfer_id <> ALL(%(ids)s)
        GROUP BY child.transfer_id ORDER BY sum(child.amount_fen) DESC, child.transfer_id
        """,
        {"run": run_id, "loan": loan_id, "ids": list(transfer_ids)},
    ).fetchall()
    return [row[0] for row in rows]


def largest(connection: Database, run_id: str, loan_id: str, but: Sequence[str], limit: int) -> list[str]:
    """The transactions that carried most of the loan's money, without those of `but`."""
    rows = connection.execute(
        """
        SELECT transfer_id FROM published.trace_hop
        WHERE run_id = %(run)s AND loan_id = %(loan)s AND transfer_id <> ALL(%(but)s)
        GROUP BY transfer_id ORDER BY sum(amount_fen) DESC, transfer_id LIMIT %(limit)s
        """,
        {"run": run_id, "loan": loan_id, "but": list(but), "limit": limit},
    ).fetchall()
    return [row[0] for row in rows]


def related(
    connection: Database, loan_id: str, accounts: Sequence[str], day: datetime.date
) -> Mapping[str, list[str]]:
    """account -> what its owner is to the loan's borrower on that day, of those that are anything: kinds of relations on record, parts
    in the contract, `controllers_spouse` for who is married to the controller or legal representative."""
    rows = connection.execute(
        """
        WITH lent AS (
            SELECT borrower_party_id, contract_id FROM published.loan WHERE loan_id = %(loan)s
        ), held AS (
            SELECT DISTINCT account, party_id FROM published.account
            WHERE account = ANY(%(accounts)s) AND party_id <> (SELECT borrower_party_id FROM lent)
        ), link AS (
            SELECT from_party_id AS one, to_party_id AS other, kind, valid_from, valid_to FROM published.party_relation
            UNION ALL
            SELECT to_party_id, from_party_id, kind, valid_from, valid_to FROM published.party_relation
        ), near AS (
            SELECT link.other AS party_id, link.kind FROM link JOIN lent ON link.one = lent.borrower_party_id
            WHERE link.valid_from <= %(day)s AND (link.valid_to IS NULL OR %(day)s < link.valid_to)
        )
        SELECT held.account, near.kind FROM held JOIN near USING (party_id)
        UNION
        SELECT held.account, part.role FROM held JOIN published.contract_party AS part USING (party_id)
        JOIN lent ON lent.contract_id = part.contract_id
        UNION
        SELECT held.account, 'controllers_spouse' FROM near
        JOIN link ON link.one = near.party_id AND link.kind = 'spouse'
            AND link.valid_from <= %(day)s AND (link.valid_to IS NULL OR %(day)s < link.valid_to)
        JOIN held ON held.party_id = link.other
        WHERE near.kind IN ('controller', 'legal_representative')
        ORDER BY 1, 2
        """,
        {"loan": loan_id, "accounts": list(accounts), "day": day},
    ).fetchall()
    found: dict[str, list[str]] = {}
    for account, kind in rows:
        found.setdefault(account, []).append(kind)
    return found


def named_payees(
    connection: Database, loan_id: str, document_nos: Sequence[str]
) -> tuple[list[str], Mapping[str, str]]:
    """Whom the contract of a loan names as payees, and invoice -> its seller."""
    payees = connection.execute(
        "SELECT payee.name FROM published.contract_payee AS payee JOIN published.loan AS loan USING (contract_id) "
        "WHERE loan.loan_id = %s ORDER BY payee.name",
        (loan_id,),
    ).fetchall()
    sellers = connection.execute(
        "SELECT invoice_id, seller_name FROM published.invoice WHERE invoice_id = ANY(%s)",
        (list(document_nos),),
    ).fetchall()
    return [row[0] for row in payees], dict(sellers)
