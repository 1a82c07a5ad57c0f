"""The books of the demo bank are whole: types, balances, both sides of each transfer, references."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from loantrail.demo.generate import generate
from loantrail.demo.writing import POLARS_TYPE
from loantrail.ledger.model import RECORD_TYPES as LEDGER
from loantrail.parties.model import RECORD_TYPES as PARTIES
from loantrail.records import Kind, RecordType


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_bank(bank: Path, tmp_path: Path) -> None:
    generate("small", 11, tmp_path / "again")
    assert _content(tmp_path / "again") == _content(bank)
    generate("small", 12, tmp_path / "other")
    assert _content(tmp_path / "other")["statement_line.parquet"] != _content(bank)["statement_line.parquet"]


@pytest.mark.parametrize("record_type", PARTIES + LEDGER, ids=lambda record_type: record_type.name)
def test_each_record_type_is_delivered_as_declared(bank: Path, record_type: RecordType) -> None:
    frame = pl.read_parquet(bank / f"{record_type.name}.parquet")
    assert frame.columns == list(record_type.field_names)
    assert frame.height > 0
    assert frame.select(record_type.key).is_duplicated().sum() == 0
    for field in record_type.fields:
        values = frame[field.name]
        assert values.dtype == POLARS_TYPE[field.kind], field.name
        if field.required:
            assert values.null_count() == 0, field.name
        if field.minimum is not None:
            assert (values.drop_nulls() >= field.minimum).all(), field.name
        if field.kind is Kind.CHOICE:
            assert set(values.drop_nulls()) <= set(field.choices), field.name
        if field.references:
            table, column = field.references.split(".")
            known = pl.read_parquet(bank / f"{table}.parquet", columns=[column])[column]
            missing = set(values.drop_nulls()) - set(known)
            assert not missing, field.name


def test_running_balances_follow_from_opening_balances(bank: Path) -> None:
    lines = pl.read_parquet(bank / "statement_line.parquet").sort("account", "sequence")
    accounts = pl.read_parquet(bank / "account.parquet").select("account", "opening_balance_fen")
    signed = pl.when(pl.col("direction") == "credit").then("amount_fen").otherwise(-pl.col("amount_fen"))
    checked = lines.join(accounts, on="account", how="left").with_columns(
        expected=pl.col("opening_balance_fen") + signed.cum_sum().over("account"),
        place=pl.int_range(1, pl.len() + 1).over("account"),
    )
    assert checked.filter(pl.col("expected") != pl.col("balance_fen")).height == 0
    assert checked["opening_balance_fen"].null_count() == 0
    assert (checked["place"] == checked["sequence"]).all()


def test_positions_of_a_file_are_whole_and_in_order_of_time(bank: Path) -> None:
    lines = pl.read_parquet(bank / "statement_line.parquet")
    assert lines["source_file"].n_unique() == 12
    for part in lines.partition_by("source_file"):
        assert part["position"].to_list() == list(range(1, part.height + 1))
        assert part["booked_at"].is_sorted()


def test_a_transfer_between_our_accounts_shows_once_in_each(bank: Path) -> None:
    lines = pl.read_parquet(bank / "statement_line.parquet")
    own = pl.read_parquet(bank / "account.parquet").filter(pl.col("kind") != "external").select("account")
    inside = lines.join(
        own.rename({"account": "counterparty_account"}), on="counterparty_account", how="semi"
    )
    pairs = inside.group_by("reference").agg(
        pl.len(),
        (pl.col("direction") == "debit").sum().alias("debits"),
        pl.col("amount_fen").n_unique().alias("amounts"),
        pl.col("account").filter(pl.col("direction") == "debit").first().alias("payer"),
        pl.col("counterparty_account").filter(pl.col("direction") == "credit").first().alias("said_payer"),
    )
    assert pairs.height > 10_000
    assert pairs.filter(
        (pl.col("len") != 2)
        | (pl.col("debits") != 1)
        | (pl.col("amounts") != 1)
        | (pl.col("payer") != pl.col("said_payer"))
    ).is_empty()
    outside = lines.join(inside.select("reference").unique(), on="reference", how="anti")
    assert outside["reference"].n_unique() == outside.height


def test_statement_and_two_sided_files_tell_the_same(bank: Path) -> None:
    transactions = pl.read_parquet(bank / "trace" / "transactions.parquet")
    lines = pl.read_parquet(bank / "statement_line.parquet")
    assert transactions["transaction_id"].n_unique() == transactions.height
    assert set(lines["reference"]) == set(transactions["transaction_id"])
    debits = lines.filter(pl.col("direction") == "debit").select("reference", "account", "amount_fen")
    joined = debits.join(transactions, left_on="reference", right_on="transaction_id")
    assert joined.height == debits.height
    assert (joined["account"] == joined["debit_account"]).all()
    assert (joined["amount_fen"] == joined["amount_fen_right"]).all()


def test_nobody_is_overdrawn_but_a_few_who_may_be(bank: Path) -> None:
    lines = pl.read_parquet(bank / "statement_line.parquet")
    overdrawn = lines.filter(pl.col("balance_fen") < 0)["account"].n_unique()
    assert 1 <= overdrawn <= lines["account"].n_unique() // 50


def test_reversals_take_back_an_earlier_movement_of_like_amount(bank: Path) -> None:
    transactions = pl.read_parquet(bank / "trace" / "transactions.parquet")
    reversals = transactions.filter(pl.col("reverses").is_not_null())
    both = reversals.join(transactions, left_on="reverses", right_on="transaction_id", suffix="_first")
    assert both.height == reversals.height >= 5
    assert (both["amount_fen"] <= both["amount_fen_first"]).all()
    assert (both["credit_account"] == both["debit_account_first"]).all()
    assert (both["booked_at"] > both["booked_at_first"]).all()
    lines = pl.read_parquet(bank / "statement_line.parquet")
    assert set(lines["reverses"].drop_nulls()) == set(reversals["reverses"])


def test_disbursements_and_repayments_point_at_their_movements(bank: Path) -> None:
    transactions = pl.read_parquet(bank / "trace" / "transactions.parquet")
    paid_out = pl.read_parquet(bank / "disbursement.parquet").join(
        transactions, left_on="reference", right_on="transaction_id", suffix="_moved"
    )
    notes = pl.read_parquet(bank / "loan_note.parquet")
    assert (paid_out["amount_fen"] == paid_out["amount_fen_moved"]).all()
    assert (paid_out["account"] == paid_out["credit_account"]).all()
    assert paid_out["amount_fen"].sum() == notes["amount_fen"].sum()
    repaid = pl.read_parquet(bank / "repayment.parquet").join(
        transactions, left_on="reference", right_on="transaction_id"
    )
    parts = repaid["principal_fen"] + repaid["interest_fen"] + repaid["penalty_fen"]
    assert (parts == repaid["amount_fen"]).all()
    principal = repaid.group_by("loan_id").agg(pl.col("principal_fen").sum().alias("repaid"))
    standing = notes.join(principal, on="loan_id", how="left").with_columns(pl.col("repaid").fill_null(0))
    assert (standing["amount_fen"] - standing["repaid"] == standing["balance_fen"]).all()
    assert set(notes["state"]) >= {"outstanding", "overdue"}
    schedule = pl.read_parquet(bank / "repayment_schedule.parquet")
    due = schedule.group_by("loan_id").agg(pl.col("principal_fen").sum().alias("due"))
    assert (notes.join(due, on="loan_id")["due"] == notes.join(due, on="loan_id")["amount_fen"]).all()


def test_outside_accounts_never_run_into_debt_in_the_two_sided_file(bank: Path) -> None:
    transactions = pl.read_parquet(bank / "trace" / "transactions.parquet")
    own = set(pl.read_parquet(bank / "trace" / "balances.parquet")["account"])
    held: dict[str, int] = {}
    passed_on = 0
    for debit, credit, amount in transactions.select(
        "debit_account", "credit_account", "amount_fen"
    ).iter_rows():
        if debit is not None and debit not in own:
            held[debit] = held.get(debit, 0) - amount
            passed_on += 1
            assert held[debit] >= 0
        if credit is not None and credit not in own:
            held[credit] = held.get(credit, 0) + amount
    assert passed_on > 10
