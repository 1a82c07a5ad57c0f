"""Which money a payment was made of: FIFO walked back in time. Pure.

A FIFO trace says of every payment which part is loan money (its hops); this module takes apart the rest. In each
account the money that belongs to no loan is a queue too: arrivals join at the back, payments take from the front, a
reversal takes the newest and gives back to the front (`docs/concepts/tracing.md`). So every fen of a payment has one
arrival behind it, that arrival one payment of its sender, and so on, down to where the records begin. The parts of a
payment sum to it, to the fen, and its loan money is that of the forward trace, hop by hop.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Final

from loantrail.errors import InputError, Place
from loantrail.tracing.backward_queues import OPENING, UNCOVERED, Origin, Queues
from loantrail.tracing.model import IN_TRANSIT, NO_LOAN, USE_NONE, Bool, History, Int64

PARTS_MAX: Final = 20_000
"""Intervals that one payment is taken into before the smaller ones are left where they are."""


@dataclass(frozen=True, slots=True)
class Source:
    """`amount_fen` of a payment that came one way. `events` are the movements from the payment back to the first one;
    `account` is the account where the walk ended (OUTSIDE, IN_TRANSIT or an index)."""

    origin: Origin
    amount_fen: int
    events: tuple[int, ...]
    account: int
    loan: int = NO_LOAN
    use: int = USE_NONE
    """Of loan money: the use it had when it left for this payment."""


@dataclass(slots=True)
class _Way:
    """The movements walked so far, the latest first."""

    event: int
    before: _Way | None

    def events(self) -> tuple[int, ...]:
        found: list[int] = []
        way: _Way | None = self
        while way is not None:
            found.append(way.event)
            way = way.before
        return tuple(reversed(found))


@dataclass(slots=True)
class _Found:
    """What was found of a payment: (origin, movements, account, loan, use) -> fen."""

    amounts: dict[tuple[Origin, tuple[int, ...], int, int, int], int]

    def end(
        self, origin: Origin, way: _Way, amount: int, account: int, loan: int = NO_LOAN, use: int = USE_NONE
    ) -> None:
        key = (origin, way.events(), account, loan, use)
        self.amounts[key] = self.amounts.get(key, 0) + amount


class Backward:
    """A history ready to be asked for the sources of payments: traced once by FIFO; accounts are gone through when
    first needed and remembered.

    Raises LimitExceeded when a balance would leave +-2^62 fen.
    """

    def __init__(self, history: History) -> None:
        self.queues = Queues(history)

    @property
    def history(self) -> History:
        """The history that is walked: events in the same order, and behind its accounts a private one for every slot
        of money in transit."""
        return self.queues.history

    def is_transit(self, account: int) -> bool:
        """Whether that account stands for money between two halves of a movement."""
        return account == IN_TRANSIT or account >= self.queues.account_count

    def is_carried(self, event: int) -> bool:
        """Whether the event's money is matched by reference to what came into a pooled account."""
        return event in self.queues.opener_of

    def sources(
        self,
        event: int,
        low: int = 0,
        high: int | None = None,
        closed: Bool | None = None,
        parts_max: int = PARTS_MAX,
    ) -> list[Source]:
        """The sources of the fen [low, high) of a payment (all of it without bounds), the largest first; they sum to it.

        `closed` [accounts] are accounts whose own money is not followed further back. Loan money is always followed
        to its disbursement. Beyond `parts_max` parts the smallest stay where they are (UNFOLLOWED).

        Raises InputError where there is no such event or interval.
        """
        if not 0 <= event < self.queues.history.event_count:
            raise InputError(
                f"there is no event {event}", Place(field="event"), "Give its place in the order"
            )
        high = self.queues.amount(event) if high is None else high
        if not 0 <= low < high <= self.queues.amount(event):
            raise InputError(
                f"the payment has no fen {low} to {high}",
                Place(field="low"),
                f"It has {self.queues.amount(event)}",
            )
        found = _Found({})
        self._walk(event, low, high, closed, parts_max, found)
        sources = [
            Source(
                origin,
                amount,
                events,
                account if account < self.queues.account_count else IN_TRANSIT,
                loan,
                use,
            )
            for (origin, events, account, loan, use), amount in found.amounts.items()
        ]
        return sorted(sources, key=lambda source: (-source.amount_fen, source.events, source.origin.value))

    def _walk(
        self, event: int, low: int, high: int, closed: Bool | None, parts_max: int, found: _Found
    ) -> None:
        history = self.queues.history
        number = 0
        waiting: list[tuple[int, int, int, int, int, _Way]] = [
            (low - high, number, event, low, high, _Way(event, None))
        ]
        while waiting:
            _, _, at, begin, finish, way = heapq.heappop(waiting)
            self._end_labelled(at, begin, finish, way, found)
            debit = int(history.debit[at])
            own = self.queues.own_amount(at, begin, finish) if not self.queues.disburses(at) else 0
            if own == 0:
                continue
            if number > parts_max:
                found.end(Origin.UNFOLLOWED, way, own, debit)
                continue
            if (
                closed is not None
                and 0 <= debit < len(closed)
                and closed[debit]
                and at not in self.queues.opener_of
            ):
                origin = Origin.POOL if history.terminal[debit] else Origin.PAYER
                found.end(origin, way, own, debit)
                continue
            for piece, nothing in self.queues.split(at, begin, finish):
                if piece.event == OPENING:
                    found.end(Origin.OPENING, way, piece.amount, debit)
                elif piece.event == UNCOVERED:
                    found.end(nothing, way, piece.amount, debit)
                else:
                    number += 1
                    heapq.heappush(
                        waiting,
                        (
                            -piece.amount,
                            number,
                            piece.event,
                            piece.offset,
                            piece.offset + piece.amount,
                            _Way(piece.event, way),
                        ),
                    )

    def _end_labelled(self, event: int, low: int, high: int, way: _Way, found: _Found) -> None:
        hops = self.queues.hops
        for begin, finish, row in self.queues.labelled(event, of_payer=False):
            amount = min(finish, high) - max(begin, low)
            if amount <= 0:
                continue
            behind, hop = way, row
            while hops.parent[hop] >= 0:
                hop = int(hops.parent[hop])
                behind = _Way(int(hops.event[hop]), behind)
            account = int(self.queues.history.debit[hops.event[hop]])
            found.end(Origin.LOAN, behind, amount, account, int(hops.loan[row]), int(hops.use_before[row]))

    def loan_money(self, event: int) -> dict[int, int]:
        """Loan -> fen of it in a payment, as the forward trace has it."""
        found: dict[int, int] = {}
        for begin, end, row in self.queues.labelled(event, of_payer=False):
            loan = int(self.queues.hops.loan[row])
            found[loan] = found.get(loan, 0) + end - begin
        return found

    def events_of(self, account: int) -> Int64:
        """The events that touch an account, in their order."""
        return self.queues.events_of(account)


__all__ = ["PARTS_MAX", "Backward", "Origin", "Source"]
