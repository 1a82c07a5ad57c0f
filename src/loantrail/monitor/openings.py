"""With what balance the accounts of the tail begin, where the bank's records do not say so. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from loantrail.monitor.entering import TailEvents
from loantrail.monitor.known import Known, Movement, implied_openings
from loantrail.monitor.live_hops import loans_that_differ
from loantrail.monitor.slice_rows import distinct
from loantrail.tracing.live import LiveTrace
from loantrail.tracing.live_openings import set_openings
from loantrail.tracing.model import History, Int32, Int64


class Openings:
    """What running balances imply of accounts that are new, and the least that the others must have had."""

    def __init__(self, known: Known, history: History, place: int) -> None:
        """`place`: how many events of the history are settled."""
        self._known = known
        self._movement = Movement(
            history.debit[:place], history.credit[:place], history.amount_fen[:place], history.account_count
        )
        self._own_before = set(known.own)
        self._given_before = set(known.given)
        self._implied: set[str] = set()
        """Accounts of which statements are given for the first time, and whose beginning these imply."""

    def settle(self, accounts: set[str], events: TailEvents, gone: int) -> None:
        """The first `gone` events are settled, and with them what the first lines of the accounts of the tail imply."""
        self._movement.fit(len(self._known.names))
        self._movement.add(events.debit[:gone], events.credit[:gone], events.amount_fen[:gone])
        self._given_before |= accounts & self._known.given.keys()
        self._own_before |= accounts
        self._implied -= accounts

    def imply(self, lines: pl.DataFrame, among: set[str] | None) -> set[str]:
        """What the running balances of accounts that statements are given of for the first time say of their beginning; only lines of
        `among` differ from those before. Returns the accounts of which something else may be said now."""
        there = set(lines["account"].unique().to_list()) if among is None else among
        self._known.own.update(dict.fromkeys(sorted(there)))
        changed = (there | self._implied if among is None else there) - self._own_before - self._given_before
        if not changed:
            return changed
        implied = implied_openings(lines, changed)
        for account, opening in implied.items():
            self._known.give_opening(account, opening)
        for account in (changed - implied.keys()) & self._implied:
            self._known.take_opening(account)
        self._implied = (self._implied - changed) | implied.keys()
        return changed

    def give(
        self, trace: LiveTrace, before: TailEvents, events: TailEvents, first: int, opened: set[str]
    ) -> tuple[int, set[int], Int64]:
        """Accounts whose opening balance is not known begin with the least that never overdraws them. Only those of events from
        `first` on, which stand in place of those of `before`, and `opened` can need another. Returns the first hop that was
        made again by it, the loans whose hops became others, and the events of these."""
        different, wanted = self._different(trace, before, events, first, opened)
        if not len(different):
            return trace.hop_count, set(), np.zeros(0, np.int64)
        reached = trace.first_reached(different)
        old = trace.state.hops[reached : trace.hop_count].copy()
        set_openings(trace, different, wanted)
        new = trace.state.hops[reached : trace.hop_count]
        loans = loans_that_differ(old, new)
        these = np.array(sorted(loans), np.int64)
        events_of = [rows["event"][np.isin(rows["loan"], these)] for rows in (old, new)]
        return reached, loans, distinct(*events_of)

    def stay(self, trace: LiveTrace, events: TailEvents, first: int, accounts: Iterable[str]) -> bool:
        """Whether all accounts began as is known when events from `first` on come behind those before; `accounts`: those of the lines
        that bring them. Changes nothing."""
        if not self._began_before(accounts):
            return False
        return not len(self._different(trace, events, events, first, set())[0])

    def suffice(self, trace: LiveTrace, payer: int, amount_fen: int, accounts: Iterable[str]) -> bool:
        """The same where one payment of this account comes last: of lines of these accounts, the payer's among them."""
        if not self._began_before(accounts) or not self._implied.isdisjoint(accounts):
            return False
        return bool(self._known.has_opening[payer] or trace.state.balance[payer] >= amount_fen)

    # Inside --------------------------------------------------------------------------------------------------

    def _began_before(self, accounts: Iterable[str]) -> bool:
        """Whether it is known of all of these accounts how they began, whatever comes."""
        return all(one in self._own_before or one in self._given_before for one in accounts)

    def _different(
        self, trace: LiveTrace, before: TailEvents, events: TailEvents, first: int, opened: set[str]
    ) -> tuple[Int32, Int64]:
        """The accounts that began otherwise than the trace has it, and with how many fen."""
        known = self._known
        self._movement.fit(len(known.names))
        numbers = [number for name in opened for number in known.numbering.all_of(name)]
        ends = (before.debit[first:], before.credit[first:], events.debit[first:], events.credit[first:])
        accounts = distinct(*ends, np.array(numbers, np.int64))
        accounts = accounts[accounts >= 0]
        least = self._movement.least_of(accounts, events.debit, events.credit, events.amount_fen)
        has_opening = known.has_opening[accounts]
        wanted = np.where(has_opening, trace.log.opening_fen[accounts], least)
        for place in np.flatnonzero(has_opening).tolist():
            name = known.names[int(accounts[place])]
            if name in self._implied:
                wanted[place] = known.given[name]
        differs = wanted != trace.log.opening_fen[accounts]
        return accounts[differs].astype(np.int32), wanted[differs]
