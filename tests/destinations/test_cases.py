"""Labelled cases: anyone may add a row to cases.csv."""

from __future__ import annotations

import datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from loantrail.destinations.candidates import FEW
from loantrail.destinations.classify import classify
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.destinations.model import BY_NAME
from loantrail.parameters import shipped_parameters

CASES = Path(__file__).with_name("cases.csv")
LEAST_PERMILLE = {"STRONG": 1000, "MEDIUM": 950, "WEAK": 700}


def labelled_cases() -> pl.DataFrame:
    return pl.read_csv(CASES, schema_overrides={"name": pl.String, "remark": pl.String})


def labelled_payments(cases: pl.DataFrame) -> pl.DataFrame:
    return cases.select(
        transaction_id=pl.int_range(pl.len()).cast(pl.String),
        debit_account=pl.lit("PAYER"),
        credit_account=pl.when(pl.col("name").is_not_null()).then(pl.format("A{}", pl.int_range(pl.len()))),
        credit_name="name",
        purpose_text="remark",
        amount_fen=pl.lit(1_000_000),
    )


@pytest.fixture(scope="module")
def cases() -> pl.DataFrame:
    return labelled_cases()


@pytest.fixture(scope="module")
def transactions(cases: pl.DataFrame) -> pl.DataFrame:
    return labelled_payments(cases)


def classes(transactions: pl.DataFrame) -> pl.DataFrame:
    return classify(transactions, shipped_dictionary(), shipped_parameters(), datetime.date(2025, 6, 1))


@pytest.fixture(scope="module")
def judged(cases: pl.DataFrame, transactions: pl.DataFrame) -> pl.DataFrame:
    result = classes(transactions)
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


@pytest.mark.parametrize("at_once", [1, 40])
def test_few_are_judged_as_many_are(transactions: pl.DataFrame, at_once: int) -> None:
    assert len(transactions) > FEW
    some = transactions.sample(len(transactions) if at_once > 1 else 60, seed=3, shuffle=True)

    in_parts = pl.concat([classes(part) for part in some.iter_slices(at_once)])

    whole = classes(transactions)
    expected = some.select("transaction_id").join(whole, on="transaction_id", maintain_order="left")
    assert_frame_equal(in_parts, expected.select(in_parts.columns))
