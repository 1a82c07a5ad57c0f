"""Labelled cases: anyone may add a row to cases.csv."""

from __future__ import annotations

import datetime
from pathlib import Path

import polars as pl
import pytest

from loantrail.destinations.classify import classify
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.destinations.model import BY_NAME
from loantrail.parameters import shipped_parameters

CASES = Path(__file__).with_name("cases.csv")
LEAST_PERMILLE = {"STRONG": 1000, "MEDIUM": 950, "WEAK": 700}


@pytest.fixture(scope="module")
def judged() -> pl.DataFrame:
    cases = pl.read_csv(CASES, schema_overrides={"name": pl.String, "remark": pl.String})
    transactions = cases.select(
        transaction_id=pl.int_range(pl.len()).cast(pl.String),
        debit_account=pl.lit("PAYER"),
        credit_account=pl.when(pl.col("name").is_not_null()).then(pl.format("A{}", pl.int_range(pl.len()))),
        credit_name="name",
        purpose_text="remark",
        amount_fen=pl.lit(1_000_000),
    )
    result = classify(transactions, shipped_dictionary(), shipped_parameters(), datetime.date(2025, 6, 1))
    return cases.hstack(result.select(pl.col("destination_class").cast(pl.String), "evidence"))


def test_every_expected_class_exists(judged: pl.DataFrame) -> None:
    assert set(judged["expected"]) <= set(BY_NAME)
    assert judged.height >= 300


@pytest.mark.parametrize("tier", ["STRONG", "MEDIUM", "WEAK"])
def test_accuracy_by_tier(judged: pl.DataFrame, tier: str, capsys: pytest.CaptureFixture[str]) -> None:
    cases = judged.filter(pl.col("tier") == tier)
    wrong = cases.filter(pl.col("destination_class") != pl.col("expected"))
    right_permille = 1000 * (cases.height - wrong.height) // cases.height
    with capsys.disabled():
        print(f"\n{tier}: {cases.height - wrong.height} of {cases.height} right ({right_permille} permille)")  # noqa: T201  the measure is the point
    listing = "\n".join(
        f"{row['name']} | {row['remark']}: {row['destination_class']} not {row['expected']} ({row['evidence']})"
        for row in wrong.to_dicts()
    )
    assert right_permille >= LEAST_PERMILLE[tier], listing
