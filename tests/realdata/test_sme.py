"""Firms and invoices of 123 Chinese small enterprises through the shipped mappings."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from loantrail.sources.dry_run import dry_run
from loantrail.sources.files import open_files

pytestmark = pytest.mark.realdata


def test_firms_become_parties_and_invoices_become_invoices(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "sme_invoices"
    outcome = dry_run(open_files([folder]), tmp_path, lambda _name, _bytes: None)
    assert outcome.unusable == []
    assert outcome.refused_total == 0
    assert dict(outcome.read) == {"party": 123, "invoice": 210_947 + 162_484}

    with (folder / "firms.csv").open(encoding="utf-8") as stream:
        firms = {row["企业代号"]: row["企业名称"] for row in csv.DictReader(stream)}
    assert dict(pl.read_parquet(tmp_path / "party.parquet").select("party_id", "name").iter_rows()) == firms

    # rows that are the same in every field are one invoice
    distinct: dict[tuple[object, ...], tuple[int, int, str]] = {}
    for side, other in (("input", "销方单位代号"), ("output", "购方单位代号")):
        for row in pq.read_table(folder / f"{side}_invoice.parquet").to_pylist():
            key = (
                row["企业代号"],
                row["发票号码"],
                row[other],
                row["开票日期"],
                row["金额"],
                row["税额"],
                row["发票状态"].strip(),
                side,
            )
            distinct[key] = (
                int(Decimal(repr(row["金额"])) * 100),
                int(Decimal(repr(row["税额"])) * 100),
                "void" if "作废" in row["发票状态"] else "valid",
            )
    invoices = pl.read_parquet(tmp_path / "invoice.parquet")
    assert invoices.height == len(distinct) == 210_144 + 158_048
    assert outcome.duplicate["invoice"] == 803 + 4_436
    assert invoices["amount_fen"].sum() == sum(amount for amount, _, _ in distinct.values())
    assert invoices["tax_fen"].sum() == sum(tax for _, tax, _ in distinct.values())
    assert invoices.filter(state="void").height == sum(state == "void" for _, _, state in distinct.values())
    assert invoices.filter(pl.col("amount_fen") < 0).height == sum(
        amount < 0 for amount, _, _ in distinct.values()
    )
    bought = invoices.filter(pl.col("buyer_party_id") == "E1")
    assert bought.height > 0
    assert bought["seller_party_id"].null_count() == bought.height
