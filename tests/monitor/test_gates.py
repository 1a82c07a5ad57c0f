"""The smallest books in which one payment of own money, far from all others, changes what is found of a loan: what stands
for it in `affected.py` must tell it, for nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from tests.early_warning.bank import Bank
from tests.monitor.judging import NO_RULES, full_run
from tests.monitor.test_affected import ends_of_day, taken
from tests.monitor.test_slice import BOOK, in_turn, up_to

from loantrail.monitor.affected import Affected
from loantrail.monitor.remembered import Remembered
from loantrail.monitor.slice_index import Index


@dataclass(frozen=True)
class LastPayment:
    """What the last payment of some books does to loan L."""

    before: set[str]
    after: set[str]
    told: Affected
    remembered: Remembered


def by_the_last_payment(bank: Bank) -> LastPayment:
    frames = in_turn(bank)
    count = len(frames.transactions) - 1
    earlier = up_to(frames, count)
    run = full_run(earlier, NO_RULES)
    found = taken(Index.of(earlier, BOOK), frames, count)
    return LastPayment(
        before=set(run.leads["pattern"]),
        after=set(full_run(frames, NO_RULES).leads["pattern"]),
        told=found,
        remembered=Remembered(run.leads, ends_of_day(run), earlier.as_of, BOOK),
    )


def paid_back_late() -> Bank:
    """Right after the disbursement the account paid a broker out of money that counts as its own; now that comes back."""
    bank = Bank()
    bank.loan(100)
    bank.pay("B.main", "BROKER", 60, 1, cls="securities")
    bank.pay("BROKER", "B.main", 60, 119)
    return bank


def swept_back() -> Bank:
    """The loan's money goes into a money-market account again and again; only now so much has come back that it is a sweep."""
    bank = Bank()
    loan = bank.loan(200, retail=True)
    for cycle in range(4):
        bank.move(loan, "B.main", "MMF", 20, 10 + 4 * cycle, use="wealth_management")
        bank.pay("MMF", "B.main", 17.9, 12 + 4 * cycle)
    bank.pay("MMF", "B.main", 8, 119)
    return bank


@pytest.mark.parametrize("books", [paid_back_late, swept_back])
def test_what_comes_back_late_takes_a_lead_away_and_is_told(books: Callable[[], Bank]) -> None:
    last = by_the_last_payment(books())

    assert "FLOW_SECURITIES" in last.before - last.after
    assert last.told.leads == {0}


@pytest.mark.parametrize(("day", "is_told"), [(50, True), (91, False)])
@pytest.mark.parametrize("payee", ["G.main", "elsewhere"])
def test_own_money_paid_to_a_guarantor_is_looked_at_as_long_as_rules_may(
    payee: str, day: float, is_told: bool
) -> None:
    bank = Bank()
    bank.loan(100)
    bank.account("G.main", bank.party("G", name="elsewhere"))
    bank.guarantors.append({"loan_id": "L", "guarantor_party_id": "G"})
    bank.pay("B.main", payee, 1, day)

    assert (0 in by_the_last_payment(bank).told.leads) == is_told


def passed_on_at_once(later_wan: float) -> Bank:
    """A payee whose balance nobody knows passes on what it got within hours, and pays more much later."""
    bank = Bank()
    got = bank.move(bank.loan(100), "B.main", bank.account("X", "C1"), 80, 10)
    bank.move(got, "X", "elsewhere", 80, 10.2)
    bank.pay("X", "another", later_wan, 119)
    return bank


def test_a_payee_that_pays_more_later_was_not_left_empty_and_its_loan_is_looked_at() -> None:
    last = by_the_last_payment(passed_on_at_once(500))

    assert "RAPID_IN_OUT" in last.before - last.after
    assert last.told.draining == {0}
    assert last.remembered.drains("L")


def test_a_loan_of_which_nothing_was_passed_on_rapidly_does_not_drain() -> None:
    bank = Bank()
    bank.move(bank.loan(100), "B.main", bank.account("X", "C1"), 80, 10)
    bank.pay("X", "another", 500, 119)

    last = by_the_last_payment(bank)

    assert last.told.draining == {0}
    assert not last.remembered.drains("L")
    assert last.before == last.after
