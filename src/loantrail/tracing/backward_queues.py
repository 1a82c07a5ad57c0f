"""The money of each account that belongs to no loan, as a queue: what brought it, and which payment took it. Pure.

The forward trace tells the loan money of every event (its hops); what lies between is own money. In FIFO it is a
queue of its own: arrivals join at the back, payments take from the front, a reversal takes the newest and gives back
to the front.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Final

import numpy as np

from loantrail.tracing.model import (
    IN_TRANSIT,
    NO_SPECIAL,
    OUTSIDE,
    USE_NONE,
    Convention,
    History,
    Int64,
    Specials,
)
from loantrail.tracing.trace import trace_history, valid_reversals

OPENING: Final = -1
"""The `event` of a piece that was in the account before the records begin."""
UNCOVERED: Final = -2
"""The `event` of what a payment took beyond all that was there."""
Interval = tuple[int, int]


class Origin(Enum):
    """Where the walk back ends."""

    LOAN = "loan"  # paid out by the bank
    OUTSIDE = "outside"  # the records show no payer's account
    PAYER = "payer"  # an account that was not to be looked into
    POOL = "pool"  # a pooled or internal account, without a reference to what went in
    TRANSIT = "transit"  # the credit half of a movement whose debit half says nothing
    OPENING = "opening"  # in the account before the records begin
    OVERDRAFT = "overdraft"  # above the balance: the bank's own credit
    UNFOLLOWED = "unfollowed"  # left where it was, the payment had too many parts


@dataclass(slots=True)
class Piece:
    """`amount` fen of `event` from `offset` on; `event` may be OPENING."""

    event: int
    offset: int
    amount: int


class Queue:
    """The money of one account, or of one slot, that belongs to no loan."""

    def __init__(self, opening: int) -> None:
        self.pieces: deque[Piece] = deque()
        self.amount = 0
        if opening > 0:
            self.join(Piece(OPENING, 0, opening))

    def join(self, piece: Piece) -> None:
        self.pieces.append(piece)
        self.amount += piece.amount

    def give_back(self, pieces: list[Piece]) -> None:
        """At the front, in their order."""
        self.pieces.extendleft(reversed(pieces))
        self.amount += sum(piece.amount for piece in pieces)

    def take_front(self, amount: int) -> list[Piece]:
        """The oldest `amount` fen, or all there is."""
        taken: list[Piece] = []
        left = min(amount, self.amount)
        self.amount -= left
        while left > 0:
            first = self.pieces[0]
            part = min(left, first.amount)
            taken.append(Piece(first.event, first.offset, part))
            left -= part
            if part == first.amount:
                self.pieces.popleft()
            else:
                first.offset += part
                first.amount -= part
        return taken

    def take_back(self, amount: int) -> list[Piece]:
        """The newest `amount` fen, or all there is; older ones first."""
        taken: list[Piece] = []
        left = min(amount, self.amount)
        self.amount -= left
        while left > 0:
            last = self.pieces[-1]
            part = min(left, last.amount)
            last.amount -= part
            taken.append(Piece(last.event, last.offset + last.amount, part))
            left -= part
            if last.amount == 0:
                self.pieces.pop()
        return taken[::-1]


@dataclass(slots=True)
class Played:
    """How far the queue of a place was gone through, and what each payment out of it took."""

    queue: Queue
    events: Int64
    balance: int
    place: int = 0
    taken: dict[int, list[Piece]] | None = None


def without_transit(history: History) -> History:
    """The history with a private account in place of every slot of money in transit: what waits there is then seen
    like what waits anywhere else. Links that the trace does not follow are dropped."""
    special, specials = history.special, history.specials
    openers = np.flatnonzero(history.credit == IN_TRANSIT)
    if len(openers) == 0:
        return history
    count = len(openers)
    private = history.account_count + np.arange(count, dtype=np.int32)
    debit, credit = history.debit.copy(), history.credit.copy()
    arrival_use = history.arrival_use.copy()
    specials = Specials(*(getattr(specials, field.name).copy() for field in fields(Specials)))
    reversing, originals = valid_reversals(history)
    followed = np.zeros(history.event_count, np.bool_)
    followed[reversing] = True
    followed[originals] = True
    marked = np.flatnonzero(special != NO_SPECIAL)
    specials.reverses[special[marked[~followed[marked]]]] = -1
    credit[openers] = private
    arrival_use[openers] = USE_NONE
    slot_account = np.full(len(specials.carries), -1, np.int32)
    opening = openers[special[openers] != NO_SPECIAL]
    slot_account[special[opening]] = credit[opening]
    specials.opens_slot[special[opening]] = False
    carrying = marked[specials.carries[special[marked]] >= 0]
    carrying = carrying[slot_account[specials.carries[special[carrying]]] >= 0]
    debit[carrying] = slot_account[specials.carries[special[carrying]]]
    specials.carries[special[carrying]] = -1
    specials.specific_loan[special[carrying]] = -1
    return replace(
        history,
        debit=debit,
        credit=credit,
        arrival_use=arrival_use,
        specials=specials,
        opening_fen=np.concatenate([history.opening_fen, np.zeros(count, np.int64)]),
        terminal=np.concatenate([history.terminal, np.zeros(count, np.bool_)]),
        side_start=np.concatenate([history.side_start, np.full(count, history.side_start[-1], np.int32)]),
    )


class Queues:
    """A history traced once by FIFO; accounts and slots are gone through when first needed and remembered.

    Raises LimitExceeded when a balance would leave +-2^62 fen.
    """

    def __init__(self, history: History) -> None:
        self.account_count = history.account_count
        self.history = history = without_transit(history)
        self.hops = trace_history(history, Convention.FIFO).hops
        count = history.event_count
        self._first_hop = np.searchsorted(self.hops.event, np.arange(count + 1)).astype(np.int64)
        ends = np.concatenate([history.debit, history.credit])
        order = np.argsort(ends, kind="stable")
        self._event_of_end = np.where(order < count, order, order - count)
        self._first_end = np.searchsorted(ends[order], np.arange(history.account_count + 1))
        self._original, self._again, self._already = self._reversals()
        self._reversing: dict[int, list[int]] = {}
        for event, original in self._original.items():
            self._reversing.setdefault(original, []).append(event)
        self._carriers: dict[int, list[int]] = {}
        self.opener_of: dict[int, int] = {}
        self._read_slots()
        self.accounts: dict[int, Played] = {}
        self.slots: dict[int, Played] = {}

    def _reversals(self) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
        """Reversing event -> what it reverses, how much of it, and how much earlier reversals took."""
        reversing, originals = valid_reversals(self.history)
        original: dict[int, int] = {}
        again: dict[int, int] = {}
        already: dict[int, int] = {}
        taken: dict[int, int] = {}
        for event, target in zip(reversing.tolist(), originals.tolist(), strict=True):
            before = taken.get(target, 0)
            part = min(self.amount(event), self.amount(target) - before)
            original[event], again[event], already[event] = target, part, before
            taken[target] = before + part
        return original, again, already

    def _read_slots(self) -> None:
        special, specials = self.history.special, self.history.specials
        marked = np.flatnonzero(special != NO_SPECIAL)
        opener = {int(special[event]): int(event) for event in marked.tolist()}
        for event in marked.tolist():
            slot = int(specials.carries[special[event]])
            if slot >= 0:
                self.opener_of[event] = opener[slot]
                self._carriers.setdefault(opener[slot], []).append(event)

    def amount(self, event: int) -> int:
        return int(self.history.amount_fen[event])

    def _holds_lots(self, account: int) -> bool:
        return account >= 0 and not bool(self.history.terminal[account])

    def disburses(self, event: int) -> bool:
        row = int(self.history.special[event])
        return row != NO_SPECIAL and int(self.history.specials.disburses[row]) >= 0

    def labelled(self, event: int, of_payer: bool) -> list[tuple[int, int, int]]:
        """(begin, end, hop) of the event's loan money, in its order. A disbursement pays with what its payer holds
        (`of_payer`), and is wholly the loan's at its payee."""
        first, last = int(self._first_hop[event]), int(self._first_hop[event + 1])
        if first == last:
            return []
        hops = self.hops
        rows = range(first, last)
        if self.disburses(event):
            rows = [row for row in rows if (int(hops.depth[row]) > 0) == of_payer]
        return sorted(
            (int(hops.offset_fen[row]), int(hops.offset_fen[row]) + int(hops.amount_fen[row]), row)
            for row in rows
        )

    def _own(self, event: int, low: int, high: int, of_payer: bool) -> list[Interval]:
        """What lies in [low, high) of the event and is no loan's."""
        gaps: list[Interval] = []
        at = low
        for begin, end, _ in self.labelled(event, of_payer):
            if begin > at:
                gaps.append((at, min(begin, high)))
            at = max(at, end)
            if at >= high:
                break
        if at < high:
            gaps.append((at, high))
        return [(begin, end) for begin, end in gaps if end > begin]

    def own_amount(self, event: int, low: int, high: int) -> int:
        return sum(end - begin for begin, end in self._own(event, low, high, of_payer=True))

    # Going through one account or slot

    def _account(self, account: int, until: int) -> Played:
        played = self.accounts.get(account)
        if played is None:
            first, last = int(self._first_end[account]), int(self._first_end[account + 1])
            opening = int(self.history.opening_fen[account])
            played = Played(Queue(opening), np.sort(self._event_of_end[first:last]), opening, 0, {})
            self.accounts[account] = played
        self._play(played, account, until)
        return played

    def _slot(self, opener: int, until: int) -> Played:
        played = self.slots.get(opener)
        if played is None:
            later = [*self._carriers.get(opener, ()), *self._reversing.get(opener, ())]
            played = Played(Queue(0), np.array(sorted(later), np.int64), 0, 0, {})
            for begin, end in self._own(opener, 0, self.amount(opener), of_payer=False):
                played.queue.join(Piece(opener, begin, end - begin))
            self.slots[opener] = played
        self._play(played, None, until)
        return played

    def _play(self, played: Played, account: int | None, until: int) -> None:
        """Up to and with the event `until`."""
        assert played.taken is not None
        while played.place < len(played.events) and played.events[played.place] <= until:
            event = int(played.events[played.place])
            played.place += 1
            if account is not None and int(self.history.credit[event]) == account:
                self._arrive(played, event)
                continue
            played.balance -= self.amount(event)
            if account is not None and event in self.opener_of:
                continue  # the money comes out of a slot
            played.taken[event] = self._take(played.queue, event, in_slot=account is None)

    def _take(self, queue: Queue, event: int, in_slot: bool) -> list[Piece]:
        """What the event takes of a queue, in the order of its own money; less than all where it is overdrawn."""
        amount = self.amount(event)
        wanted = self.own_amount(event, 0, amount)
        found: list[Piece] = []
        original = self._original.get(event)
        if original is not None:
            # A reversal takes back the own money that the original brought last.
            end = self.amount(original) - self._already[event]
            brought = sum(
                high - low for low, high in self._own(original, end - self._again[event], end, of_payer=False)
            )
            found = queue.take_back(min(brought, wanted))
            if in_slot:
                return found
        return found + queue.take_front(wanted - sum(piece.amount for piece in found))

    def _arrive(self, played: Played, event: int) -> None:
        amount = self.amount(event)
        returned = self._again.get(event, 0)
        queue = played.queue
        if returned:
            # What comes back repays an overdraft from its end, the rest lies in front.
            repaid = min(returned, max(-played.balance, 0))
            gaps = self._own(event, 0, returned - repaid, of_payer=False)
            queue.give_back([Piece(event, begin, end - begin) for begin, end in gaps])
            played.balance += returned
        repaid = min(amount - returned, max(-played.balance, 0))
        for begin, end in self._own(event, returned + repaid, amount, of_payer=False):
            queue.join(Piece(event, begin, end - begin))
        played.balance += amount - returned

    def _behind(self, event: int) -> tuple[Played | None, Origin]:
        """The place that the own money of the event came out of, and what it is called where the place says nothing."""
        debit = int(self.history.debit[event])
        opener = self.opener_of.get(event)
        nothing = Origin.POOL
        if debit == OUTSIDE:
            nothing = Origin.OUTSIDE
        elif debit == IN_TRANSIT or debit >= self.account_count:
            nothing = Origin.TRANSIT
        if opener is not None:
            return self._slot(opener, event), nothing
        if self._holds_lots(debit):
            beyond = Origin.OVERDRAFT if debit < self.account_count else Origin.TRANSIT
            return self._account(debit, event), beyond
        original = self._original.get(event)
        if original is not None:
            return self._slot(original, event), nothing
        return None, nothing

    def split(self, event: int, low: int, high: int) -> Iterator[tuple[Piece, Origin]]:
        """The own money in [low, high) of the event, by what brought it to its payer."""
        place, nothing = self._behind(event)
        pieces = place.taken.get(event, []) if place is not None and place.taken is not None else []
        # Own money of the event is numbered along its gaps, as the pieces are.
        before = self.own_amount(event, 0, low)
        begin, end = before, before + self.own_amount(event, low, high)
        at = 0
        for piece in pieces:
            first, last = max(begin, at), min(end, at + piece.amount)
            if last > first:
                yield Piece(piece.event, piece.offset + first - at, last - first), nothing
            at += piece.amount
        if end > max(begin, at):
            yield Piece(UNCOVERED, 0, end - max(begin, at)), nothing

    def events_of(self, account: int) -> Int64:
        """The events that touch an account, in their order."""
        first, last = int(self._first_end[account]), int(self._first_end[account + 1])
        return np.sort(self._event_of_end[first:last])
