"""SQL of the schema `tracing`, and what a trace reads of other nouns through their published views."""

from __future__ import annotations

import datetime
from typing import Any, Final

import polars as pl
from psycopg import sql

from loantrail.ledger.books.store_then import as_then
from loantrail.ledger.pairs.store import read_frame, type_of_connection

USE_PATTERNS: Final = (
    "FLOW_SECURITIES", "FLOW_REALESTATE", "FORBIDDEN_USE", "PRIVATE_LENDING", "ROLLOVER_OTHER_DEBT",
    "ACCEPTANCE_MARGIN", "CASH_OUT",
)  # fmt: skip
"""Patterns that name what the money was used for; the others say how it moved."""

_INSTANT: Final = pl.Datetime("us", "UTC")
_T: Final = pl.String()
_FEN: Final = pl.Int64()
_DATE: Final = pl.Date()

CONTEXT: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "accounts": (
        "SELECT account, name, party_id, kind, unit_id FROM published.account ORDER BY account",
        {"account": _T, "name": _T, "owner": _T, "kind": _T, "unit_id": _T},
    ),
    "parties": (
        "SELECT party_id, name, kind, industry_code, identity_number, registered_on, insured_staff_count, tax_paid_on "
        "FROM published.party ORDER BY party_id",
        {
            "party_id": _T, "name": _T, "kind": _T, "industry_code": _T, "identity_number": _T,
            "registered_on": _DATE, "insured_staff_count": _FEN, "tax_paid_on": _DATE,
        },
    ),
    "loans": (
        "SELECT l.loan_id, l.contract_id, l.product, l.borrower_kind, l.amount_fen, "
        "(extract(epoch FROM d.booked_at) * 1000000)::bigint, l.borrower_party_id, l.disbursement_account, "
        "l.repayment_account, l.payment_mode, l.purpose_text, l.grant_kind, l.unit_id FROM published.loan l "
        "LEFT JOIN (SELECT loan_id, min(booked_at) AS booked_at FROM published.disbursement GROUP BY loan_id) d "
        "USING (loan_id) ORDER BY l.loan_id",
        {
            "loan_id": _T, "contract_id": _T, "product": _T, "customer_kind": _T, "amount_fen": _FEN,
            "disbursed_at": _INSTANT, "borrower_party_id": _T, "disbursement_account": _T, "repayment_account": _T,
            "payment_mode": _T, "purpose": _T, "grant_kind": _T, "unit_id": _T,
        },
    ),
    "contract_payees": (
        "SELECT p.contract_id, c.borrower_party_id, p.name, p.account, p.party_id FROM published.contract_payee p "
        "JOIN published.loan_contract c USING (contract_id) ORDER BY p.contract_id, p.name",
        {"contract_id": _T, "borrower_party_id": _T, "name": _T, "account": _T, "party_id": _T},
    ),
    "sides": (
        "SELECT l.loan_id, a.account FROM published.contract_party p JOIN published.loan_note l USING (contract_id) "
        "JOIN published.account a ON a.party_id = p.party_id ORDER BY l.loan_id, a.account",
        {"loan_id": _T, "account": _T},
    ),
    "orders": (
        "SELECT o.order_id, o.loan_id, l.borrower_party_id, o.payee_account, o.payee_name, o.amount_fen, o.document_no, "
        "o.valid_from, o.valid_to FROM published.entrusted_order o JOIN published.loan l USING (loan_id) ORDER BY o.order_id",
        {
            "order_id": _T, "loan_id": _T, "borrower_party_id": _T, "payee_account": _T, "payee_name": _T,
            "amount_fen": _FEN, "document_no": _T, "valid_from": _DATE, "valid_to": _DATE,
        },
    ),
    "invoices": (
        "SELECT invoice_id, seller_party_id, seller_name, buyer_party_id, buyer_name, issued_on, amount_fen, state "
        "FROM published.invoice ORDER BY invoice_id",
        {
            "invoice_id": _T, "seller_party_id": _T, "seller_name": _T, "buyer_party_id": _T, "buyer_name": _T,
            "issued_on": _DATE, "amount_fen": _FEN, "state": _T,
        },
    ),
    "relations": (
        "SELECT from_party_id, to_party_id, kind, share_ppm, valid_from, valid_to FROM published.party_relation "
        "ORDER BY from_party_id, to_party_id, kind, valid_from",
        {"from_party_id": _T, "to_party_id": _T, "kind": _T, "share_ppm": _FEN, "valid_from": _DATE, "valid_to": _DATE},
    ),
    "guarantors": (
        "SELECT l.loan_id, g.guarantor_party_id, g.valid_from, g.valid_to FROM published.guarantee_contract g "
        "JOIN published.loan_note l USING (contract_id) ORDER BY l.loan_id, g.guarantee_id",
        {"loan_id": _T, "guarantor_party_id": _T, "valid_from": _DATE, "valid_to": _DATE},
    ),
    "repayments": (
        "SELECT repayment_id, loan_id, (extract(epoch FROM paid_at) * 1000000)::bigint, principal_fen, interest_fen, "
        "account, reference FROM published.repayment ORDER BY repayment_id",
        {
            "repayment_id": _T, "loan_id": _T, "paid_at": _INSTANT, "principal_fen": _FEN, "interest_fen": _FEN,
            "account": _T, "reference": _T,
        },
    ),
    "schedules": (
        "SELECT loan_id, instalment_no, due_on, principal_fen, interest_fen FROM published.repayment_schedule "
        "ORDER BY loan_id, instalment_no",
        {"loan_id": _T, "instalment_no": _FEN, "due_on": _DATE, "principal_fen": _FEN, "interest_fen": _FEN},
    ),
    "unreconciled": (
        "SELECT account FROM published.reconciliation WHERE state = 'differs'",
        {"account": _T},
    ),
}  # fmt: skip
"""Frame -> (query, columns). Queries are constants; nothing of a user enters them."""


