"""Lines that come one group after the other give what the whole books give at once: pairs, order, classes, hops with their
ids, balances."""

from __future__ import annotations

import datetime
import os
import random
from collections import Counter
from dataclasses import fields, replace

import numpy as np
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

from loantrail.ledger.pairing import pair_lines
from loantrail.monitor import standing as standing_module
from loantrail.monitor.standing import Standing
from loantrail.monitor.tail import LINES, Lines
from loantrail.monitor.tail_order import Ordered
from loantrail.tracing.model import Int64

FEW = 8
SEEDS = int(os.environ.get("LOANTRAIL_LIVE_HISTORIES", "60"))
"""Random histories of the long run."""


def standing_on(bank: Bank, lines: pl.DataFrame) -> Standing:
    whole = traced_at_once(bank, lines)
    recent = whole.books.read.recent.lines
    tail = lines.join(recent.select("line_id"), on="line_id", how="semi", maintain_order="left")
    return Standing(whole.books, whole.hops, tail.select(*LINES), frozenset())


def assert_equal(state: Standing, bank: Bank, lines: pl.DataFrame) -> None:
    whole = traced_at_once(bank, lines)
    assert state.index.transactions.all().equals(
        whole.frames.transactions.select(state.index.transactions.columns)
    )
    assert state.index.hops.all().select(whole.hops.columns).equals(whole.hops)
    ended = pl.Series(state.index.hop_ended.array.copy())
    assert ended.equals(whole.hops["ended"])
    held = state.trace.result()
    balances = zip(state.known.names, held.balance_fen.tolist(), strict=True)
    assert Counter(one for one in balances if one[1]) == Counter(one for one in whole.balances if one[1])


@pytest.mark.parametrize(
    "seed", [*range(FEW), *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(FEW, SEEDS))]
)
def test_groups_of_lines_give_what_whole_books_give(seed: int) -> None:
    assert_groups_give_the_whole(seed, bank_at_random(seed))


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(4, SEEDS // 2))]
)
def test_groups_of_lines_in_two_currencies_give_what_whole_books_give(seed: int) -> None:
    assert_groups_give_the_whole(seed, bank_of_two_currencies(seed))


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(4, SEEDS // 2))]
)
def test_money_of_two_currencies_never_mixes_under_one_key(seed: int) -> None:
    bank = bank_of_two_currencies(seed)
    abroad = pl.col("currency") == "USD"
    # Banks print an account of another currency as they like: some payments in yuan name the key of an account in dollars.
    names_it = ~abroad & pl.col("counterparty_account").is_in(list(OUTSIDE))
    lines = bank.lines.with_columns(
        pl.when(names_it | (abroad & pl.col("counterparty_account").str.starts_with("99")))
        .then(pl.lit("99securities/USD"))
        .otherwise("counterparty_account")
        .alias("counterparty_account")
    )

    assert_groups_give_the_whole(seed, replace(bank, lines=lines))


@pytest.mark.parametrize("seed", range(4))
def test_lines_in_a_second_currency_may_come_to_books_of_one(seed: int) -> None:
    bank = bank_of_two_currencies(seed)
    home = pl.col("currency") == "CNY"
    lines = pl.concat([bank.lines.filter(home), bank.lines.filter(~home)]).with_columns(
        arrival_number=pl.int_range(1, pl.len() + 1)
    )
    first = len(lines.filter(home)) - 3
    state = standing_on(bank, lines.head(first))

    for at in range(first, len(lines), 7):
        state.show(state.with_lines(lines.slice(at, 7)))

    assert_equal(state, bank, lines)


def assert_groups_give_the_whole(seed: int, bank: Bank) -> None:
    dice = random.Random(seed)
    first = dice.randrange(3, len(bank.lines) - 5)
    state = standing_on(bank, bank.lines.head(first))
    at = first

    while at < len(bank.lines):
        group = bank.lines.slice(at, dice.choice((1, 1, 2, 5, 17)))
        at += len(group)
        state.show(state.with_lines(group.sample(fraction=1.0, shuffle=True, seed=seed)))

    assert_equal(state, bank, bank.lines)
    known = set(bank.lines.head(first)["line_id"].to_list())
    assert state.order.waiting() == half_told(bank.lines) - known


