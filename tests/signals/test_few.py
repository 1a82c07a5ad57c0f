"""Row by row over few gives what joins give over many."""

from __future__ import annotations

import datetime
import random
from dataclasses import fields

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.monitor.random_books import LOANS, random_frames

from loantrail.early_warning.frames import REPAYMENTS, SCHEDULES
from loantrail.early_warning.moves import is_few
from loantrail.early_warning.view import prepare
from loantrail.parameters import shipped_parameters
from loantrail.signals import facts, inputs, numbered_of_few, numbers, repaying, wanted
from loantrail.signals import rows as rows_module
from loantrail.signals.beforehand import HELD, REACHED, TOUCHED, Beforehand
from loantrail.signals.catalogue import row_schema
from loantrail.signals.meaning import ACTIONS, actions_of
from loantrail.signals.meaning_of_few import rows_of_few
from loantrail.signals.model import COLUMNS

BOOK = shipped_parameters()
SEEDS = st.integers(0, 1 << 32)
DAY0 = datetime.date(2024, 2, 27)
FIGURES = np.arange(2_000 * len(COLUMNS), dtype=np.int64).reshape(2_000, -1)
"""What a count might give of as many rows as there are."""


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_actions(seed: int) -> None:
    frames = random_frames(random.Random(seed))
    view = prepare(frames, BOOK)
    assert is_few(view)

    for ended in (None, frames.hops.filter("ended").select("hop_id")):
        few = pl.DataFrame(rows_of_few(view, ended), schema=ACTIONS, orient="row")
        assert_frame_equal(few, actions_of(view, ended))


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_movements(seed: int) -> None:
    chance = random.Random(seed)
    frames = random_frames(chance)
    view = prepare(frames, BOOK)
    transactions = facts.with_told(view.transactions, frames.transactions).with_row_index("place")
    some = frames.transactions["transaction_id"].sample(20, seed=seed % 1000)
    loans = tuple(chance.sample([f"L{n}" for n in range(LOANS)], 2))

    for only in (None, wanted.Only(loans), wanted.Only(loans, some)):
        few = wanted.movements(view, transactions, only)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(wanted, "is_few", lambda _view: False)
            joined = wanted.movements(view, transactions, only)
        key = ["loan_id", "transaction_id"]
        # What the joins leave over beside the signals is not in it.
        there = [name for name in few.columns if name not in ("owner", "is_guarantor", "is_named_guarantor")]
        assert {*row_schema(), "row_account", "place"} & {*joined.columns} <= {*there}
        assert_frame_equal(few.sort(key).select(there), joined.sort(key).select(there))


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_what_goes_into_a_count(seed: int) -> None:
    chance = random.Random(seed)
    frames = random_frames(chance)
    view = prepare(frames, BOOK)
    ended = frames.hops.filter("ended").select("hop_id")
    days = (DAY0 + datetime.timedelta(days=400), DAY0 + datetime.timedelta(days=403))
    accounts = frames.transactions["credit_account"].drop_nulls().head(6).to_list()
    texts = frames.hops["transaction_id"].drop_nulls().unique(maintain_order=True).to_list()
    told = Beforehand(
        touched=pl.DataFrame(
            [(account, chance.choice((None, *texts))) for account in accounts], schema=pl.Schema(TOUCHED), orient="row"
        ),
        held=pl.DataFrame(
            [(account, chance.choice((None, *texts)), 7) for account in accounts * 5], schema=pl.Schema(HELD), orient="row"
        ),
        assumed=tuple(accounts[:2]),
    )  # fmt: skip

    due = pl.lit(5_000).alias("next_due_fen")
    few = inputs.prepare_count(frames, view, days, ended, None, told)
    with pytest.MonkeyPatch.context() as patch:
        for module in (inputs, numbers, wanted):
            patch.setattr(module, "is_few", lambda _view: False)
        for module, name in (
            (inputs, "FEW_TRANSACTIONS"), (inputs, "FEW_WANTED"), (wanted, "FEW_WANTED"), (numbered_of_few, "FEW_NAMES"),
        ):  # fmt: skip
            patch.setattr(module, name, -1)
        joined = inputs.prepare_count(frames, view, days, ended, None, told)
        rows = [rows_module.frame_of(joined.wanted.with_columns(due), FIGURES[: len(joined.wanted)])]
    rows.append(rows_module.frame_of(few.wanted.with_columns(due), FIGURES[: len(few.wanted)]))

    assert_frame_equal(*rows)
    unknown = rows[0].filter(pl.col("repayment_balance_fen").is_null())
    assert unknown["liquidity_ppm"].null_count() == len(unknown) > 0
    assert few.wanted["owner"].to_list() == joined.wanted["owner"].to_list()
    assert (few.given.opening_fen == joined.given.opening_fen).all()
    few, joined = few.given, joined.given
    for name in few.events._fields:
        assert (getattr(few.events, name) == getattr(joined.events, name)).all(), name
    assert (few.tied == joined.tied).all()
    assert len(few.events.actions)


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_numbers(seed: int) -> None:
    chance = random.Random(seed)
    frames = random_frames(chance)
    view = prepare(frames, BOOK)
    transactions = view.transactions.with_columns(
        # Some go in or out of all accounts, by a name or by none.
        pl.when(pl.Series([chance.random() < 0.8 for _ in range(len(view.transactions))])).then(f"{side}_account")
        for side in ("debit", "credit")
    ).with_columns(
        pl.Series(f"{side}_name", [chance.choice((None, "甲", "乙", "K1")) for _ in range(len(view.transactions))], dtype=pl.String)
        for side in ("debit", "credit")
    )  # fmt: skip
    accounts = [*transactions["credit_account"].drop_nulls().head(9).to_list(), "elsewhere"]
    told = Beforehand(
        touched=pl.DataFrame(
            [(chance.choice(accounts), chance.choice((None, "T1"))) for _ in range(6)], schema=pl.Schema(TOUCHED), orient="row"
        ),
        reached=pl.DataFrame(
            [(chance.choice(accounts), None, loan, f"B{loan[1]}") for loan in chance.choices(["L0", "X1", "X2", "X3"], k=5)],
            schema=pl.Schema(REACHED),
            orient="row",
        ),
    )  # fmt: skip

    few = numbers.numbers_of(view, transactions, told)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "is_few", lambda _view: False)
        joined = numbers.numbers_of(view, transactions, told)

    for one in fields(few):
        ours, theirs = getattr(few, one.name), getattr(joined, one.name)
        if isinstance(ours, pl.DataFrame):
            assert_frame_equal(ours, theirs.select(ours.columns))
        else:
            assert ours.dtype == theirs.dtype
            assert (ours == theirs).all(), one.name
    assert len(few.parties) > 3


