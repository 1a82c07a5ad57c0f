"""What a check rests on, read through the published views of other nouns: the statement, its leads, and papers of the books."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import polars as pl
from psycopg.rows import dict_row

from loantrail.destinations.names import company_key
from loantrail.inspections.papers import Invoice, Known, Named
from loantrail.inspections.store import Database, Row


def loan(connection: Database, loan_id: str) -> Row | None:
    """`product, borrower_kind, borrower_party_id, borrower_name, contract_id, currency, paid_out_on` of a loan; None where the
    books have none."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT loan.product, loan.borrower_kind, loan.borrower_party_id, loan.borrower_name, loan.contract_id,
                   loan.currency, (
                       SELECT (min(booked_at) AT TIME ZONE 'Asia/Shanghai')::date FROM published.disbursement
                       WHERE loan_id = loan.loan_id
                   ) AS paid_out_on
            FROM published.loan AS loan WHERE loan.loan_id = %s
            """,
            (loan_id,),
        ).fetchone()


def run(connection: Database) -> tuple[str, datetime.date | None] | None:
    """`(run_id, data_date)` of the trace that stands; None before the first."""
    return connection.execute(
        "SELECT run_id, data_date FROM published.trace_run WHERE current AND convention = 'fifo'"
    ).fetchone()


def statement(connection: Database, run_id: str, loan_id: str) -> list[Row]:
    """The lines of a loan's statement, the largest first; `suspected`: a lead speaks of the use."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT line.use, line.line_group, line.amount_fen, EXISTS (
                       SELECT 1 FROM published.trace_lead AS lead
                       WHERE lead.run_id = line.run_id AND lead.loan_id = line.loan_id AND lead.class = line.use
                   ) AS suspected
            FROM published.trace_statement AS line
            WHERE line.run_id = %s AND line.loan_id = %s ORDER BY line.amount_fen DESC, line.use
            """,
            (run_id, loan_id),
        ).fetchall()


def seen_fen(connection: Database, run_id: str, loan_id: str) -> int:
    """What of the loan was followed to a final use."""
    row = connection.execute(
        "SELECT seen_fen FROM published.trace_loan_summary WHERE run_id = %s AND loan_id = %s",
        (run_id, loan_id),
    ).fetchone()
    return int(row[0]) if row else 0


def parties(connection: Database, accounts: Iterable[str]) -> dict[str, str]:
    """account -> who holds it, where the books say so."""
    rows = connection.execute(
        "SELECT account, party_id FROM published.account WHERE account = ANY(%s) AND party_id IS NOT NULL",
        (sorted(set(accounts)),),
    ).fetchall()
    return dict(rows)


def known(connection: Database, loan_id: str, facts: Row, earliest: datetime.date | None) -> Known:
    """The papers of the books for a loan: payees of its contract, its payment orders, and valid invoices to its borrower that
    were issued from `earliest` on."""
    contracts = connection.execute(
        "SELECT payee.contract_id, coalesce(merged.survivor, payee.account), payee.party_id, payee.name "
        "FROM published.contract_payee AS payee LEFT JOIN published.merged_account AS merged USING (account) "
        "WHERE payee.contract_id = %s ORDER BY payee.name",
        (facts["contract_id"],),
    ).fetchall()
    orders = connection.execute(
        "SELECT placed.order_id, coalesce(merged.survivor, placed.payee_account), NULL, placed.payee_name "
        "FROM published.entrusted_order AS placed "
        "LEFT JOIN published.merged_account AS merged ON merged.account = placed.payee_account "
        "WHERE placed.loan_id = %s ORDER BY placed.order_id",
        (loan_id,),
    ).fetchall()
    invoices = connection.execute(
        "SELECT invoice_id, seller_party_id, seller_name, amount_fen + tax_fen, issued_on FROM published.invoice "
        "WHERE state = 'valid' AND (buyer_party_id = %(party)s OR (buyer_party_id IS NULL AND buyer_name = %(name)s)) "
        "AND (%(earliest)s::date IS NULL OR issued_on >= %(earliest)s) ORDER BY invoice_id",
        {"party": facts["borrower_party_id"], "name": facts["borrower_name"], "earliest": earliest},
    ).fetchall()
    keys = name_keys([row[3] for row in (*contracts, *orders)] + [row[2] for row in invoices])
    return Known(
        contracts=[_named(row, keys) for row in contracts],
        orders=[_named(row, keys) for row in orders],
        invoices=[Invoice(row[0], row[1] or "", keys.get(row[2], ""), row[3], row[4]) for row in invoices],
    )


def _named(row: tuple[str, str | None, str | None, str | None], keys: dict[str, str]) -> Named:
    number, account, party_id, name = row
    return Named(number, account or "", party_id or "", keys.get(name or "", ""))


def name_keys(names: Iterable[str | None]) -> dict[str, str]:
    """Name -> what two spellings of one company's name share; names of which nothing is left are not in it."""
    wanted = sorted({name for name in names if name})
    if not wanted:
        return {}
    frame = pl.DataFrame({"name": wanted}).select("name", key=company_key("name")).drop_nulls()
    return {name: key for name, key in frame.iter_rows() if key}
