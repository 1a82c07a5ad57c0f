"""Real firms are companies: none may be taken for a fund, a developer or a lender."""

from __future__ import annotations

import datetime
from pathlib import Path

import polars as pl
import pytest

from loantrail.destinations.classify import classify
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.parameters import shipped_parameters


@pytest.mark.realdata
def test_names_of_real_firms_are_companies(real_data: Path) -> None:
    firms = pl.read_csv(real_data / "sme_invoices" / "firms.csv")
    transactions = firms.select(
        transaction_id="企业代号",
        debit_account=pl.lit("PAYER"),
        credit_account="企业代号",
        credit_name="企业名称",
        purpose_text=pl.lit("货款"),
        amount_fen=pl.lit(100),
    )
    classes = classify(transactions, shipped_dictionary(), shipped_parameters(), datetime.date(2025, 1, 1))[
        "destination_class"
    ]
    assert set(classes.cast(pl.String)) <= {"company"}