def due_and_paid(chance: random.Random) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Schedules and repayments of some loans, with gaps, and days on which several fall together."""
    loans = ["L0", "L1", "L2", None]

    def day() -> datetime.date:
        return DAY0 + datetime.timedelta(days=chance.choice((0, 1, 29, 31, 61, 182, 184, 366, 367, 400)))

    def fen() -> int | None:
        return chance.choice((None, 0, 5, 10, 10, 30))

    schedules = [(chance.choice(loans), n, chance.choice((day(), None)), fen(), fen()) for n in range(12)]
    repayments = [
        (
            f"R{n}", chance.choice(loans),
            chance.choice((datetime.datetime.combine(day(), datetime.time(chance.choice((3, 15, 16, 23))), datetime.UTC), None)),
            fen(), fen(), None, None,
        )
        for n in range(12)
    ]  # fmt: skip
    return (
        pl.DataFrame(schedules, schema=pl.Schema(SCHEDULES), orient="row"),
        pl.DataFrame(repayments, schema=pl.Schema(REPAYMENTS), orient="row"),
    )


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_what_is_owed(seed: int) -> None:
    chance = random.Random(seed)
    schedules, repayments = due_and_paid(chance)
    days = pl.DataFrame(
        [
            (chance.choice(("L0", "L1", "L2", "none")), DAY0 + datetime.timedelta(days=chance.randrange(800)))
            for _ in range(20)
        ],
        schema={"loan_id": pl.String, "business_date": pl.Date},
        orient="row",
    )
    few_met = repaying.instalments(schedules, repayments)
    few_owed = repaying.with_owed(days, few_met)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repaying, "FEW_INSTALMENTS", -1)
        met = repaying.instalments(schedules, repayments)
        owed = repaying.with_owed(days, met)

    assert_frame_equal(few_met, met)
    assert_frame_equal(few_owed, owed)


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_balances(seed: int) -> None:
    chance = random.Random(seed)
    _, repayments = due_and_paid(chance)

    def told(count: int) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "loan_id": [chance.choice(("L0", "L1", "L2")) for _ in range(count)],
                "at": [chance.choice(instants) for _ in range(count)],
                "amount_fen": [chance.choice((10, 20, 40)) for _ in range(count)],
            },
            schema={"loan_id": pl.String, "at": pl.Datetime("us", "UTC"), "amount_fen": pl.Int64},
        )

    instants = [*repayments["paid_at"].drop_nulls(), datetime.datetime(2024, 2, 28, tzinfo=datetime.UTC)]
    rows, paid_out = told(15).drop("amount_fen"), told(4)

    assert_frame_equal(
        repaying.balances_of_few(rows, paid_out, repayments),
        repaying.with_balance(rows, repaying.balance_changes(paid_out, repayments)),
    )
