"""Lines that can say nothing of any loan may be shown later: nothing is said of a loan when they are, and the books are what they
would be."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from tests.monitor.small_bank import OURS, Bank, bank_at_random
from tests.monitor.test_standing import assert_equal, standing_on

from loantrail.monitor.asked import Asked
from loantrail.monitor.standing import Standing

FEW = 4
SEEDS = int(os.environ.get("LOANTRAIL_LIVE_HISTORIES", "60"))
"""Random histories of the long run."""
every_seed = pytest.mark.parametrize(
    "seed", [*range(FEW), *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(FEW, SEEDS))]
)


def crowded(seed: int) -> Bank:
    return bank_at_random(seed, steps=40, alike=seed % 2 == 0, crowd=20)


def alone(state: Standing, lines: pl.DataFrame) -> bool:
    return state.alone().are_all(Asked.of_frame(lines))


@every_seed
def test_what_is_left_alone_says_nothing_of_a_loan(seed: int) -> None:
    dice = random.Random(seed)
    bank = crowded(seed)
    at = len(bank.lines) // 4
    state = standing_on(bank, bank.lines.head(at))
    left_alone = 0

    while at < len(bank.lines):
        group = bank.lines.slice(at, dice.choice((1, 1, 2, 3)))
        at += len(group)
        left = alone(state, group)
        changed = state.show(state.with_lines(group))

        if left:
            left_alone += 1
            assert (changed.loans, changed.draining, changed.doubtful) == ([], frozenset(), frozenset())
    assert left_alone > 5


@every_seed
def test_lines_that_were_shown_later_leave_the_books_as_they_are(seed: int) -> None:
    dice = random.Random(seed)
    bank = crowded(seed)
    at = len(bank.lines) // 4
    state = standing_on(bank, bank.lines.head(at))
    later = bank.lines.clear()

    while at < len(bank.lines):
        group = bank.lines.slice(at, dice.choice((1, 1, 2, 3)))
        at += len(group)
        if alone(state, group):
            later = pl.concat([later, group])
        else:
            state.show(state.with_lines(pl.concat([later, group])))
            later = later.clear()
    state.show(state.with_lines(later))

    assert_equal(state, bank, bank.lines)


@every_seed
def test_what_was_left_alone_before_others_were_shown_says_nothing_of_a_loan_after_that(seed: int) -> None:
    dice = random.Random(seed)
    bank = crowded(seed)
    at = len(bank.lines) // 4
    state = standing_on(bank, bank.lines.head(at))
    later, left_alone, tells = bank.lines.clear(), 0, state.alone()

    while at < len(bank.lines):
        group = bank.lines.slice(at, dice.choice((1, 1, 2, 3)))
        at += len(group)
        if not tells.are_all(Asked.of_frame(group)):
            state.show(state.with_lines(pl.concat([later, group])))
            later, tells = later.clear(), state.alone()
            continue
        later = pl.concat([later, group])
        left_alone += 1
        if len(later) >= 3:
            # Shown beside: what comes meanwhile is told by the state as it was before.
            tells = state.alone()
            changed = state.show(state.with_lines(later))
            assert (changed.loans, changed.draining, changed.doubtful) == ([], frozenset(), frozenset())
            state.settle()
            later = later.clear()
    state.show(state.with_lines(later))

    assert left_alone > 5
    assert_equal(state, bank, bank.lines)


def stranger(bank: Bank, **values: Any) -> pl.DataFrame:
    """A line of an account that nobody knows, with nothing that another has."""
    plain = {
        "account": "6999",
        "counterparty_account": None,
        "amount_fen": 123_456_789,
        "reference": None,
        "reverses": None,
    }
    return bank.lines.tail(1).with_columns(
        pl.lit(value, bank.lines.schema[name]).alias(name) for name, value in (plain | values).items()
    )


def test_a_stranger_is_a_bystander() -> None:
    bank = crowded(1)

    assert alone(standing_on(bank, bank.lines), stranger(bank))


def test_who_or_what_belongs_to_a_loan_is_no_bystander() -> None:
    bank = crowded(1)
    first = bank.context["accounts"].filter(account=OURS[0])
    late = "6200000007"  # an account of a borrower that no line showed yet
    accounts = pl.concat([bank.context["accounts"], first.with_columns(account=pl.lit(late))]).sort("account")
    paid_for = (
        bank.context["repayments"].tail(1).with_columns(account=pl.lit("6999"), reference=pl.lit("FOR-HIM"))
    )
    repayments = pl.concat([bank.context["repayments"], paid_for])
    bank = replace(bank, context=bank.context | {"accounts": accounts, "repayments": repayments})
    state = standing_on(bank, bank.lines)
    of_borrower = bank.lines.filter(pl.col("account").is_in(OURS))["amount_fen"][-1]

    for account in (*bank.context["loans"]["disbursement_account"], late):
        assert not alone(state, stranger(bank, account=account))
        assert not alone(state, stranger(bank, counterparty_account=account))
    assert not alone(state, stranger(bank, amount_fen=of_borrower))
    assert not alone(state, stranger(bank, reverses="O7"))
    assert not alone(state, stranger(bank, reference="FOR-HIM"))