def half_told(lines: pl.DataFrame) -> set[str]:
    """Lines whose other one is yet to come: they name one of our accounts, and no account of its number elsewhere."""
    pairs = pair_lines(lines, tie="line_id").pairs
    single = lines.with_row_index("row").filter(
        ~pl.col("row").is_in(pl.concat([pairs["debit"], pairs["credit"]]).implode()),
        pl.col("counterparty_account").is_in(lines["account"].unique().implode()),
        ~pl.col("counterparty_elsewhere"),
    )
    return set(single["line_id"].to_list())


def told_of_strangers(bank: Bank, *rows: tuple[str, str, int, str, bool]) -> pl.DataFrame:
    """Lines behind all others: account, direction, fen, the other account, whether that is another institution's."""
    last = bank.lines.tail(1).row(0, named=True)
    return pl.DataFrame(
        [
            dict.fromkeys(LINES)
            | {
                "line_id": f"{number:032x}", "arrival_number": len(bank.lines) + number, "source_file": "live",
                "position": len(bank.lines) + number, "sequence": 10_000 + number, "account": account, "amount_fen": fen,
                "booked_at": last["booked_at"] + datetime.timedelta(minutes=number), "direction": direction, "currency": "CNY",
                "counterparty_account": other, "counterparty_elsewhere": elsewhere,
            }
            for number, (account, direction, fen, other, elsewhere) in enumerate(rows, 1)
        ],
        schema=LINES,
    )  # fmt: skip


def test_a_payment_to_another_institutions_account_of_the_number_of_one_of_ours_is_told_whole_at_once() -> (
    None
):
    bank = bank_at_random(1)
    state = standing_on(bank, bank.lines)
    lines = told_of_strangers(
        bank, ("620", "debit", 77_777, "621", True), ("620", "debit", 77_778, "621", False)
    )

    changed = state.show(state.with_lines(lines))

    first, second = lines["line_id"].to_list()
    assert {first, second} & changed.order.waiting() == {second}
    assert_equal(state, bank, pl.concat([bank.lines, lines]))


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_payee_who_has_statements_only_later_is_classed_as_whole_books_class_him(elsewhere: bool) -> None:
    bank = bank_at_random(1)
    unseen = bank.lines.filter(
        (pl.col("account") != "13pool") & (pl.col("counterparty_account").fill_null("") != "13pool")
    )
    state = standing_on(bank, unseen)
    lines = told_of_strangers(
        bank, ("620", "debit", 77_777, "13pool", elsewhere), ("13pool", "credit", 88_888, "99friend", False)
    )

    state.show(state.with_lines(lines.head(1)))
    assert_equal(state, bank, pl.concat([unseen, lines.head(1)]))
    before = state.lines
    state.show(state.with_lines(lines.tail(1), before))
    assert_equal(state, bank, pl.concat([unseen, lines]))
    # Where the group is lost and comes again it is the same.
    state.show(before)
    state.show(state.with_lines(lines.tail(1), before))
    assert_equal(state, bank, pl.concat([unseen, lines]))


@pytest.mark.parametrize("seed", range(0, FEW, 2))
def test_a_group_that_was_not_committed_leaves_nothing_behind(seed: int) -> None:
    dice = random.Random(seed)
    bank = bank_at_random(seed)
    first = len(bank.lines) // 2
    state = standing_on(bank, bank.lines.head(first))
    committed = state.lines

    lost = bank.lines.slice(first, dice.randrange(1, 12))
    state.show(state.with_lines(lost, committed))
    state.show(committed)

    assert_equal(state, bank, bank.lines.head(first))


@pytest.mark.parametrize("seed", range(FEW))
def test_a_group_may_be_shown_in_place_of_one_that_was_lost_without_going_back(seed: int) -> None:
    bank = bank_at_random(seed)
    first = len(bank.lines) // 2
    state = standing_on(bank, bank.lines.head(first))
    committed = state.lines

    for count in (3, 9, 20):
        state.show(state.with_lines(bank.lines.slice(first, count), committed))

    assert_equal(state, bank, bank.lines.head(first + 20))


