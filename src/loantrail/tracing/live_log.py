"""The events of a trace that goes on, in arrays with room to grow.

A special row belongs to an event for as long as the event is in the log. Rows that the rules of reversal add come when
the reversal does, so rows do not stand in the order of events; nothing depends on their order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from loantrail.tracing.kernel_arrival import SPECIAL_ROW, Events
from loantrail.tracing.kernel_state import empty_pool
from loantrail.tracing.live_batch import Batch, no_events
from loantrail.tracing.model import IN_TRANSIT, NO_SPECIAL, OUTSIDE, History, Int32, Int64
from loantrail.tracing.trace import no_specials

FIRST_ROOM: Final = 64
_LINKS = ("disburses", "reverses", "specific_loan", "carries", "repays", "group")


def _room(array: Any, need: int) -> Any:
    """The array itself, or a longer copy that holds at least `need` rows; new rows are zero."""
    if len(array) >= need:
        return array
    longer = np.zeros(max(need, 2 * len(array)), array.dtype)
    longer[: len(array)] = array
    return longer.view(np.recarray) if isinstance(array, np.recarray) else longer


@dataclass(frozen=True, slots=True)
class Late:
    """Originals whose slot has to be opened after they were processed."""

    events: list[int]


class EventLog:
    """All events in their order. One row more than there are is always free, for a payment that is only probed."""

    def __init__(self) -> None:
        self.count = 0
        self.account_count = 0
        self.loan_count = 0
        self.special_count = 0
        self.debit: Int32 = np.zeros(FIRST_ROOM, np.int32)
        self.credit: Int32 = np.zeros(FIRST_ROOM, np.int32)
        self.amount_fen: Int64 = np.zeros(FIRST_ROOM, np.int64)
        self.arrival_use = np.zeros(FIRST_ROOM, np.uint8)
        self.special: Int32 = np.full(FIRST_ROOM, NO_SPECIAL, np.int32)
        self.specials: Any = empty_pool(SPECIAL_ROW, FIRST_ROOM)
        self.special_event = np.zeros(FIRST_ROOM, np.int64)
        self.special_given = np.zeros(FIRST_ROOM, np.bool_)
        self.opened_by_bank = np.zeros(FIRST_ROOM, np.bool_)
        """Slots that the batch itself opened, apart from those that reversals did."""
        self.carries_event: Int64 = np.full(FIRST_ROOM, -1, np.int64)
        self.opening_fen: Int64 = np.zeros(FIRST_ROOM, np.int64)
        self.terminal = np.zeros(FIRST_ROOM, np.bool_)
        self.loan_borrower: Int32 = np.zeros(FIRST_ROOM, np.int32)
        self.side_start: Int32 = np.zeros(FIRST_ROOM + 1, np.int32)
        self.side_borrower: Int32 = np.zeros(0, np.int32)
        self.reversing: Int64 = np.zeros(0, np.int64)
        self.original: Int64 = np.zeros(0, np.int64)
        self.group: dict[int, int] = {}
        """Event taken back -> the first special row that takes it back."""
        self._ahead: list[int] = []
        """Special rows, ascending, of events that carry a slot which a later event opens."""

    # Reading -------------------------------------------------------------------------------------------------

    @property
    def account_room(self) -> int:
        """Accounts that there is room for; slots stand behind them."""
        return len(self.terminal)

    @property
    def special_room(self) -> int:
        return len(self.specials)

    def events(self) -> Events:
        """The arrays as the kernel reads them; rows beyond the counts mean nothing."""
        return Events(
            debit=self.debit,
            credit=self.credit,
            amount_fen=self.amount_fen,
            arrival_use=self.arrival_use,
            special=self.special,
            specials=self.specials,
            terminal=self.terminal,
            side_start=self.side_start,
            side_borrower=self.side_borrower,
            loan_borrower=self.loan_borrower,
        )

    def slots_in_order(self) -> Int64:
        """Special rows as a batch trace numbers them: those given by event, then those added by event."""
        events = self.special_event[: self.special_count]
        given = self.special_given[: self.special_count] | np.isin(events, self.reversing)
        return np.lexsort((events, ~given))

    def history(self) -> History:
        """The same events for `trace_history`, special rows numbered by event, reversals as they were told."""
        given = np.flatnonzero(self.special_given[: self.special_count])
        given = given[np.argsort(self.special_event[given], kind="stable")]
        told = np.unique(self.reversing)
        lacking = told[~np.isin(told, self.special_event[given])]
        owners = np.concatenate([self.special_event[given], lacking])
        order = np.argsort(owners, kind="stable")
        rank = np.empty(len(owners), np.int32)
        rank[order] = np.arange(len(owners), dtype=np.int32)
        specials = no_specials(len(owners))
        place = rank[: len(given)]
        for name in ("disburses", "specific_loan", "specific_fen", "repays"):
            getattr(specials, name)[place] = self.specials[name][given]
        specials.opens_slot[place] = self.opened_by_bank[given]
        special = np.full(self.count, NO_SPECIAL, np.int32)
        special[owners] = rank
        carried = self.carries_event[given]
        specials.carries[place] = (
            np.where(carried >= 0, special[np.maximum(carried, 0)], -1) if self.count else -1
        )
        specials.reverses[special[self.reversing]] = self.original
        return History(
            debit=self.debit[: self.count].copy(),
            credit=self.credit[: self.count].copy(),
            amount_fen=self.amount_fen[: self.count].copy(),
            arrival_use=self.arrival_use[: self.count].copy(),
            special=special,
            specials=specials,
            opening_fen=self.opening_fen[: self.account_count].copy(),
            terminal=self.terminal[: self.account_count].copy(),
            side_start=self.side_start[: self.account_count + 1].copy(),
            side_borrower=self.side_borrower.copy(),
            loan_borrower=self.loan_borrower[: self.loan_count].copy(),
        )

    # Growing -------------------------------------------------------------------------------------------------

    def reserve(self, events: int = 0, accounts: int = 0, loans: int = 0, specials: int = 0) -> None:
        """Room for so many rows, and one more of each."""
        for names, count in (
            (("debit", "credit", "amount_fen", "arrival_use", "special"), events),
            (("opening_fen", "terminal"), accounts),
            (("loan_borrower",), loans),
            (("specials", "special_event", "special_given", "opened_by_bank", "carries_event"), specials),
        ):
            for name in names:
                setattr(self, name, _room(getattr(self, name), count + 1))
        self.side_start = _room(self.side_start, len(self.terminal) + 1)

    def add_names(self, batch: Batch) -> None:
        """Accounts, loans and sides that came with a batch."""
        accounts = self.account_count + len(batch.opening_fen)
        loans = self.loan_count + len(batch.loan_borrower)
        self.reserve(accounts=accounts, loans=loans)
        self.opening_fen[self.account_count : accounts] = batch.opening_fen
        if batch.terminal is not None:
            self.terminal[self.account_count : accounts] = batch.terminal
        # One account more than there are: the new payee of a payment that is only probed.
        self.side_start[self.account_count + 1 : accounts + 2] = len(self.side_borrower)
        self.account_count = accounts
        self.loan_borrower[self.loan_count : loans] = batch.loan_borrower
        self.loan_count = loans
        if len(batch.side_account):
            self._add_sides(batch.side_account, batch.side_borrower)

    def on_side(self, account: int, borrower: int) -> bool:
        """Whether the account is known to be on the borrower's side."""
        first, last = self.side_start[account : account + 2]
        return borrower in self.side_borrower[first:last].tolist()

    def _add_sides(self, account: Int32, borrower: Int32) -> None:
        told = sorted(set(zip(account.tolist(), borrower.tolist(), strict=True)))
        new = np.array([pair for pair in told if not self.on_side(*pair)], np.int32).reshape(-1, 2)
        self.side_borrower = np.insert(self.side_borrower, self.side_start[new[:, 0] + 1], new[:, 1])
        counts = np.bincount(new[:, 0], minlength=self.account_count + 1)
        self.side_start[1 : self.account_count + 2] += np.cumsum(counts).astype(np.int32)

    def _rows_for(self, events: Int64, *, given: bool) -> Int64:
        """New special rows of these events."""
        rows = np.arange(self.special_count, self.special_count + len(events))
        self.reserve(specials=self.special_count + len(events))
        self.blank(rows)
        self.special_event[rows] = events
        self.special_given[rows] = given
        self.special[events] = rows
        self.special_count += len(events)
        return rows

    def blank(self, rows: Any) -> None:
        """Special rows that say nothing."""
        self.specials[rows] = np.zeros((), SPECIAL_ROW)
        for name in _LINKS:
            self.specials[name][rows] = -1
        self.opened_by_bank[rows] = False
        self.carries_event[rows] = -1

    def add_events(self, batch: Batch) -> Late:
        """Put the events of a batch at the end, with their reversals (`batch.before` is not looked at)."""
        first, count = self.count, batch.event_count
        self.reserve(events=first + count)
        new = slice(first, first + count)
        self.debit[new], self.credit[new] = batch.debit, batch.credit
        self.amount_fen[new], self.arrival_use[new] = batch.amount_fen, batch.arrival_use
        self.special[first : first + count + 1] = NO_SPECIAL
        self.count = first + count
        owners = np.flatnonzero(batch.special != NO_SPECIAL)
        given, which = batch.specials, batch.special[owners]
        rows = self._rows_for(first + owners, given=True)
        for name in ("disburses", "specific_loan", "specific_fen", "repays", "opens_slot"):
            self.specials[name][rows] = getattr(given, name)[which]
        self.opened_by_bank[rows] = given.opens_slot[which]
        self.carries_event[rows] = given.carries[which]
        carriers = rows[given.carries[which] >= 0]
        if len(carriers):
            self.note_ahead(carriers)
            openers = self.special[self.carries_event[carriers]]
            self.specials["carries"][carriers] = openers
        linked = given.reverses[which] >= 0
        reversing = np.concatenate([first + owners[linked], batch.reversing])
        original = np.concatenate([given.reverses[which][linked], batch.original]).astype(np.int64)
        self.reversing = np.concatenate([self.reversing, reversing])
        self.original = np.concatenate([self.original, original])
        return self._link(first, reversing, original)

    def _can_link(self, event: int) -> bool:
        row = int(self.special[event])
        plain = row < 0 or (self.specials["disburses"][row] < 0 and self.carries_event[row] < 0)
        return plain and self.debit[event] != IN_TRANSIT and self.credit[event] != IN_TRANSIT

    def _link(self, first: int, reversing: Int64, original: Int64) -> Late:
        """Enter the reversals whose later end is at `first` or behind, by the rules of `trace.valid_reversals`."""
        links: dict[int, int] = {}
        early: list[tuple[int, int]] = []
        for r, o in zip(reversing.tolist(), original.tolist(), strict=True):
            opposite = self.debit[r] == self.credit[o] and self.credit[r] == self.debit[o]
            if r == o or not opposite or not self._can_link(r) or not self._can_link(o):
                continue
            if o < r:
                links[r] = o
            else:
                early.append((r, o))
        for r, o in sorted(early):
            links.setdefault(o, r)
        late: list[int] = []
        for event in sorted(links):
            source = links[event]
            if self.special[event] == NO_SPECIAL:
                self._rows_for(np.array([event]), given=False)
            row = int(self.special[event])
            self.specials["reverses"][row] = source
            self.specials["group"][row] = self.group.setdefault(source, row)
            credit = int(self.credit[source])
            if credit != OUTSIDE and not self.terminal[max(credit, 0)]:
                continue
            if self.special[source] == NO_SPECIAL:
                self._rows_for(np.array([source]), given=False)
            slot = int(self.special[source])
            if not self.specials["opens_slot"][slot]:
                self.specials["opens_slot"][slot] = True
                if source < first:
                    late.append(source)
        return Late(late)

    def note_ahead(self, rows: Int64) -> None:
        """Of these special rows (ascending, behind those noted before) some may carry a slot that opens later."""
        self._ahead += rows[self.carries_event[rows] > self.special_event[rows]].tolist()

    def backed(self, position: int) -> int:
        """`position`, or an earlier one where a kept event would carry a slot that a later one opens."""
        if not self._ahead:
            return position
        ahead = np.array(self._ahead, np.int64)
        while True:
            needs = ahead[self.carries_event[ahead] >= position]
            earliest = int(self.special_event[needs].min()) if len(needs) else position
            if earliest >= position:
                return position
            position = earliest

    # Going back ----------------------------------------------------------------------------------------------

    def cut(self, position: int, special_count: int) -> Batch:
        """Take the events from `position` on out again; `special_count` special rows there were then. Returns them as
        they were told. The caller restores which slots are open."""
        # Rows that were there before belong to events before `position`.
        dropped = np.arange(special_count, self.special_count)
        gone = dropped[self.special_given[dropped] & (self.special_event[dropped] >= position)]
        gone = gone[np.argsort(self.special_event[gone], kind="stable")]
        special = np.full(self.count - position, NO_SPECIAL, np.int32)
        special[self.special_event[gone] - position] = np.arange(len(gone), dtype=np.int32)
        specials = no_specials(len(gone))
        for name in ("disburses", "specific_loan", "specific_fen", "repays"):
            getattr(specials, name)[:] = self.specials[name][gone]
        specials.opens_slot[:] = self.opened_by_bank[gone]
        specials.carries[:] = self.carries_event[gone]
        later = np.maximum(self.reversing, self.original) >= position
        taken = replace(
            no_events(),
            debit=self.debit[position : self.count].copy(),
            credit=self.credit[position : self.count].copy(),
            amount_fen=self.amount_fen[position : self.count].copy(),
            arrival_use=self.arrival_use[position : self.count].copy(),
            special=special,
            specials=specials,
            reversing=self.reversing[later],
            original=self.original[later],
        )
        self.reversing, self.original = self.reversing[~later], self.original[~later]
        for row in dropped[self.specials["group"][dropped] == dropped].tolist():
            del self.group[int(self.specials["reverses"][row])]
        while self._ahead and self._ahead[-1] >= special_count:
            self._ahead.pop()
        self.special[self.special_event[dropped]] = NO_SPECIAL
        self.special[position : self.count] = NO_SPECIAL
        self.special_count, self.count = special_count, position
        return taken
