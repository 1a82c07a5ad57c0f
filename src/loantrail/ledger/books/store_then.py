"""SQL of the books as they were: earlier contents of changed records, beside the present ones, for one session."""

from __future__ import annotations

import datetime
import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, LiteralString, cast

import polars as pl
from psycopg import sql

from loantrail.ledger.merges.store import changed_since, merged_at
from loantrail.ledger.merging import known_accounts
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.ledger.store_versions import records_as_of

RECORDS: Final = (
    "party", "party_relation", "account", "loan_contract", "contract_payee", "contract_party", "loan_note",
    "disbursement", "entrusted_order", "repayment", "guarantee_contract", "invoice",
)  # fmt: skip
"""Records whose earlier contents a trace or a sheet reads."""
_PRESENT: Final = re.compile(rf"published\.({'|'.join((*RECORDS, 'loan', 'known_account'))})\b")
_LOAN: Final = """
CREATE TEMP VIEW then_loan AS
SELECT n.loan_id, n.contract_id, c.borrower_party_id, p.name AS borrower_name, p.kind AS borrower_kind,
       p.industry_code, c.product, c.purpose_text, c.payment_mode, c.amount_fen AS contract_amount_fen, c.signed_on,
       n.disbursement_account, n.repayment_account, n.amount_fen, n.currency, n.issued_on, n.matures_on,
       n.grant_kind, n.rate_ppm, n.balance_fen, n.state, n.five_class, n.unit_id
FROM pg_temp.then_loan_note n
JOIN pg_temp.then_loan_contract c USING (contract_id)
JOIN pg_temp.then_party p ON p.party_id = c.borrower_party_id
"""


def as_then(query: str, then: bool) -> LiteralString:
    """The query over the books as they were where `then` says so. Queries are constants; nothing of a user enters."""
    return cast(LiteralString, _PRESENT.sub(r"pg_temp.then_\1", query) if then else query)


@contextmanager
def books_then(connection: type_of_connection, at: datetime.datetime) -> Generator[bool]:
    """For the length of the block, records as they were at an instant stand in temporary tables that `as_then` leads
    to; False, and nothing is made, where no record changed and nothing was merged since. Commits."""
    connection.rollback()
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM published.record_version WHERE was_current AND superseded_at > %s)",
        (at,),
    ).fetchone()
    if not (row is not None and row[0]) and not changed_since(connection, at):
        connection.rollback()
        yield False
        return
    _drop(connection)
    for name in RECORDS:
        frame = records_as_of(connection, name, at)
        _fill(connection, name, frame)
        if name == "account":
            known = frame.drop("opening_balance_fen")
            filled = ("name", "party_id", "unit_id")
            _fill(connection, "known_account", known_accounts(known, merged_at(connection, at), filled))
    connection.execute(_LOAN)
    connection.commit()
    try:
        yield True
    finally:
        connection.rollback()
        _drop(connection)
        connection.commit()


def _drop(connection: type_of_connection) -> None:
    connection.execute("DROP VIEW IF EXISTS pg_temp.then_loan")
    for name in (*RECORDS, "known_account"):
        connection.execute(
            sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier("pg_temp", f"then_{name}"))
        )


def _fill(connection: type_of_connection, name: str, frame: pl.DataFrame) -> None:
    table = sql.Identifier("pg_temp", f"then_{name}")
    connection.execute(
        sql.SQL("CREATE TEMP TABLE {} (LIKE {})").format(
            sql.Identifier(f"then_{name}"), sql.Identifier("published", name)
        )
    )
    columns = sql.SQL(", ").join(sql.Identifier(column) for column in frame.columns)
    query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(table, columns)
    # Quoted, so that an empty text stays a text and null stays null.
    quoted = frame.with_columns(
        (pl.lit('"') + pl.col(column).str.replace_all('"', '""', literal=True) + pl.lit('"')).alias(column)
        for column, kind in frame.schema.items()
        if kind == pl.String
    )
    with connection.cursor() as cursor, cursor.copy(query) as stream:
        for part in quoted.iter_slices(200_000):
            stream.write(part.write_csv(include_header=False, quote_style="never").encode())
