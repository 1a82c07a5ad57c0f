"""What the books hold: tables as the record types say, views for others, inputs of a trace."""

from __future__ import annotations

import datetime
from pathlib import Path

import polars as pl
import psycopg
import pytest
from tests.ledger.statement_lines import lines
from tests.ledger.test_importing import CONTRACT, PARTY, UNIT, Books

from loantrail.ledger.books.tracing_inputs import tracing_inputs
from loantrail.ledger.intake import RECORD_TYPES
from loantrail.ledger.pair_files import pair_files
from loantrail.records import Kind

pytestmark = pytest.mark.database

SQL_TYPES = {
    Kind.TEXT: "text", Kind.CHOICE: "text", Kind.AMOUNT_FEN: "bigint", Kind.INTEGER: "bigint", Kind.RATE_PPM: "bigint",
    Kind.DATE: "date", Kind.INSTANT: "timestamp with time zone", Kind.BOOLEAN: "boolean", Kind.CURRENCY: "character",
}  # fmt: skip
ELSEWHERE = {("statement_line", "source_file")}
"""The file's name stands in ledger.import_file."""


@pytest.fixture
def books(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.chdir(tmp_path)
    return Books(database_url, tmp_path)


def test_every_record_type_has_its_table_and_its_view(books: Books):
    found = {
        (schema, table, column): (kind, nullable)
        for schema, table, column, kind, nullable in books.ask(
            "SELECT table_schema, table_name, column_name, data_type, is_nullable FROM information_schema.columns "
            "WHERE table_schema IN ('parties', 'ledger', 'published')"
        )
    }
    for record_type in RECORD_TYPES.values():
        for field in record_type.fields:
            assert ("published", record_type.name, field.name) in found
            if (record_type.name, field.name) in ELSEWHERE:
                continue
            kind, nullable = found[(record_type.schema, record_type.name, field.name)]
            assert kind == SQL_TYPES[field.kind], (record_type.name, field.name)
            assert (nullable == "NO") == (field.required or field.default is not None), (
                record_type.name,
                field.name,
            )


def test_the_tables_know_the_same_choices_as_the_record_types(books: Books):
    checks = " ".join(
        text
        for (text,) in books.ask("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'")
    )
    for record_type in RECORD_TYPES.values():
        for field in record_type.fields:
            for choice in field.choices:
                assert f"'{choice}'" in checks, (record_type.name, field.name)


def test_a_trace_over_the_books_has_the_inputs_that_the_files_give(books: Books, tmp_path: Path):
    note = {
        "loan_id": "L1", "contract_id": "C1", "disbursement_account": "A", "amount_fen": 500, "currency": "CNY",
        "issued_on": datetime.date(2024, 3, 1), "matures_on": datetime.date(2025, 3, 1), "grant_kind": "new",
        "rate_ppm": 43_500, "balance_fen": 500, "state": "outstanding", "five_class": "normal", "unit_id": "0101",
    }  # fmt: skip
    disbursement = {
        "disbursement_id": "D1", "loan_id": "L1", "account": "A", "amount_fen": 500, "currency": "CNY",
        "booked_at": datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC), "payment_mode": "autonomous_payment",
        "unit_id": "0101",
    }  # fmt: skip
    frame = lines("""
        03-01 08:00 | A | credit | 500 | to=OUT bal=700
        03-01 09:00 | A | debit  | 100 | to=B bal=600
        03-01 09:00 | B | credit | 100 | to=A
        03-02 09:00 | B | debit  | 30  | to=Z
    """)
    books.take(
        books.write("rows.parquet", frame),
        books.records("organisation_unit", UNIT),
        books.records("party", PARTY),
        books.records("loan_contract", CONTRACT),
        books.records("loan_note", note),
        books.records("disbursement", disbursement),
    )
    with psycopg.connect(books.url) as connection:
        inputs = tracing_inputs(connection)
    frame.write_parquet(tmp_path / "rows.file")
    pair_files(tmp_path / "rows.file", tmp_path / "out")
    columns = ["booked_at", "sequence", "debit_account", "credit_account", "amount_fen"]
    from_files = pl.read_parquet(tmp_path / "out" / "transactions.parquet")
    assert inputs.transactions.select(columns).equals(from_files.select(columns))
    assert inputs.disbursements.rows() == [("L1", inputs.transactions.item(0, "transaction_id"))]
    assert inputs.balances.rows() == [("A", 200)]
    known = {one for (one,) in books.ask("SELECT transfer_id FROM published.transfer")}
    assert set(inputs.transactions.get_column("transaction_id")) == known
    assert books.ask("SELECT loan_id, borrower_name, product FROM published.loan") == [
        ("L1", PARTY["name"], "working_capital_loan")
    ]
