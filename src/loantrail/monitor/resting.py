"""What may be found that rests on a payment behind all transactions: patterns and rules that may list it. Pure.

Who asks about a payment not yet made wants to know whether a hit rests on it, and on hardly any does one. What patterns may list it is
told in `resting_patterns.py`; a rule lists it only where the row of the payment itself meets the condition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

import polars as pl

from loantrail.defects import DEFECTS
from loantrail.early_warning.patterns import PATTERNS
from loantrail.monitor.last_payment import Facts, Last, Moved, pays_on
from loantrail.monitor.resting_patterns import OfPatterns
from loantrail.monitor.slice_index import Index
from loantrail.rules.evaluate import OWN_MONEY, ReadyRule, ReadyRules
from loantrail.rules.listing import Listed
from loantrail.rules.possible import Values, can_be_met
from loantrail.signals.catalogue import DAY, DAYS_KEPT
from loantrail.signals.kernel_state import DAY_US


class Resting(NamedTuple):
    """What may rest on a payment."""

    loans: tuple[str, ...]
    """Loans of which a hit may, sorted."""
    codes: frozenset[str]
    """The patterns that may list it."""
    rules: ReadyRules
    """The rules that it may meet, of those that warn."""


def anything(loans: list[str], rules: ReadyRules) -> Resting:
    """As of a transaction that others may follow."""
    return Resting(tuple(sorted(loans)), frozenset(PATTERNS) - {*rules.codes}, rules.warning)


def resting(around: Index, payment: Last, rules: ReadyRules, listed: Callable[[], pl.DataFrame]) -> Resting:
    """What may rest on the payment. `listed`: what stands on the watch and black lists (`store_lists.ENTRIES`); asked only where a
    rule looks at them."""
    loans: list[str] = []
    codes: set[str] = set()
    met: set[str] = set()
    for loan, of_patterns, of_rules in _found(around, payment, rules, listed):
        loans.append(around.records.loan_ids[loan])
        codes |= of_patterns
        met |= of_rules
    return Resting(tuple(sorted(loans)), frozenset(codes), rules.warning.only(frozenset(met)))


def may_rest(around: Index, payment: Last, rules: ReadyRules, listed: Callable[[], pl.DataFrame]) -> bool:
    """Whether anything may rest on it, or its payee pays on at the same instant."""
    if pays_on(around, payment.payee, payment.at_us):
        return True
    return any(True for _ in _found(around, payment, rules, listed))


def _found(
    around: Index, payment: Last, rules: ReadyRules, listed: Callable[[], pl.DataFrame]
) -> Iterator[tuple[int, set[str], set[str]]]:
    """Loans (numbers) of which hits may rest on it, the codes of patterns and the ids of rules."""
    patterns = OfPatterns(around, payment)
    asked = _OfRules(patterns, rules.warning, listed)
    spoken_for = {*rules.codes}
    for loan in sorted(patterns.loans):
        codes, met = patterns.codes(loan) - spoken_for, asked.met(loan)
        if codes or met:
            yield loan, codes, met


class _OfRules:
    """What the rules may make of a payment, loan by loan (number)."""

    def __init__(self, facts: Facts, rules: ReadyRules, listed: Callable[[], pl.DataFrame]) -> None:
        self._facts, self._rules, self._listed = facts, rules, listed

    def met(self, loan: int) -> set[str]:
        """Ids of those that the row of the payment, if there is one, may meet."""
        money = self._facts.payment.moved.get(loan)
        if not self._rules.rules or not (money is not None or self._has_own_row(loan)):
            return set()
        if money is None and not (self._rules.looks_at_own_money or self._facts.is_guarantor(loan)):
            return set()
        product = self._facts.around.records.loans.frame["product"][loan]
        asked = [
            one
            for one in self._rules.rules
            if one.checked.content.occasion != DAY
            and (not one.checked.content.products or product in one.checked.content.products)
        ]
        known = self._known(loan, money)
        asked = [one for one in asked if self._may_meet(one, known)]
        if asked:  # only now, as the lists have to be asked for
            known |= self._marks
        return {one.version.rule_id for one in asked if self._may_meet(one, known)}

    def _may_meet(self, rule: ReadyRule, known: Mapping[str, Values]) -> bool:
        root = rule.checked.condition.root
        try:
            return root is not None and can_be_met(root, known, self._facts.around.parameters)
        except DEFECTS:  # told, and the rule stopped, when it is judged
            return True

    def _has_own_row(self, loan: int) -> bool:
        """Whether there is a row although none of the loan's money moves."""
        disbursed = self._facts.around.records.disbursed_us[loan]
        return (
            disbursed is not None
            and loan in self._facts.from_side
            and 0 <= self._facts.at - disbursed <= DAYS_KEPT * DAY_US
        )

    def _known(self, loan: int, money: Moved | None) -> dict[str, Values]:
        """What the row says that takes no counting, the lists apart."""
        known: dict[str, Values] = {} if money is not None else dict(OWN_MONEY)
        if money is not None:
            known["traced_amount_fen"] = frozenset((money.fen,))
            known["is_disbursement"] = frozenset((money.pays_out,))
        if self._facts.is_guarantor(loan):
            known.pop("payee_is_guarantor", None)
        if not self._facts.payment.any_class:
            known["destination_class"] = frozenset((self._facts.payment.of_class,))
        known["retail"] = frozenset((self._facts.around.records.retail[loan],))
        known["from_borrower_side"] = frozenset((loan in self._facts.from_side,))
        known["to_borrower_side"] = frozenset((loan in self._facts.to_side,))
        return known

    @cached_property
    def _marks(self) -> dict[str, Values]:
        """What the watch and black lists say of the payee."""
        marks = Listed(self._listed()).marks(self._facts.payment.payee_account, self._facts.owner)
        return {field: frozenset((mark,)) for field, mark in marks.items()}
