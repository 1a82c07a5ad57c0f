"""Hits that are gathered one by one are those that grouping gives."""

from __future__ import annotations

import datetime
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loantrail.early_warning import taking
from loantrail.early_warning.hits import HITS, LEVELS, PROVEN
from loantrail.rules import evaluate

SEEDS = st.integers(0, 1 << 32)
FIRST = datetime.datetime(2025, 3, 3, tzinfo=datetime.UTC)


def found(chance: random.Random, count: int) -> pl.DataFrame:
    """FOUND of few loans and rules, so that many belong together."""
    rows = [
        (
            f"H{chance.randrange(1000)}", chance.choice("AB"), chance.choice("12"), chance.choice(("L1", "L2")),
            FIRST + datetime.timedelta(hours=chance.randrange(50)), chance.choice(LEVELS).value,
            chance.randrange(5), chance.randrange(5), chance.choice(("cash", "")),
            sorted(chance.sample("tuvw", chance.randrange(4))), chance.choice("xyz"), chance.choice("货款现"), "{}",
        )
        for _ in range(count)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=pl.Schema(evaluate.FOUND), orient="row")


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_merged(seed: int) -> None:
    chance = random.Random(seed)
    parts = [found(chance, chance.randrange(8)) for _ in range(chance.randrange(4))]

    few = evaluate.merged(*parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "FEW_HITS", -1)
        grouped = evaluate.merged(*parts)

    assert_frame_equal(few, grouped)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_rows_of_hits(seed: int) -> None:
    chance = random.Random(seed)
    hits = found(chance, chance.randrange(6)).select(*HITS).unique("hit_id", maintain_order=True)
    paid = [(one, chance.choice(("X", "Y", None)), None) for one in chance.choices("tuvw", k=5)]
    payees = taking.Payees(
        pl.DataFrame(paid, schema=["transaction_id", "account", "party_id"], orient="row").cast(pl.String),
        pl.DataFrame(schema={"loan_id": pl.String, "party_id": pl.String}),
    )
    entries = pl.DataFrame(schema=["entry_id", "rule_code", "scope", "subject"])
    proven = pl.DataFrame([("L1", "cash", 2)], schema=pl.Schema(PROVEN), orient="row")

    few = taking.hit_rows(hits, entries, proven, payees)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taking, "FEW_PAYMENTS", -1)
        joined = taking.hit_rows(hits, entries, proven, payees)

    assert_frame_equal(few, joined)
    assert few.schema == pl.Schema(taking.KEPT)
