"""What is foreseen of a payment is what showing it changes, and it changes nothing."""

from __future__ import annotations

import datetime
import os
import random
from dataclasses import replace
from typing import Final

import polars as pl
import pytest
from tests.monitor.small_bank import (
    OURS,
    OUTSIDE,
    Bank,
    bank_at_random,
    bank_of_two_currencies,
    traced_at_once,
)

from loantrail.monitor.foreseeing import Foreseeing, Foreseen
from loantrail.monitor.payment import Payment, lines_of_payment
from loantrail.monitor.shown import Changed
from loantrail.monitor.tail import LINES, Lines
from loantrail.tracing.live_digest import state_digest

SEEDS: Final = int(os.environ.get("LOANTRAIL_FORESEEN_BANKS", "40"))
FEW: Final = 6
PAYMENTS: Final = 20


def foreseeing(bank: Bank, count: int) -> Foreseeing:
    """The state of a bank of which so many lines are there; the last third of them came while it went on."""
    settled = count * 2 // 3
    whole = traced_at_once(bank, bank.lines.head(settled))
    recent = whole.books.read.recent.lines
    tail = bank.lines.head(settled).join(
        recent.select("line_id"), on="line_id", how="semi", maintain_order="left"
    )
    state = Foreseeing(whole.books, whole.hops, tail.select(*LINES), frozenset())
    state.show(state.with_lines(bank.lines.slice(settled, count - settled)))
    return state


def payment_at_random(dice: random.Random, state: Foreseeing, number: int) -> Payment:
    latest: datetime.datetime = max(state.lines.lines["booked_at"].to_list())
    at = latest + datetime.timedelta(minutes=dice.choice((0, 0, 1, 90, 40_000)))
    payer = dice.choice([one for one in state.known.own if one.isdigit()])
    others: list[str | None] = [*OURS, *OUTSIDE, f"98new{number}", None]
    return Payment(
        at,
        at,
        payer,
        dice.choice((100, 250, 5_000, dice.randrange(1, 90_000))),
        counterparty_account=dice.choice([one for one in others if one != payer]),
        counterparty_name=dice.choice((None, "江南钢材贸易有限公司", "王小明", "华东证券股份有限公司")),
        purpose_text=dice.choice((None, "货款", "银证转账", "工资", "归还借款")),
        document_no=dice.choice((None, None, "P3")),
    )


def assert_same(foreseen: Foreseen, shown: Changed, at: datetime.datetime) -> None:
    assert replace(foreseen.changed, order=shown.order) == shown
    assert foreseen.changed.order.transactions.equals(shown.order.transactions)
    assert foreseen.at == at


def said_of_payments(bank: Bank, dice: random.Random) -> int:
    """How many payments were foreseen, of which each said what showing it said."""
    state = foreseeing(bank, dice.randrange(len(bank.lines) // 2, len(bank.lines)))
    committed: Lines = state.lines
    before = state_digest(state.trace), state.index.transactions.all(), state.index.as_of
    found = 0
    for number in range(PAYMENTS):
        payment = payment_at_random(dice, state, number)
        lines = lines_of_payment(payment, committed, state.known.own, state.around.merged)
        with_it = state.with_lines(lines, committed)

        foreseen = state.foresee(with_it)

        # New accounts are numbered for good: what is compared are those that a transaction names.
        assert state.index.transactions.all().equals(before[1])
        assert state.index.as_of == before[2]
        changed = state.show(with_it)
        if foreseen is not None:
            found += 1
            assert_same(foreseen, changed, state.index.transactions.all()["booked_at"][-1])
            assert state.moved_in(lines["line_id"]).is_empty()
        state.go_back(committed)
        assert state.lines is committed
    return found


@pytest.mark.parametrize(
    "seed", [*range(FEW), *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(FEW, SEEDS))]
)
def test_what_is_foreseen_is_what_showing_changes(seed: int) -> None:
    said_of_payments(bank_at_random(seed, alike=seed % 2 == 0, crowd=seed % 3 * 4), random.Random(seed))


@pytest.mark.parametrize(
    "seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(2, 12))]
)
def test_the_same_of_books_in_two_currencies(seed: int) -> None:
    said_of_payments(bank_of_two_currencies(seed), random.Random(seed))


def test_what_moves_no_loan_money_is_foreseen_mostly() -> None:
    found = [
        said_of_payments(bank_at_random(seed, alike=False, crowd=8), random.Random(seed)) for seed in range(3)
    ]

    assert sum(found) > len(found) * PAYMENTS // 3


def test_what_is_foreseen_leaves_the_state_as_it_is() -> None:
    bank, dice = bank_at_random(3), random.Random(3)
    state, other = foreseeing(bank, 60), foreseeing(bank, 60)

    for number in range(PAYMENTS):
        payment = payment_at_random(dice, state, number)
        lines = lines_of_payment(payment, state.lines, state.known.own, state.around.merged)
        state.foresee(state.with_lines(lines))
    rest = bank.lines.slice(60)
    after, alone = state.show(state.with_lines(rest)), other.show(other.with_lines(rest))

    assert replace(after, order=alone.order) == alone
    assert state.index.transactions.all().equals(other.index.transactions.all())
    assert (
        state.index.hops.all()
        .drop(pl.selectors.by_dtype(pl.Int32))
        .equals(other.index.hops.all().drop(pl.selectors.by_dtype(pl.Int32)))
    )


def test_loan_money_is_not_foreseen() -> None:
    state = foreseeing(bank_at_random(0), 60)
    held = state.trace.result().holdings
    payer = next(
        state.known.names[one] for one in held.account.tolist() if state.known.names[one] in state.known.own
    )
    latest: datetime.datetime = max(state.lines.lines["booked_at"].to_list())
    payment = Payment(latest, latest, payer, 1 << 40, counterparty_account="98new")

    lines = lines_of_payment(payment, state.lines, state.known.own, state.around.merged)

    assert state.foresee(state.with_lines(lines)) is None