def read_context(connection: type_of_connection, then: bool = False) -> dict[str, pl.DataFrame]:
    """All frames of CONTEXT, as the books are, or with `then` as they were (`books_then`). Leaves the transaction open."""
    return {
        name: read_frame(connection, sql.SQL(as_then(query, then)), columns)
        for name, (query, columns) in CONTEXT.items()
    }


def data_version(connection: type_of_connection) -> str:
    """Names the state of the books: what was imported, paired, merged, corrected and changed by nightly files so far.
    Leaves the transaction open."""
    row = connection.execute(
        "SELECT (SELECT count(*) || ':' || coalesce(sum(rows_accepted), 0) FROM ledger.import_file) || ':' || "
        # Lines that were refused first and taken in later are counted by no file.
        "(SELECT coalesce(max(arrival_number), 0) FROM ledger.statement_line) || ':' || "
        "(SELECT count(*) || ':' || coalesce(max(version), 0) FROM ledger.transfer) || ':' || "
        "(SELECT count(*) || ':' || count(withdrawn_at) FROM published.destination_correction) || ':' || "
        "(SELECT coalesce(max(version_id), 0) FROM published.record_version) || "
        # Nothing is added where nobody ever merged, so that runs from before keep their version.
        "coalesce((SELECT ':' || count(*) || ':' || count(withdrawn_at) FROM published.account_merge "
        "HAVING count(*) > 0), '')"
    ).fetchone()
    return str(row[0]) if row else ""


def _copy(connection: type_of_connection, table: str, frame: pl.DataFrame) -> None:
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in frame.columns)
    query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier("tracing", table), columns)
    text_columns = [name for name, kind in frame.schema.items() if kind == pl.String]
    # Quoted, so that an empty text stays a text and null stays null.
    quoted = frame.with_columns(
        (pl.lit('"') + pl.col(name).str.replace_all('"', '""', literal=True) + pl.lit('"')).alias(name)
        for name in text_columns
    )
    with connection.cursor() as cursor, cursor.copy(query) as stream:
        for part in quoted.iter_slices(200_000):
            stream.write(part.write_csv(include_header=False, quote_style="never").encode())


def write_run(
    connection: type_of_connection,
    run: dict[str, str | int | datetime.date],
    frames: dict[str, pl.DataFrame],
    anew: bool = False,
) -> None:
    """Store one run with all its rows, make it the current one of its convention, drop the one before; commits.

    `frames`: table of the schema -> rows with `run_id`. A run that is already stored is left as it is, or with `anew`
    replaced by these rows.
    """
    connection.rollback()
    if anew:
        connection.execute("DELETE FROM tracing.run WHERE run_id = %s", (run["run_id"],))
    known = connection.execute("SELECT 1 FROM tracing.run WHERE run_id = %s", (run["run_id"],)).fetchone()
    if known is None:
        connection.execute(
            "INSERT INTO tracing.run (run_id, convention, data_version, software_version, opening, created_at, "
            "data_date, last_arrival, read_at, loan_count, event_count, hop_count, current) VALUES (%(run_id)s, "
            "%(convention)s, %(data_version)s, %(software_version)s, %(opening)s, %(created_at)s, %(data_date)s, "
            "%(last_arrival)s, %(read_at)s, %(loan_count)s, %(event_count)s, %(hop_count)s, false)",
            run,
        )
        for table, frame in frames.items():
            _copy(connection, table, frame)
        digest_leads(connection, str(run["run_id"]))
    connection.execute(
        "DELETE FROM tracing.run WHERE convention = %s AND current AND run_id <> %s",
        (run["convention"], run["run_id"]),
    )
    connection.execute("UPDATE tracing.run SET current = true WHERE run_id = %s", (run["run_id"],))
    connection.commit()
    connection.autocommit = True
    try:
        connection.execute(
            "ANALYZE tracing.hop, tracing.statement, tracing.loan_summary, tracing.destination"
        )
    finally:
        connection.autocommit = False


