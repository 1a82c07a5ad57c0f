"""AMLSim and AMLworld transfers through the shipped mappings."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from loantrail.sources.dry_run import dry_run
from loantrail.sources.files import open_files

pytestmark = pytest.mark.realdata


def test_amlsim_transfers_become_two_lines_each(real_data: Path, tmp_path: Path) -> None:
    outcome = dry_run(open_files([real_data / "amlsim"]), tmp_path, lambda _name, _bytes: None)
    assert outcome.unusable == []
    assert set(outcome.formats.values()) == {"mapping"}
    transfers = pq.read_table(real_data / "amlsim" / "20K_cycle200" / "transactions.parquet").to_pylist()
    kept = [row for row in transfers if row["sourceNodeId"] != row["targetNodeId"]]
    assert (len(transfers), len(kept)) == (117_805, 117_791)
    assert dict(outcome.refused) == {"self_transfer": 14}

    rows = pl.read_parquet(tmp_path / "rows.parquet")
    total_cents = sum(int(Decimal(repr(row["value"])) * 100) for row in kept)
    for direction in ("debit", "credit"):
        side = rows.filter(direction=direction)
        assert side.height == 117_791
        assert side["amount_fen"].sum() == total_cents
    first = kept[0]
    assert rows.sort("position").select(
        "account", "counterparty_account", "direction", "amount_fen", "currency"
    ).rows()[:2] == [
        (str(first["sourceNodeId"]), str(first["targetNodeId"]), "debit", 14780, "USD"),
        (str(first["targetNodeId"]), str(first["sourceNodeId"]), "credit", 14780, "USD"),
    ]
    # day 1 is the day after the origin
    assert str(rows["booked_at"].min()) == "2017-01-02 00:00:00+00:00"

    accounts = pl.read_parquet(tmp_path / "account.parquet")
    nodes = pq.read_table(real_data / "amlsim" / "20K_cycle200" / "nodes.parquet").to_pylist()
    assert accounts.height == 20_000
    assert accounts["opening_balance_fen"].sum() == sum(
        int(Decimal(repr(row["init_balance"])) * 100) for row in nodes
    )


def test_amlworld_transfers_keep_the_currency_of_each_side(real_data: Path, tmp_path: Path) -> None:
    path = real_data / "amlworld" / "HI_transactions.parquet"
    outcome = dry_run(open_files([path]), tmp_path, lambda _name, _bytes: None)
    held = pq.read_table(path).to_pylist()

    def expected(row: dict[str, object]) -> str:
        for amount, currency in (
            ("Amount Paid", "Payment Currency"),
            ("Amount Received", "Receiving Currency"),
        ):
            if row[currency] == "Bitcoin":
                return "currency_unknown"
            finest = Decimal(1) if row[currency] == "Yen" else Decimal("0.01")
            if Decimal(repr(row[amount])) % finest:
                return "amount_finer_than_minor_unit"
        if (row["From Bank"], row["Account"]) == (row["To Bank"], row["Account.1"]):
            return "self_transfer"
        return "accepted"

    found = Counter(expected(row) for row in held)
    accepted = found.pop("accepted")
    assert dict(outcome.refused) == dict(found)
    assert outcome.accepted["statement_line"] == 2 * accepted
    assert (len(held), accepted, found["self_transfer"]) == (15_531, 13_638, 1_105)

    rows = pl.read_parquet(tmp_path / "rows.parquet")
    yuan = sum(
        int(Decimal(repr(row["Amount Paid"])) * 100)
        for row in held
        if expected(row) == "accepted" and row["Payment Currency"] == "Yuan"
    )
    assert rows.filter(direction="debit", currency="CNY")["amount_fen"].sum() == yuan
    exchanged = (
        rows.group_by("reference").agg(pl.col("currency").n_unique()).filter(pl.col("currency") == 2).height
    )
    assert exchanged == sum(
        expected(row) == "accepted" and row["Payment Currency"] != row["Receiving Currency"] for row in held
    )
