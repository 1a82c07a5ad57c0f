"""What is planted is in the books, adds up, and shows nowhere but in the folder of truth."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from loantrail.demo.model import LOOK_ALIKES, PATTERNS, SIZES
from loantrail.demo.truth import read_truth
from loantrail.destinations.model import BY_NAME


def _moved(bank: Path, references: list[str]) -> pl.DataFrame:
    transactions = pl.read_parquet(bank / "trace" / "transactions.parquet")
    return transactions.filter(pl.col("transaction_id").is_in(references))


def test_every_pattern_and_every_look_alike_is_there(bank: Path) -> None:
    planted, look_alikes, _ = read_truth(bank)
    size = SIZES["small"]
    counts = dict(planted.group_by("pattern").len().iter_rows())
    assert set(counts) == set(PATTERNS)
    assert all(count >= size.per_pattern for count in counts.values())
    assert counts["MULTI_BORROWER_POOL"] >= 5
    assert dict(look_alikes.group_by("look_alike").len().iter_rows()) == dict.fromkeys(
        LOOK_ALIKES, size.per_look_alike
    )


def test_most_loans_are_honest(bank: Path) -> None:
    planted, _, _ = read_truth(bank)
    loans = pl.read_parquet(bank / "loan_note.parquet").height
    assert 0.02 < planted["loan_id"].n_unique() / loans < 0.15


def test_the_true_uses_of_a_loan_sum_to_what_was_paid_out(bank: Path) -> None:
    _, _, uses = read_truth(bank)
    notes = pl.read_parquet(bank / "loan_note.parquet").select("loan_id", "amount_fen")
    sums = uses.group_by("loan_id").agg(pl.col("amount_fen").sum().alias("used"))
    both = notes.join(sums, on="loan_id", how="left")
    assert both.filter(pl.col("used").is_null() | (pl.col("used") != pl.col("amount_fen"))).is_empty()


def test_planted_amounts_agree_with_their_movements(bank: Path) -> None:
    planted, _, _ = read_truth(bank)
    accounts = pl.read_parquet(bank / "loan_note.parquet").select("loan_id", "disbursement_account")
    checked = 0
    for row in planted.join(accounts, on="loan_id").iter_rows(named=True):
        moves = _moved(bank, row["references"])
        assert moves.height == len(row["references"])
        if not row["references"]:
            assert row["pattern"] == "IDLE_FUNDS"
            continue
        if row["pattern"] == "REPAY_SOURCE_ODD":
            assert moves["amount_fen"].sum() == 2 * row["amount_fen"]
            continue
        out = moves.filter(pl.col("debit_account") == row["disbursement_account"])["amount_fen"].sum()
        assert out >= row["amount_fen"], row["pattern"]
        if row["pattern"] in (
            "FLOW_SECURITIES",
            "FLOW_REALESTATE",
            "ROLLOVER_OTHER_DEBT",
            "SAME_NAME_OUT",
            "CASH_OUT",
        ):
            # What leaves the borrower arrives in full at the last account of the chain.
            payers = moves["debit_account"].to_list()
            ends = moves.filter(~pl.col("credit_account").is_in(payers) | pl.col("credit_account").is_null())
            assert ends["amount_fen"].sum() == row["amount_fen"] == out
            checked += 1
    assert checked >= 10


def test_split_payments_stay_below_the_limit_and_exceed_it_together(bank: Path) -> None:
    planted, _, _ = read_truth(bank)
    loans = pl.read_parquet(bank / "loan_note.parquet").join(
        pl.read_parquet(bank / "loan_contract.parquet").select("contract_id", "product"), on="contract_id"
    )
    limits = {"working_capital_loan": 10_000_000_00, "personal_business_loan": 500_000_00}
    rows = planted.filter(pl.col("pattern") == "STRUCTURING").join(loans, on="loan_id").iter_rows(named=True)
    for row in rows:
        moves = _moved(bank, row["references"])
        limit = limits[row["product"]]
        assert moves["credit_account"].n_unique() == 1
        assert (moves["amount_fen"] <= limit).all()
        assert moves["amount_fen"].sum() > limit
        assert (moves["booked_at"].max() - moves["booked_at"].min()).days < 7  # type: ignore[operator]  instants


def test_returns_to_a_guarantor_come_within_three_days(bank: Path) -> None:
    planted, _, _ = read_truth(bank)
    paid_out = pl.read_parquet(bank / "disbursement.parquet").select("loan_id", "booked_at", "amount_fen")
    for row in (
        planted.filter(pl.col("pattern") == "RETURN_TO_GUARANTOR")
        .join(paid_out, on="loan_id", suffix="_out")
        .iter_rows(named=True)
    ):
        moves = _moved(bank, row["references"])
        assert 0.2 < moves["amount_fen"].sum() / row["amount_fen_out"] < 1.25
        assert (moves["booked_at"].max() - row["booked_at"]).total_seconds() < 3 * 86_400  # type: ignore[operator]
        assert moves["credit_name"].str.contains("置业|房地产|土地").all()


def test_gathered_money_meets_in_one_account(bank: Path) -> None:
    planted, _, _ = read_truth(bank)
    rows = planted.filter(pl.col("pattern") == "MULTI_BORROWER_POOL")
    moves = _moved(bank, rows.explode("references")["references"].to_list())
    payers = moves["debit_account"].to_list()
    ends = moves.filter(~pl.col("credit_account").is_in(payers))
    assert ends["credit_account"].n_unique() == 1
    assert ends["amount_fen"].sum() == rows["amount_fen"].sum()


def test_shells_are_young_and_without_staff_or_tax(bank: Path) -> None:
    planted, _, _ = read_truth(bank)
    accounts = pl.read_parquet(bank / "account.parquet").select("account", "party_id")
    parties = pl.read_parquet(bank / "party.parquet")
    for row in planted.filter(pl.col("pattern") == "NEW_SHELL_PAYEE").iter_rows(named=True):
        payees = _moved(bank, row["references"]).select(pl.col("credit_account").alias("account"))
        shells = (
            payees.join(accounts, on="account")
            .join(parties, on="party_id")
            .filter(pl.col("insured_staff_count") == 0)
        )
        assert shells.height >= 1
        assert shells["tax_paid_on"].null_count() == shells.height
        assert all((row["planted_at"].date() - day).days < 190 for day in shells["registered_on"])


def test_nothing_the_bank_delivers_reveals_what_was_planted(bank: Path) -> None:
    planted, look_alikes, _ = read_truth(bank)
    stories = [word for word in LOOK_ALIKES if word not in BY_NAME]
    words = [*PATTERNS, *stories, "planted", "look_alike", "misuse", "挪用", *planted["route"].unique()]
    files = [path for path in bank.rglob("*.parquet") if path.parent.name != "truth"]
    assert len(files) > 20
    for path in files:
        frame = pl.read_parquet(path)
        assert not set(frame.columns) & {"pattern", "look_alike", "route", "also", "resembles"}
        for column in frame.select(pl.col(pl.String)).columns:
            if frame[column].n_unique() > 5000:
                continue
            texts = frame[column].drop_nulls().unique()
            assert not texts.is_in(words).any(), f"{path.name} {column}"
    # Payments of misuse carry remarks that honest payments carry too.
    transactions = pl.read_parquet(bank / "trace" / "transactions.parquet")
    special = (
        pl.concat([planted, look_alikes], how="diagonal_relaxed")
        .explode("references")["references"]
        .drop_nulls()
    )
    honest = set(transactions.filter(~pl.col("transaction_id").is_in(special.implode()))["purpose_text"])
    assert {"货款", "工资", "银证转账", "信用卡还款"} <= honest


def test_only_the_evaluation_reads_the_truth() -> None:
    root = Path(__file__).resolve().parents[2] / "src" / "loantrail"
    readers = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "read_truth" in path.read_text(encoding="utf-8")
        or "look_alikes.parquet" in path.read_text(encoding="utf-8")
    }
    assert readers <= {
        "demo/truth.py",
        "demo/evaluate.py",
        "demo/evaluate_warnings.py",
        "demo/running.py",
    }