def digest_leads(connection: type_of_connection, run_id: str) -> None:
    """Note the leads of a run in the summaries of its loans.

    Leads of one loan may speak of the same money: the largest stands for the loan. Among equals one that says what
    the money was used for goes before one that says how it moved, then the order of the patterns' codes.
    """
    connection.execute(
        """
        UPDATE tracing.loan_summary AS summary
        SET suspected_fen = digest.amount_fen, suspected_pattern = digest.pattern, lead_count = digest.lead_count,
            patterns = digest.patterns, lead_classes = digest.classes
        FROM (
            SELECT loan_id, max(amount_fen) AS amount_fen, count(*) AS lead_count,
                   (array_agg(pattern ORDER BY amount_fen DESC, pattern <> ALL(%s), pattern))[1] AS pattern,
                   array_agg(DISTINCT pattern) AS patterns,
                   coalesce(array_agg(DISTINCT class) FILTER (WHERE class <> ''), '{}') AS classes
            FROM tracing.lead WHERE run_id = %s GROUP BY loan_id
        ) AS digest
        WHERE summary.run_id = %s AND summary.loan_id = digest.loan_id
        """,
        (list(USE_PATTERNS), run_id, run_id),
    )


def judged_later(connection: type_of_connection, last_arrival: int) -> frozenset[str]:
    """Loans that were judged with lines that arrived after that one."""
    rows = connection.execute(
        "SELECT loan_id FROM published.live_judged_loan WHERE last_arrival > %s", (last_arrival,)
    ).fetchall()
    return frozenset(str(row[0]) for row in rows)


def write_bounds(connection: type_of_connection, run_id: str, bounds: pl.DataFrame) -> None:
    """Set least, most and proven of statement lines (`loan_id, use, least_fen, most_fen, proven`); commits."""
    connection.execute(
        "CREATE TEMP TABLE found (loan_id text, use text, least bigint, most bigint, proven boolean)"
    )
    with connection.cursor() as cursor, cursor.copy("COPY found FROM STDIN") as stream:
        for row in bounds.select("loan_id", "use", "least_fen", "most_fen", "proven").iter_rows():
            stream.write_row(row)
    connection.execute(
        "UPDATE tracing.statement s SET least_fen = f.least, most_fen = f.most, proven = f.proven FROM found f "
        "WHERE s.run_id = %s AND s.loan_id = f.loan_id AND s.use = f.use",
        (run_id,),
    )
    connection.execute("DROP TABLE found")
    connection.commit()


def statement_uses(connection: type_of_connection, run_id: str, loan_id: str) -> list[str]:
    """The lines of one loan's statement."""
    rows = connection.execute(
        "SELECT use FROM tracing.statement WHERE run_id = %s AND loan_id = %s ORDER BY use", (run_id, loan_id)
    ).fetchall()
    return [str(row[0]) for row in rows]


def data_version_of_run(connection: type_of_connection, run_id: str) -> str | None:
    """The state of the books that a run was made from; None without the run."""
    row = connection.execute("SELECT data_version FROM tracing.run WHERE run_id = %s", (run_id,)).fetchone()
    connection.rollback()
    return None if row is None else str(row[0])


def read_extent_of_run(connection: type_of_connection, run_id: str) -> tuple[int, datetime.datetime] | None:
    """`(last_arrival, read_at)`: the state of the books that a run read; None where it does not say."""
    row = connection.execute(
        "SELECT last_arrival, read_at FROM tracing.run WHERE run_id = %s", (run_id,)
    ).fetchone()
    connection.rollback()
    return None if row is None or row[0] is None or row[1] is None else (int(row[0]), row[1])


CURRENT_RUN: Final = "SELECT run_id FROM tracing.run WHERE current AND convention = {}"
"""The run of a convention that screens read."""


def current_run_id(
    connection: type_of_connection, convention: str = "fifo", *, ends_transaction: bool = True
) -> str | None:
    """The run that screens read, if there is one. Without `ends_transaction` the caller's transaction goes on."""
    row = connection.execute(sql.SQL(CURRENT_RUN).format(sql.Literal(convention))).fetchone()
    if ends_transaction:
        connection.rollback()
    return str(row[0]) if row else None


def read_findings(connection: type_of_connection, run_id: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Statement (`loan_id, use, amount_fen`) and leads (`loan_id, pattern, amount_fen, class`) of a run."""
    where = sql.SQL(" WHERE run_id = {}").format(sql.Literal(run_id))
    statement = read_frame(
        connection,
        sql.SQL("SELECT loan_id, use, amount_fen FROM tracing.statement") + where,
        {"loan_id": _T, "use": _T, "amount_fen": _FEN},
    )
    leads = read_frame(
        connection,
        sql.SQL("SELECT loan_id, pattern, amount_fen, class FROM tracing.lead") + where,
        {"loan_id": _T, "pattern": _T, "amount_fen": _FEN, "class": _T},
    )
    connection.rollback()
    return statement, leads
