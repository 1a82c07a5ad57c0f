"""Bounds of one transaction: what it can have carried of the loan, however one counts."""

from __future__ import annotations

from random import Random

import pytest
from tests.tracing.histories import HistoryBuilder, random_history

from loantrail.disputes.bounds import transaction_bounds
from loantrail.tracing.model import Convention
from loantrail.tracing.slow import trace_slow


def _paid(own: int, loan: int, *payments: int) -> HistoryBuilder:
    builder = HistoryBuilder(opening={"borrower": own}, sides={"borrower": {"firm"}})
    builder.loan("loan", "firm")
    builder.disburse("loan", "borrower", loan)
    for number, amount in enumerate(payments):
        builder.event("borrower", f"payee {number}", amount)
    return builder


@pytest.mark.parametrize(
    ("own", "payments", "event", "least", "most"),
    [
        (0, (600, 400), 1, 600, 600),
        (500, (600, 400), 1, 100, 600),
        (1000, (600, 400), 1, 0, 600),
        (100, (600, 400), 2, 300, 400),
    ],
)
def test_own_money_decides_how_little_a_payment_can_have_carried(
    own: int, payments: tuple[int, ...], event: int, least: int, most: int
) -> None:
    found = transaction_bounds(_paid(own, 1000, *payments).build(), 0, event)
    assert found is not None
    assert (found.least_fen, found.most_fen, found.proven) == (least, most, True)


def test_the_payment_that_pays_out_the_loan_has_no_bounds_of_its_own() -> None:
    assert transaction_bounds(_paid(0, 1000, 600).build(), 0, 0) is None


@pytest.mark.parametrize("seed", range(12))
def test_no_convention_lies_outside_the_bounds_of_a_transaction(seed: int) -> None:
    history = random_history(Random(seed), size=14)
    for event in range(history.event_count):
        found = transaction_bounds(history, 0, event)
        if found is None:
            continue
        for convention in (Convention.FIFO, Convention.LIFO, Convention.LOAN_FIRST, Convention.OWN_FIRST):
            hops = trace_slow(history, convention).hops
            moved = int(hops.amount_fen[(hops.event == event) & (hops.loan == 0)].sum())
            assert found.least_fen <= moved, (event, convention)
            assert moved <= found.most_fen, (event, convention)
