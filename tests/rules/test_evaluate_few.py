"""Hits that are gathered one by one are those that grouping gives."""

from __future__ import annotations

import datetime
import random
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.monitor.judging import all_rules

from loantrail.early_warning import taking
from loantrail.early_warning.hits import HITS, LEVELS, PROVEN
from loantrail.parameters import shipped_parameters
from loantrail.rules import evaluate
from loantrail.rules.few import met_by_any
from loantrail.rules.listing import PAYEES, marked, marked_beside
from loantrail.rules.model import check_content
from loantrail.rules.shipped import shipped_rules
from loantrail.signals.catalogue import row_schema

BOOK = shipped_parameters()
RULES = all_rules()
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


def signal_rows(chance: random.Random, count: int) -> pl.DataFrame:
    """Rows of which many meet a rule: each field large, small, or not known, and a class that some rule asks for."""
    classes = ("securities", "developer", "unknown", "company", "individual", "lender", "cash", None)
    texts = {
        "destination_class": classes, "occasion": ("movement", "day"), "product": ("working_capital_loan", "consumer_loan", None),
        "customer_kind": ("individual", "company"), "payment_mode": ("entrusted_payment", "autonomous_payment"),
        "grant_kind": ("new",), "payee_kind": ("company", "individual", None), "loan_id": ("L1", "L2", "L3"),
        "purpose_text": ("购房首付", None),
    }  # fmt: skip

    def value(name: str, dtype: pl.DataType) -> object:
        if name in texts:
            return chance.choice(texts[name])
        if dtype == pl.Boolean:
            return chance.choice((True, True, False, None))
        if dtype == pl.Int64:
            return chance.choice((0, 1, 3, 20, 400_000, 90_000_000, 3_000_000_000, None))
        if dtype == pl.Date:
            return FIRST.date() + datetime.timedelta(days=chance.choice((-3000, 0, 100)))
        return FIRST if dtype.is_temporal() else f"{name}{chance.randrange(9)}"

    told = [[value(name, dtype) for name, dtype in row_schema().items()] for _ in range(count)]
    return pl.DataFrame(told, schema=row_schema(), orient="row")


@settings(max_examples=80, deadline=None)
@given(SEEDS)
def test_rows_that_meet_rules(seed: int) -> None:
    chance = random.Random(seed)
    rows = signal_rows(chance, chance.randrange(1, 12))

    few = RULES.found(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "FEW_ROWS", -1)
        at_once = RULES.found(rows)

    assert_frame_equal(few, at_once)


def test_a_pattern_in_a_text_is_left_to_the_expression() -> None:
    content = next(one.content for one in shipped_rules() if one.content.occasion == "movement")
    checked = check_content(
        replace(content, condition="purpose_text LIKE '%首付%'", products=(), customer_kinds=()), BOOK
    )
    rows = signal_rows(random.Random(1), 4).with_columns(occasion=pl.lit("movement"))

    assert met_by_any([checked], rows, checked.condition.fields, BOOK) == [None]


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_marks_of_lists_beside_rows(seed: int) -> None:
    chance = random.Random(seed)
    rows = signal_rows(chance, 9).with_columns(
        transaction_id=pl.Series([chance.choice(("T1", "T2", "T3", None)) for _ in range(9)], dtype=pl.String)
    )
    paid = {"T1": ("A1", "P1"), "T2": ("A2", None), "T3": (None, None)}
    payees = pl.DataFrame([(one, *who) for one, who in paid.items()], schema=pl.Schema(PAYEES), orient="row")
    entries = pl.DataFrame(
        [(name, scope, subject) for name in ("watch", "black") for scope, subject in (("account", "A1"), ("account", "A2"), ("party", "P1"))
         if chance.random() < 0.5],
        schema=["list", "scope", "subject"],
        orient="row",
    ).cast(pl.String)  # fmt: skip
    beside = [paid.get(one, (None, None)) for one in rows["transaction_id"].to_list()]
    accounts, parties = (pl.Series([one[place] for one in beside], dtype=pl.String) for place in (0, 1))

    assert_frame_equal(marked_beside(rows, accounts, parties, entries), marked(rows, payees, entries))


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
