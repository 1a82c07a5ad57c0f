"""Bounds of statement lines: no convention's figure lies outside them, and they are tight where money stays."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from tests.tracing.histories import HistoryBuilder, random_history

from loantrail.tracing.bounds import Line, class_bounds, line_bounds, reachable, statement_bounds
from loantrail.tracing.model import (
    IN_TRANSIT,
    OUTSIDE,
    USE_NONE,
    USE_OTHER_DEBT,
    USE_OUTSIDE,
    USE_OVERDRAFT,
    USE_OWN_INSTALMENT,
    USE_RELENT,
    USE_REPAYMENT,
    Convention,
    History,
    Trace,
)
from loantrail.tracing.slow import trace_slow

SECURITIES, SUPPLIER = 1, 29


def cycle() -> HistoryBuilder:
    builder = HistoryBuilder(opening={"borrower": 0, "friend": 500}, sides={"borrower": {"firm"}})
    builder.loan("loan", "firm")
    builder.disburse("loan", "borrower", 1000)
    builder.event("borrower", "supplier", 600, SUPPLIER)
    builder.event("borrower", "friend", 400)
    return builder


def test_money_that_rests_with_a_documented_supplier_is_proven() -> None:
    found = class_bounds(cycle().build(), 0, [SUPPLIER])
    assert (found.least_fen, found.most_fen) == (600, 600)


def test_money_that_a_supplier_passes_on_keeps_its_use() -> None:
    builder = cycle()
    builder.event("supplier", "broker", 600, SECURITIES)
    history = builder.build()
    assert class_bounds(history, 0, [SECURITIES]).most_fen == 0
    assert class_bounds(history, 0, [SUPPLIER]).least_fen == 600


def test_money_that_returns_to_the_borrower_may_be_used_again() -> None:
    builder = cycle()
    builder.event("supplier", "borrower", 250)
    builder.event("borrower", "broker", 250, SECURITIES)
    history = builder.build()
    securities, supplier = statement_bounds(
        history, 0, [Line(frozenset([SECURITIES])), Line(frozenset([SUPPLIER]))]
    )
    assert (securities.least_fen, securities.most_fen) == (250, 250)
    assert (supplier.least_fen, supplier.most_fen) == (350, 350)


def test_money_given_back_loses_the_use_that_it_had_got() -> None:
    builder = HistoryBuilder()  # no account is on the borrower's side: only the reversal clears the use
    builder.disburse("loan", "a", 500)
    paid = builder.event("a", "supplier", 500, SUPPLIER)
    builder.event("outside", "supplier", 10)
    builder.event("supplier", "a", 500, reverses=paid)
    builder.event("a", "broker", 500, SECURITIES)
    history = builder.build()
    assert class_bounds(history, 0, [SECURITIES]).most_fen == 500
    assert class_bounds(history, 0, [SUPPLIER]).least_fen == 0


def test_money_given_back_by_the_borrower_has_its_use_again() -> None:
    builder = HistoryBuilder(sides={"borrower": {"firm"}})
    builder.loan("loan", "firm")
    builder.disburse("loan", "borrower", 500)
    builder.event("borrower", "supplier", 500, SUPPLIER)
    refund = builder.event("supplier", "borrower", 500)
    builder.event("outside", "borrower", 10)
    builder.event("borrower", "supplier", 500, SECURITIES, reverses=refund)
    found = class_bounds(builder.build(), 0, [SUPPLIER])
    assert found.least_fen <= 490 <= 500 <= found.most_fen


def test_what_is_held_is_bounded_by_account() -> None:
    builder = cycle()
    builder.event("friend", "broker", 450, SECURITIES)
    history = builder.build()
    friend = np.array([name == "friend" for name in builder.accounts])
    held = line_bounds(reachable(history, [0]), Line(held=friend))
    assert (held.least_fen, held.most_fen) == (0, 400)
    used = class_bounds(history, 0, [SECURITIES])
    assert (used.least_fen, used.most_fen) == (0, 400)


def test_instalments_are_told_from_other_debt() -> None:
    builder = HistoryBuilder(sides={"borrower": {"firm"}}, terminal={"bank"})
    builder.loan("loan", "firm")
    builder.loan("older loan", "firm")
    builder.disburse("loan", "borrower", 1000)
    builder.event("borrower", "bank", 300, USE_REPAYMENT, repays=0)
    builder.event("borrower", "bank", 200, USE_REPAYMENT, repays=1)
    history = builder.build()
    assert class_bounds(history, 0, [USE_OWN_INSTALMENT]).least_fen == 300
    assert class_bounds(history, 0, [USE_OTHER_DEBT]).most_fen == 200


def test_loans_of_different_borrowers_have_no_common_statement() -> None:
    builder = HistoryBuilder()
    builder.disburse("L1", "a", 1)
    builder.disburse("L2", "b", 1)
    with pytest.raises(ValueError, match="one borrower"):
        reachable(builder.build(), [0, 1])


def ends(history: History, trace: Trace, loan: int) -> dict[tuple[int, int], int]:
    """Fen of a loan by (use, account where it rests without use)."""
    total: dict[tuple[int, int], int] = {}

    def add(use: int, account: int, fen: int) -> None:
        if use == USE_NONE and account == OUTSIDE:
            use = USE_OUTSIDE
        key = (use, account if use == USE_NONE else OUTSIDE)
        total[key] = total.get(key, 0) + fen

    hops, held = trace.hops, trace.holdings
    for row in np.flatnonzero(hops.ended & (hops.loan == loan)):
        add(int(hops.use[row]), int(history.credit[hops.event[row]]), int(hops.amount_fen[row]))
    for row in np.flatnonzero(held.loan == loan):
        add(int(held.use[row]), int(held.account[row]), int(held.amount_fen[row]))
    return total


def check_lines(seeds: range) -> None:
    uses = [1, 6, 29, USE_OWN_INSTALMENT, USE_OTHER_DEBT, USE_OVERDRAFT, USE_RELENT, USE_OUTSIDE]
    for seed in seeds:
        history = random_history(Random(seed))
        m = history.account_count
        keys = [(use, OUTSIDE) for use in uses]
        keys += [(USE_NONE, account) for account in range(m)] + [(USE_NONE, IN_TRANSIT)]
        lines = [Line(frozenset([use])) for use in uses]
        lines += [Line(held=np.arange(m) == account) for account in range(m)] + [Line(held_in_transit=True)]
        for loan in range(history.loan_count):
            found = statement_bounds(history, loan, lines)
            for convention in Convention:
                if convention == Convention.POISON:
                    continue
                total = ends(history, trace_slow(history, convention), loan)
                assert set(total) <= set(keys)
                for key, line in zip(keys, found, strict=True):
                    fen = total.get(key, 0)
                    assert line.least_fen <= fen <= line.most_fen, (seed, convention, loan, key, fen, line)


def test_no_convention_leaves_the_bounds_of_a_line() -> None:
    check_lines(range(25))


@pytest.mark.heavy
def test_no_convention_leaves_the_bounds_of_a_line_on_many_histories() -> None:
    check_lines(range(1000, 2500))
