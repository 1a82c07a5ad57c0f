"""The demo bank behaves like one: money leaves to other banks, trades have seasons, sizes are as said."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from loantrail.demo.generate import generate


def test_the_small_bank_has_about_fifty_thousand_transactions(bank: Path) -> None:
    count = pl.read_parquet(bank / "trace" / "transactions.parquet").height
    assert 49_000 < count < 53_000


def test_most_of_what_customers_pay_leaves_the_bank(bank: Path) -> None:
    lines = pl.read_parquet(bank / "statement_line.parquet")
    accounts = pl.read_parquet(bank / "account.parquet")
    kinds = accounts.select("account", "kind")
    own = accounts.filter(pl.col("kind") != "external").select(counterparty_account="account")
    out = (
        lines.filter(pl.col("direction") == "debit")
        .join(kinds, on="account")
        .filter(pl.col("kind").is_in(["settlement", "savings"]))
    )
    leaving = out.join(own, on="counterparty_account", how="anti")["amount_fen"].sum()
    assert 0.5 < leaving / out["amount_fen"].sum() < 0.95


def test_farm_trade_sells_more_in_autumn_than_in_winter(bank: Path) -> None:
    lines = pl.read_parquet(bank / "statement_line.parquet")
    parties = pl.read_parquet(bank / "party.parquet").select("party_id", "industry_code")
    accounts = pl.read_parquet(bank / "account.parquet").select("account", "party_id")
    sales = (
        lines.filter((pl.col("direction") == "credit") & (pl.col("purpose_text") == "货款"))
        .filter(pl.col("document_no").is_null())
        .join(accounts, on="account")
        .join(parties, on="party_id")
        .with_columns(month=pl.col("booked_at").dt.convert_time_zone("Asia/Shanghai").dt.month())
    )
    monthly = dict(
        sales.filter(pl.col("industry_code") == "0511")
        .group_by("month")
        .agg(pl.col("amount_fen").sum())
        .iter_rows()
    )
    assert monthly[10] > 1.3 * monthly[2]


def test_some_pay_late_and_most_on_time(bank: Path) -> None:
    repaid = pl.read_parquet(bank / "repayment.parquet")
    late = (repaid["penalty_fen"] > 0).sum()
    assert 0.005 < late / repaid.height < 0.12


def test_payment_modes_keep_to_the_limits_of_honest_loans(bank: Path) -> None:
    notes = pl.read_parquet(bank / "loan_note.parquet").select("loan_id", "contract_id")
    contracts = pl.read_parquet(bank / "loan_contract.parquet")
    planted = pl.read_parquet(bank / "truth" / "planted.parquet").select("loan_id")
    honest = notes.join(planted, on="loan_id", how="anti").join(contracts, on="contract_id")
    free = honest.filter(pl.col("payment_mode") == "autonomous_payment")
    limits = {
        "working_capital_loan": 10_000_000_00,
        "fixed_asset_loan": 5_000_000_00,
        "consumer_loan": 500_000_00,
        "personal_business_loan": 500_000_00,
        "internet_loan": 200_000_00,
    }
    assert set(free["product"]) <= set(limits)
    for product, amount in free.select("product", "amount_fen").iter_rows():
        assert amount <= limits[product], product
    assert set(contracts["product"]) == {
        "working_capital_loan", "fixed_asset_loan", "project_finance", "acquisition_loan", "consumer_loan",
        "personal_business_loan", "mortgage_loan", "internet_loan", "designated_loan", "bank_advance",
    }  # fmt: skip


@pytest.mark.heavy
def test_the_medium_bank_has_about_a_million_transactions(tmp_path: Path) -> None:
    summary = generate("medium", 3, tmp_path)
    assert 980_000 < summary.transactions < 1_060_000
    assert summary.planted >= 18 * 8
    assert summary.planted / summary.loans < 0.05
