"""Rows of banks that lack something."""

from __future__ import annotations

import datetime
from dataclasses import replace

import polars as pl
from tests.early_warning.bank import Bank, at

from loantrail.early_warning.frames import HOPS, LOANS, TRANSACTIONS
from loantrail.few_rows import empty
from loantrail.parameters import shipped_parameters
from loantrail.signals.catalogue import FIELDS, by_name, names, row_schema, schema
from loantrail.signals.rows import all_rows

DAYS = (datetime.date(2025, 3, 1), datetime.date(2025, 3, 10))


def small_bank() -> Bank:
    bank = Bank()
    bank.party("B")
    paid_out = bank.loan(100)
    bank.move(paid_out, "B.main", "S", 40, 2)
    return bank


def test_a_bank_without_loans_has_no_rows() -> None:
    bank = Bank()
    bank.pay("X", "Y", 3, 1)
    rows = all_rows(replace(bank.frames(), loans=empty(LOANS)), shipped_parameters(), DAYS)

    assert rows.schema == row_schema()
    assert rows.is_empty()


def test_a_loan_without_transactions_has_no_rows() -> None:
    frames = replace(small_bank().frames(), hops=empty(HOPS), transactions=empty(TRANSACTIONS))

    assert all_rows(frames, shipped_parameters(), DAYS).is_empty()


def test_a_loan_that_was_not_traced_has_rows_of_its_borrowers_payments_alone() -> None:
    frames = replace(small_bank().frames(), hops=empty(HOPS))
    rows = all_rows(frames, shipped_parameters())

    assert rows.select("transaction_id", "traced_amount_fen", "amount_fen").rows() == [
        ("T0001", 0, 40_000_000)
    ]


def test_days_begin_with_the_disbursement_and_rows_of_either_occasion_have_only_their_signals() -> None:
    rows = all_rows(small_bank().frames(), shipped_parameters(), DAYS)
    days = rows.filter(pl.col("occasion") == "day")

    assert days["business_date"].to_list() == [datetime.date(2025, 3, day) for day in range(3, 11)]
    only_movements = [field.name for field in FIELDS if field.grain == "movement"]
    assert days.select(only_movements).null_count().row(0) == (len(days),) * len(only_movements)
    only_days = [field.name for field in FIELDS if field.grain == "day"]
    movements = rows.filter(pl.col("occasion") == "movement")
    assert movements.select(only_days).null_count().row(0) == (len(movements),) * len(only_days)


def test_sums_and_counts_are_never_null() -> None:
    rows = all_rows(small_bank().frames(), shipped_parameters(), DAYS)

    for occasion in ("movement", "day"):
        part = rows.filter(pl.col("occasion") == occasion)
        counted = [name for name in names(occasion) if by_name(name).window]
        nullable = [name for name in counted if by_name(name).kind == "ppm" and "turnover" in name]
        assert part.select(set(counted) - set(nullable)).null_count().sum_horizontal().item() == 0


def test_types_are_those_of_the_catalogue() -> None:
    rows = all_rows(small_bank().frames(), shipped_parameters(), DAYS)

    assert {name: rows.schema[name] for name in schema()} == dict(schema())
    assert at(0) == rows["at"][0]