@pytest.mark.parametrize("seed", range(0, FEW, 2))
def test_the_beginning_of_a_long_tail_settles(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing_module, "TAIL_LEAST", 30)
    monkeypatch.setattr(standing_module, "TAIL_MOST", 40)
    bank = bank_at_random(seed, steps=120, alike=False)
    in_order = bank.lines.sort("booked_at", "sequence").with_columns(
        arrival_number=pl.int_range(1, pl.len() + 1)
    )
    state = standing_on(bank, in_order.head(20))
    settled = 0

    for at in range(20, len(in_order), 6):
        group = in_order.slice(at, 6)
        state.show(state.with_lines(group))
        state.settle()
        settled = max(settled, state.place)

    assert settled > 0
    assert_equal(state, bank, in_order)


@pytest.mark.parametrize("seed", range(0, FEW, 2))
def test_what_stands_behind_the_settled_keeps_its_order(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing_module, "TAIL_LEAST", 30)
    monkeypatch.setattr(standing_module, "TAIL_MOST", 40)
    bank = bank_at_random(seed, steps=80, crowd=6)
    in_order = bank.lines.sort("booked_at", "sequence").filter(pl.col("reverses").is_null())
    lines = in_order.with_columns(arrival_number=pl.int_range(1, pl.len() + 1))

    def orders() -> list[list[object]]:
        state = standing_on(bank, lines.head(20))
        found: list[list[object]] = []
        for at in range(20, len(lines), 6):
            order = state.show(state.with_lines(lines.slice(at, 6))).order
            state.settle()
            told = (getattr(order, one.name) for one in fields(Ordered))
            found.append(
                [one.rows() if isinstance(one, pl.DataFrame) else np.asarray(one).tolist() for one in told]
            )
        assert state.place > 20
        return found

    kept: list[bool] = []
    behind = Ordered.behind

    def noted(order: Ordered, gone: int, rows: Int64, left: Lines) -> Ordered | None:
        found = behind(order, gone, rows, left)
        kept.append(found is not None)
        return found

    monkeypatch.setattr(Ordered, "behind", noted)
    as_they_stood = orders()
    assert any(kept)
    monkeypatch.setattr(Ordered, "behind", lambda *_: None)
    assert orders() == as_they_stood


def test_a_payment_to_an_account_whose_first_statement_comes_later_is_half_a_transfer_from_then_on() -> None:
    bank = bank_at_random(0)
    accounts = bank.context["accounts"]
    young = accounts.filter(pl.col("account") == OURS[0]).with_columns(account=pl.lit("6299"))
    bank = replace(bank, context=bank.context | {"accounts": pl.concat([accounts, young]).sort("account")})
    count, last = len(bank.lines), bank.lines.tail(1)
    paid, received = (
        last.with_columns(
            line_id=pl.lit(f"{number:f>32}"), account=pl.lit(account), direction=pl.lit(direction), counterparty_account=pl.lit(other),
            counterparty_name=pl.lit(None, pl.String), amount_fen=pl.lit(987_001 + number, pl.Int64), reference=pl.lit(None, pl.String),
            reverses=pl.lit(None, pl.String), purpose_text=pl.lit(None, pl.String), arrival_number=pl.lit(count + number, pl.Int64),
            position=pl.lit(count + number, pl.Int64), sequence=pl.lit(count + number, pl.Int64),
        ).match_to_schema(bank.lines.schema, integer_cast="upcast")
        for number, account, direction, other in ((1, OURS[1], "debit", "6299"), (2, "6299", "credit", OUTSIDE[0]))
    )  # fmt: skip
    state = standing_on(bank, bank.lines)

    state.show(state.with_lines(paid))
    assert_equal(state, bank, pl.concat([bank.lines, paid]))
    state.show(state.with_lines(received))

    assert_equal(state, bank, pl.concat([bank.lines, paid, received]))
