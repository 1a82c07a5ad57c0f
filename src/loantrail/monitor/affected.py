"""Which loans may be judged otherwise because of transactions in which their own money did not move. Pure.

A loan's leads (early_warning/patterns*.py) look at transactions without its money in few places. For each of them stands
here what a transaction must be like to say anything new there; it may let more pass than the pattern, never less:

- what the disbursement account or a payee hands on soon, to whom it goes and what is handed on of that (handing_on,
  soon_paid, related_party): `Handed.changed_by`, and what those who got it paid within the days of a round trip;
- what came back to the disbursement account from whom it paid soon (near_in_time): `_back`;
- sweeps (flow_securities): between the side and an account that got the loan's money as securities or wealth management;
- interest-like payments (private_lending): to a person or lender who is paid evenly in enough months by now, for interest by their
  words or after a larger sum from there;
- what was spent before money counts as idle (idle_funds), what came in before instalments (repay_source_odd), what reached a
  guarantor (return_to_guarantor): in their days;
- loops (counterparty_loop): payments as large as one of the loan's, within days, by its payee or to its side;
- rapid in and out: all that a payee gets and pays within hours of the loan's money;
- pools (multi_borrower_pool): other loans' money, traced or handed on, that came to where the loan's money came.

Signal rows and rules look at what the borrower's side moved (`sides`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from loantrail.clock import microseconds
from loantrail.monitor.interest import InterestLike, class_numbers
from loantrail.monitor.slice_index import Index
from loantrail.monitor.slice_pools import may_pool
from loantrail.monitor.slice_rows import among, distinct
from loantrail.signals.catalogue import DAYS_KEPT
from loantrail.signals.kernel_state import DAY_US
from loantrail.tracing.model import Bool, Int32, Int64

HUB_LOANS: Final = 50
"""An account that money of more loans reached lately says nothing about a single one when that of another comes."""
SWEEP_CLASSES: Final = ("wealth_management", "securities")
_HOUR_US: Final = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Told:
    """Transactions that are new, or were there before, [n] each; accounts and classes by number of the index."""

    debit: Int32
    credit: Int32
    amount_fen: Int64
    at_us: Int64
    of_class: Int32
    credit_name: pl.Series

    @classmethod
    def of(cls, around: Index, rows: Int64) -> Told:
        """Rows of the index, ascending."""
        if not len(rows):
            return _NOTHING
        return cls(
            debit=around.debit.array[rows],
            credit=around.credit.array[rows],
            amount_fen=around.amount_fen.array[rows],
            at_us=around.at_us.array[rows],
            of_class=around.of_class.array[rows],
            credit_name=around.transactions.series("credit_name", rows),
        )

    def and_of(self, other: Told) -> Told:
        """These and others."""
        if not len(self.debit) or not len(other.debit):
            return self if len(self.debit) else other
        arrays = ("debit", "credit", "amount_fen", "at_us", "of_class")
        return Told(
            **{name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in arrays},
            credit_name=pl.concat([self.credit_name, other.credit_name]),
        )


_NOTHING: Final = Told(
    debit=np.zeros(0, np.int32),
    credit=np.zeros(0, np.int32),
    amount_fen=np.zeros(0, np.int64),
    at_us=np.zeros(0, np.int64),
    of_class=np.zeros(0, np.int32),
    credit_name=pl.Series("credit_name", [], dtype=pl.String),
)


@dataclass(frozen=True, slots=True)
class Affected:
    """Loans by number of the index."""

    leads: set[int] = field(default_factory=set[int])
    """The patterns may find something else."""
    sides: set[int] = field(default_factory=set[int])
    """Their borrower's side moved."""
    draining: set[int] = field(default_factory=set[int])
    """A payee paid of which no balance is on record: what was rapid in and out may be it no longer."""
    doubtful: set[int] = field(default_factory=set[int])
    """Too many to be looked at now: whoever looks at one later must look at all of it."""


def affected(around: Index, told: Told, moved: Told) -> Affected:
    """What the transactions may change, those that are new among which the index holds. `moved`: those in which loan money moves otherwise
    than before."""
    return _Affecting(around, told, moved).found


def _groups(keys: Int32) -> Iterator[tuple[int, Int64]]:
    """Each key from 0 on with the places where it stands, ascending."""
    if len(keys) == 1:
        if keys[0] >= 0:
            yield int(keys[0]), np.zeros(1, np.int64)
        return
    order = np.argsort(keys, kind="stable")
    known = keys[order]
    starts = np.flatnonzero(np.diff(known, prepend=known[:1] - 1)).tolist()
    for start, end in zip(starts, [*starts[1:], len(known)][: len(starts)], strict=True):
        if known[start] >= 0:
            yield int(known[start]), order[start:end]


