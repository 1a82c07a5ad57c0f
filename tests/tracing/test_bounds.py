"""Bounds by destination: worked ideas, equality with exhaustion, and no convention outside them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from tests.tracing.histories import HistoryBuilder, history_of, random_history
from tests.tracing.routings import arrivals

from loantrail.tracing.bounds import Bounds, bounds
from loantrail.tracing.model import OUTSIDE, Convention, History
from loantrail.tracing.slow import trace_slow


def least_and_most(found: Bounds) -> tuple[int, int]:
    return found.least_fen, found.most_fen


def mixed_account() -> HistoryBuilder:
    builder = HistoryBuilder(opening={"borrower": 300})
    builder.disburse("loan", "borrower", 700)
    builder.event("borrower", "supplier", 500)
    builder.event("outside", "borrower", 500)
    builder.event("borrower", "broker", 600)
    return builder


def test_own_money_may_have_paid_and_loan_money_may_have_stayed() -> None:
    builder = mixed_account()
    history = builder.build()
    supplier, broker = builder.account("supplier"), builder.account("broker")
    assert least_and_most(bounds(history, [0], [supplier])) == (200, 500)
    assert least_and_most(bounds(history, [0], [broker])) == (0, 500)
    assert least_and_most(bounds(history, [0], [supplier, broker])) == (300, 700)


def test_a_payment_larger_than_all_own_money_is_proven_loan_money() -> None:
    builder = HistoryBuilder(opening={"borrower": 50})
    builder.disburse("loan", "borrower", 700)
    builder.event("borrower", "friend", 750)
    builder.event("friend", "broker", 700)
    found = bounds(builder.build(), [0], [builder.account("broker")])
    assert least_and_most(found) == (650, 700)
    assert found.proven


def test_a_reading_by_one_rule_is_not_a_range_over_a_network() -> None:
    """Own 300, loan 700, supplier 700, then securities 300: own-first says 300, loan-first 0."""
    rows = [("outside", "a", 700), ("a", "supplier", 700), ("a", "securities", 300)]
    history = history_of(rows, {0: "loan"}, {"a": 300})
    assert least_and_most(bounds(history, [0], [2])) == (0, 300)


def test_an_account_of_unknown_balance_makes_the_answer_weaker_and_says_so() -> None:
    builder = mixed_account()
    history = builder.build()
    unknown = np.array([name == "borrower" for name in builder.accounts])
    found = bounds(history, [0], [builder.account("broker")], {"opening_inferred": unknown})
    assert least_and_most(found) == (0, 600)
    assert not found.proven
    assert found.reasons == ("opening_inferred",)
    elsewhere = np.array([name == "supplier" for name in builder.accounts])
    off_the_way = bounds(history, [0], [builder.account("supplier")], {"unreconciled": elsewhere})
    assert off_the_way.proven


def test_an_overdraft_swallows_what_it_must() -> None:
    rows = [("outside", "a", 1000), ("a", "broker", 900)]
    history = history_of(rows, {0: "loan"}, {"a": -200})
    assert least_and_most(bounds(history, [0], [1])) == (800, 800)
    overspent = history_of([("outside", "a", 500), ("a", "broker", 700)], {0: "loan"})
    assert least_and_most(bounds(overspent, [0], [1])) == (500, 500)


def test_a_payment_taken_back_at_once_never_went() -> None:
    builder = HistoryBuilder()
    builder.disburse("loan", "a", 500)
    builder.event("a", "broker", 500)
    builder.event("broker", "a", 500, reverses=1)
    builder.event("a", "supplier", 500)
    history = builder.build()
    assert least_and_most(bounds(history, [0], [builder.account("broker")])) == (0, 0)
    assert least_and_most(bounds(history, [0], [builder.account("supplier")])) == (500, 500)


def test_a_payment_taken_back_in_two_parts_never_went() -> None:
    builder = HistoryBuilder(opening={"friend": 500})
    builder.disburse("loan", "a", 500)
    builder.event("a", "friend", 500)
    builder.event("friend", "a", 200, reverses=1)
    builder.event("friend", "a", 300, reverses=1)
    builder.event("outside", "friend", 500)
    builder.event("friend", "broker", 500)
    assert least_and_most(bounds(builder.build(), [0], [builder.account("broker")])) == (0, 0)


def test_a_payment_taken_back_after_other_events_may_have_left_its_money() -> None:
    builder = HistoryBuilder()
    builder.disburse("loan", "a", 500)
    builder.event("a", "friend", 500)
    builder.event("outside", "friend", 500)
    builder.event("friend", "a", 500, reverses=1)
    builder.event("friend", "broker", 500)
    assert least_and_most(bounds(builder.build(), [0], [builder.account("broker")])) == (0, 500)


def test_a_payment_that_another_bank_returned_may_have_come_back() -> None:
    builder = HistoryBuilder()
    builder.disburse("loan", "a", 500)
    builder.event("a", "outside", 500)
    builder.event("outside", "a", 500, reverses=1)
    builder.event("a", "broker", 500)
    assert least_and_most(bounds(builder.build(), [0], [builder.account("broker")])) == (0, 500)


def test_pooled_money_passes_only_by_reference() -> None:
    builder = HistoryBuilder(terminal={"pool"})
    builder.disburse("loan", "a", 500)
    builder.event("a", "pool", 300, opens_slot=1)
    builder.event("a", "pool", 200)
    builder.event("pool", "broker", 300, carries=1)
    builder.event("pool", "broker", 200)
    history = builder.build()
    assert least_and_most(bounds(history, [0], [builder.account("broker")])) == (300, 300)
    assert least_and_most(bounds(history, [0], [builder.account("pool")])) == (500, 500)


def test_bounds_of_a_set_of_loans_are_tighter_than_the_sum() -> None:
    rows = [("outside", "a", 100), ("outside", "a", 100), ("a", "broker", 150), ("a", "supplier", 50)]
    history = history_of(rows, {0: "L1", 1: "L2"})
    single = [least_and_most(bounds(history, [loan], [1])) for loan in (0, 1)]
    assert single == [(50, 100), (50, 100)]
    assert least_and_most(bounds(history, [0, 1], [1])) == (150, 150)


def test_lending_again_is_an_exit() -> None:
    builder = HistoryBuilder()
    builder.disburse("L1", "lender", 100)
    builder.disburse("L2", "borrower", 100, debit="lender")
    builder.event("borrower", "broker", 100)
    history = builder.build()
    broker = builder.account("broker")
    assert least_and_most(bounds(history, [0], [broker])) == (0, 0)
    assert least_and_most(bounds(history, [1], [broker])) == (100, 100)


def test_the_outside_can_be_the_destination() -> None:
    rows = [("outside", "a", 700), ("a", "outside", 500), ("a", "supplier", 300)]
    history = history_of(rows, {0: "loan"}, {"a": 100})
    assert least_and_most(bounds(history, [0], [])) == (0, 0)
    assert least_and_most(bounds(history, [0], [], outside_is_destination=True)) == (400, 500)


def test_a_network_too_large_is_cut_and_says_so() -> None:
    rows = [("outside", "a", 100)]
    rows += [("a", f"b{i}", 1) for i in range(50)]
    rows += [(f"b{i}", "broker", 1) for i in range(50)]
    history = history_of(rows, {0: "loan"})
    broker = int(history.credit[-1])
    exact = bounds(history, [0], [broker])
    cut = bounds(history, [0], [broker], arcs_max=20)
    assert (exact.least_fen, exact.most_fen, exact.outer) == (50, 50, False)
    assert cut.outer
    assert cut.least_fen <= exact.least_fen <= exact.most_fen <= cut.most_fen


def check_equality(seeds: range) -> None:
    wide = 0
    for seed in seeds:
        random = Random(seed)
        history = random_history(random, size=random.randint(3, 10), top=2)
        history = replace(history, opening_fen=np.clip(history.opening_fen, -3, 3))
        m = history.account_count
        destinations = {a for a in range(m) if random.random() < 0.3}
        loans = {loan for loan in range(history.loan_count) if random.random() < 0.6} or {0}
        unlimited = np.array([random.random() < 0.1 for _ in range(m)])
        outside = random.random() < 0.2
        found = bounds(history, loans, destinations, {"inferred": unlimited}, outside)
        possible = arrivals(history, loans, destinations, unlimited, outside)
        assert least_and_most(found) == (min(possible), max(possible)), seed
        wide += min(possible) < max(possible)
    assert wide > len(seeds) / 50


def test_bounds_equal_exhaustion() -> None:
    check_equality(range(200))


@pytest.mark.heavy
def test_bounds_equal_exhaustion_on_thousands_of_histories() -> None:
    check_equality(range(1000, 7000))


def absorbing(history: History, destinations: set[int]) -> History:
    """The history in which destinations hold no lots, as the conventions must see it."""
    into = np.isin(history.credit, sorted(destinations)) & (history.special >= 0)
    opens = history.specials.opens_slot.copy()
    opens[history.special[into]] = False
    carries = history.specials.carries
    closed = (carries >= 0) & ~opens[np.maximum(carries, 0)]
    terminal = history.terminal.copy()
    terminal[sorted(destinations)] = True
    specials = replace(
        history.specials, opens_slot=opens, carries=np.where(closed, -1, carries).astype(np.int32)
    )
    return replace(history, specials=specials, terminal=terminal)


def check_conventions(seeds: range) -> None:
    for seed in seeds:
        random = Random(seed)
        history = random_history(random)
        destinations = {a for a in range(history.account_count) if random.random() < 0.3}
        history = absorbing(history, destinations)
        loans = {loan for loan in range(history.loan_count) if random.random() < 0.6} or {0}
        outside = random.random() < 0.2
        found = bounds(history, loans, destinations, outside_is_destination=outside)
        inside = [*destinations, OUTSIDE] if outside else [*destinations]
        for convention in Convention:
            if convention == Convention.POISON:
                continue
            hops = trace_slow(history, convention).hops
            row = history.special[hops.event]
            lent_again = (row >= 0) & (history.specials.disburses[row] >= 0) & (hops.depth != 0)
            ours = np.isin(hops.loan, sorted(loans)) & ~lent_again
            came = ours & np.isin(history.credit[hops.event], inside)
            back = ours & np.isin(history.debit[hops.event], inside) & (hops.depth != 0)
            arrived = int(hops.amount_fen[came].sum()) - int(hops.amount_fen[back].sum())
            assert found.least_fen <= arrived <= found.most_fen, (seed, convention, arrived, found)


def test_no_conserving_convention_leaves_the_bounds() -> None:
    check_conventions(range(100))


@pytest.mark.heavy
def test_no_conserving_convention_leaves_the_bounds_on_thousands_of_histories() -> None:
    check_conventions(range(1000, 4000))