class _Affecting:
    def __init__(self, around: Index, told: Told, moved: Told) -> None:
        self._around, self._told = around, told
        self.found = Affected()
        number = around.number
        self._low, self._high = (number(f"counterparty_loop_ratio_{end}_ppm") for end in ("least", "most"))
        self._loop_fen, self._loop_us = (
            number("counterparty_loop_fen"),
            number("counterparty_loop_days") * DAY_US,
        )
        self._large = told.amount_fen.astype(object) * 1_000_000 >= self._loop_fen * self._low
        self._rapid_us = number("rapid_in_out_hours") * _HOUR_US
        self._rapid_fen = number("rapid_in_out_fen")
        self._near_us = number("near_in_time_days") * DAY_US
        self._round_us = number("round_trip_days") * DAY_US
        self._idle_us = number("idle_funds_days") * DAY_US
        self._pool_us = number("multi_borrower_pool_days") * DAY_US
        self._guarantor_us = max(DAYS_KEPT, number("return_to_guarantor_days")) * DAY_US
        self._pool_borrowers = number("multi_borrower_pool_borrowers") - 1
        self._interest = InterestLike(around)
        self._sweep = class_numbers(around, SWEEP_CLASSES)
        self._as_of_us = microseconds(around.as_of)
        self._handed()
        self._pools(moved)
        # Of accounts that loan money never came to nor left nothing is asked.
        met = [around.hops_into.any_of(ends) for ends in (told.debit, told.credit)]
        met[1] |= around.hops_from.any_of(told.credit)
        for account, rows in _groups(np.where(met[0], told.debit, -1)):
            self._payee(account, rows, pays=True)
        for account, rows in _groups(np.where(met[1], told.credit, -1)):
            self._payee(account, rows, pays=False)
        on_side = [
            (loan, account, rows, pays)
            for pays, ends in ((True, told.debit), (False, told.credit))
            for account, rows in _groups(np.where(around.on_side.array[np.maximum(ends, 0)], ends, -1))
            for loan in around.loans_of_side(account).tolist()
        ]
        self.found.sides.update(loan for loan, *_ in on_side)
        self._swept = self._all_swept(sorted(self.found.sides))
        for loan, account, rows, pays in on_side:
            if loan not in self.found.leads:
                self._side(loan, account, rows, pays=pays)

    # By hands ------------------------------------------------------------------------------------------------

    def _handed(self) -> None:
        around, told = self._around, self._told
        for account in set(told.debit.tolist()) - {-1}:
            name = around.accounts.names[account]
            if not around.handed.knows(name):
                continue
            for at in told.at_us[told.debit == account].tolist():
                self.found.leads.update(
                    around.handed.changed_by(name, at), around.handed.got(name, at - self._round_us, at)
                )
        for name, at in around.handed.settle():
            account = around.accounts.known(name)
            if account >= 0:
                self._pool(account, at, at)

    # By payees -----------------------------------------------------------------------------------------------

    def _payee(self, account: int, rows: Int64, *, pays: bool) -> None:
        """Loans whose money came to the account: it got or paid something within hours, or paid as much as a loop has."""
        around, told = self._around, self._told
        if not pays:
            # What came in at the very instant of an instalment that the account paid with a loan's money.
            paid = around.hops_from.of(account)
            paid = paid[around.hop_transaction.array[paid] >= 0]
            at = around.at_us.array[around.hop_transaction.array[paid]]
            self.found.leads.update(around.hop_loan.array[paid[at >= told.at_us[rows].min()]].tolist())
        hops = around.hops_into.of(account)
        if not len(hops):
            return
        hops = hops[around.hop_reaches.array[hops] & (around.hop_transaction.array[hops] >= 0)]
        if not len(hops):
            return
        made = around.hop_transaction.array[hops]
        at, fen, loans = around.at_us.array[made], around.amount_fen.array[made], around.hop_loan.array[hops]
        instants = told.at_us[rows]
        rapid = (at >= instants.min() - self._rapid_us) & (at <= instants.max()) & (fen >= self._rapid_fen)
        self.found.leads.update(loans[rapid].tolist())
        if not pays:
            return
        if around.records.opening_fen.get(around.accounts.names[account]) is None:
            self.found.draining.update(loans.tolist())
        for row in rows[self._large[rows]].tolist():
            self.found.leads.update(loans[self._alike(row, at, fen)].tolist())

    def _alike(self, row: int, at: Int64, fen: Int64) -> Bool:
        """Payments that one of the transactions may make a loop with."""
        amount = int(self._told.amount_fen[row]) * 1_000_000
        near = (np.abs(at - int(self._told.at_us[row])) <= self._loop_us) & (fen >= self._loop_fen)
        for place in np.flatnonzero(near).tolist():
            near[place] = int(fen[place]) * self._low <= amount <= int(fen[place]) * self._high
        return near

    def _pools(self, moved: Told) -> None:
        for account, rows in _groups(moved.credit):
            self._pool(account, int(moved.at_us[rows].min()), int(moved.at_us[rows].max()))
            if not may_pool(self._around, account):
                continue
            # What is traced to an account counts in place of what was handed on to it, whenever that was.
            for at in self._around.handed.arrivals(self._around.accounts.names[account]):
                self._pool(account, at, at)

    def _pool(self, account: int, first_us: int, last_us: int) -> None:
        """Loans whose money came to the account within the days of a pool."""
        around, name = self._around, self._around.accounts.names[account]
        span = first_us - self._pool_us, last_us + self._pool_us
        loans = set(around.hop_loan.array[around.reaching(account, *span)].tolist())
        loans |= around.handed.got(name, *span)
        if len(loans) < self._pool_borrowers or not may_pool(around, account):
            return
        (self.found.leads if len(loans) <= HUB_LOANS else self.found.doubtful).update(loans)

    # By the borrower's side ----------------------------------------------------------------------------------

    def _side(self, loan: int, account: int, rows: Int64, *, pays: bool) -> None:
        around, told, records = self._around, self._told, self._around.records
        disbursed, instants = records.disbursed_us[loan], told.at_us[rows]
        is_disbursement_account = records.disbursement_accounts[loan] == around.accounts.names[account]
        other = (told.credit if pays else told.debit)[rows]
        swept = self._swept.get(loan)
        found = swept is not None and bool(among(other, swept).any())
        if not pays:
            found = found or bool((instants <= records.last_paid_us[loan]).any())
            if is_disbursement_account and disbursed is not None:
                found = found or self._back(account, disbursed, other)
            found = found or self._closes_loop(loan, rows)
        elif disbursed is not None:
            limit = disbursed + self._idle_us
            found = found or (
                not records.retail[loan] and limit <= self._as_of_us and bool((instants <= limit).any())
            )
            # Later neither the pattern nor any rule looks at what the side paid with its own money.
            soon = rows[instants <= disbursed + self._guarantor_us]
            found = found or (
                len(soon) > 0 and loan in records.guarantors_of and self._to_guarantor(loan, soon)
            )
            found = found or self._interest.paid(told, loan, disbursed, rows)
        if found:
            self.found.leads.add(loan)

    def _all_swept(self, loans: list[int]) -> dict[int, Int64]:
        """Loan -> accounts that its money went into, or came out of, as securities or wealth management."""
        around = self._around
        if not loans or not len(self._sweep):
            return {}
        hops = np.concatenate([around.hops_of_loan.of(loan) for loan in loans])
        made = around.hop_transaction.array[hops]
        of_class = np.where(made >= 0, around.of_class.array[np.maximum(made, 0)], -1)
        swept = among(around.hop_use.array[hops], self._sweep)
        swept |= among(around.hop_use_before.array[hops], self._sweep) | among(of_class, self._sweep)
        found: dict[int, Int64] = {}
        hops = hops[swept]
        for loan, places in _groups(around.hop_loan.array[hops]):
            of_loan = hops[places]
            found[loan] = distinct(around.hop_from.array[of_loan], around.hop_to.array[of_loan])
        return found

    def _back(self, account: int, disbursed: int, payers: Int32) -> bool:
        """Whether anybody pays whom the account paid right after the disbursement."""
        soon = self._around.lines.within(account, disbursed, disbursed + self._near_us)
        paid = self._around.credit.array[soon[self._around.debit.array[soon] == account]]
        return bool(np.isin(payers[payers >= 0], paid).any())

    def _to_guarantor(self, loan: int, rows: Int64) -> bool:
        """Whether one of these payments is to a guarantor of the loan, by party or by name."""
        around, told = self._around, self._told
        guarantors = around.records.guarantors_of[loan]
        named = (around.accounts.names[account] for account in told.credit[rows].tolist() if account >= 0)
        payees = {around.records.owner_of(name) for name in named}
        payees.update(told.credit_name.gather(rows).to_list())
        return not guarantors.isdisjoint(payees)

    def _closes_loop(self, loan: int, rows: Int64) -> bool:
        large = rows[self._large[rows]]
        if not len(large):
            return False
        around = self._around
        hops = around.hops_of_loan.of(loan)
        hops = hops[around.hop_reaches.array[hops] & (around.hop_transaction.array[hops] >= 0)]
        made = around.hop_transaction.array[hops]
        at, fen = around.at_us.array[made], around.amount_fen.array[made]
        return any(bool(self._alike(row, at, fen).any()) for row in large.tolist())
