"""A FIFO trace that goes on: events are added in batches of any size, and at any moment the result equals that of
`trace_history` over the same events, bit for bit. What is kept, and why it is equal: docs/concepts/live.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from loantrail.errors import ConservationBroken, InputError, LimitExceeded, Place
from loantrail.tracing import kernel, kernel_live
from loantrail.tracing.kernel_state import EVENT_AT, FIFO, HOP_COUNT, NEED, State, empty_state
from loantrail.tracing.live_batch import Batch, Payment, Taken, hops_of, no_events
from loantrail.tracing.live_journal import Journal, Step, keeps
from loantrail.tracing.live_log import EventLog
from loantrail.tracing.live_marks import Mark, go_back, stays_behind, take_mark, thinned
from loantrail.tracing.live_order import carries_ahead, check, merged, split
from loantrail.tracing.live_reached import NEVER, FirstReached
from loantrail.tracing.model import Convention, Holdings, Hops, Int32, Trace, Untraced
from loantrail.tracing.trace import grown

MARK_EVERY: Final = 65_536
"""Events after which a point to go back to is taken."""
PIECE: Final = 65_536
"""Events that are processed, and whose money is added up, at once."""


class LiveTrace:
    """The trace of all events taken in so far. Not for several threads at once."""

    def __init__(self, mark_every: int = MARK_EVERY, capacity: int = 1024) -> None:
        self._log = EventLog()
        self._state: State = empty_state(
            np.zeros(self._log.account_room, np.int64), self._log.special_room, capacity
        )
        self._mark_every = mark_every
        self._seen: Int32 = np.zeros(len(self._state.head), np.int32)
        self._stamp = 0
        self._disbursed_fen = 0
        self._ended_fen = 0
        self._marks: list[Mark] = [take_mark(self._log, self._state, 0, 0)]
        self._opened = 0  # accounts whose opening balance is in the state
        self._before_ended: dict[int, bool] = {}
        self._journal = Journal()
        self._reached = FirstReached()

    # What is known -------------------------------------------------------------------------------------------

    @property
    def log(self) -> EventLog:
        """The events, to be read only."""
        return self._log

    @property
    def state(self) -> State:
        """The arrays of the kernel, to be read only."""
        return self._state

    @property
    def marks(self) -> Sequence[Mark]:
        return self._marks

    @property
    def event_count(self) -> int:
        return self._log.count

    @property
    def hop_count(self) -> int:
        return int(self._state.counters[HOP_COUNT])

    @property
    def totals_fen(self) -> tuple[int, int]:
        """Disbursed and ended so far."""
        return self._disbursed_fen, self._ended_fen

    def hops(self, first: int = 0, last: int | None = None) -> Hops:
        """Rows [first, last) of the hops, copied."""
        return hops_of(self._state.hops[first : self.hop_count if last is None else last])

    def first_reached(self, accounts: Int32) -> int:
        """The first hop that brought loan money into one of these accounts, by row; the count of hops where none did."""
        hops = self._state.hops[: self.hop_count]
        rows = self._reached.of(accounts, hops, self._log.credit, self._log.account_count)
        first = int(rows.min(initial=NEVER))
        return self.hop_count if first == NEVER else first

    def result(self) -> Trace:
        """What `trace_history(self.log.history(), Convention.FIFO)` gives."""
        log, state, room = self._log, self._state, self._log.account_room
        places = np.concatenate([np.arange(log.account_count), room + log.slots_in_order()])
        count = kernel.count_holdings(state, places)
        holdings = Holdings(
            account=np.zeros(count, np.int32),
            loan=np.zeros(count, np.int32),
            use=np.zeros(count, np.uint8),
            amount_fen=np.zeros(count, np.int64),
            hop=np.zeros(count, np.int32),
        )
        kernel.collect_holdings(
            state,
            log.events(),
            FIFO,
            places,
            log.special_event,
            holdings.account,
            holdings.loan,
            holdings.use,
            holdings.amount_fen,
            holdings.hop,
        )
        none_32, none_64 = np.zeros(0, np.int32), np.zeros(0, np.int64)
        return Trace(
            convention=Convention.FIFO,
            hops=self.hops(),
            holdings=holdings,
            untraced=Untraced(none_32, none_32, none_32, np.zeros(0, np.uint8), none_64),
            balance_fen=state.balance[: log.account_count].copy(),
        )

    # Going on ------------------------------------------------------------------------------------------------

    def append(self, batch: Batch) -> Taken:
        """Take in events, wherever in the order they belong, with what became known with them.

        InputError for a batch that names what is not there; LimitExceeded, naming the event by its 1-based place in the
        order, when a balance would leave +-2^62 fen. The trace is then as it was before, but for new names.
        """
        log = self._log
        check(batch, log)
        first = self._first_changed(batch)
        log.add_names(batch)
        self.fit()
        before_ended: dict[int, bool] = {}
        self._before_ended, tail = before_ended, no_events()
        if first < log.count:
            old_count = log.count
            tail = self._cut(first)
            before = np.full(batch.event_count, old_count) if batch.before is None else batch.before
            moved = merged(tail, log.count, batch, before.astype(np.int64))
        else:
            moved = batch
        start, hops_before = log.count, self.hop_count
        try:
            accounts = self._process(moved)
        except LimitExceeded:
            again = self._cut(start)
            kept, _ = split(again, log.count, start)
            self._process(kept)
            self._process(tail)
            raise
        changed = sorted(row for row, was in before_ended.items() if self._state.hops["ended"][row] != was)
        return Taken(
            first_hop=hops_before,
            hop_count=self.hop_count,
            changed_hops=np.array([row for row in changed if row < hops_before], np.int64),
            changed_accounts=accounts,
            first_event=start,
        )

    def rewind(self, to: int) -> Batch:
        """Take the events from position `to` on out again, and return them as they were told, with positions as they were. A few
        that came last are undone; else it goes back to the last mark before and processes again what lies between."""
        if not 0 <= to <= self._log.count:
            raise InputError("there is no such position", Place(row=to), "Name one of the order so far")
        to = self._log.backed(to)
        if to == self._log.count:
            return no_events()
        if self.undoes_from(to):
            step = self._journal.take_back(self._state, self._log.events(), to)
            self._disbursed_fen, self._ended_fen = step.disbursed_fen, step.ended_fen
            self._reached.gone_from(self.hop_count)
            self._marks = [mark for mark in self._marks if mark.position <= to]
            return self._log.cut(to, step.special_count)
        tail = self._cut(to)
        first = self._log.count
        kept, gone = split(tail, first, to)
        self._process(kept)
        return gone

    def probe(self, payment: Payment) -> Hops:
        """The hops that a payment not yet made would give if it came last. The state stays as it is, bit for bit. An
        account number one above the last is an account not known yet. Errors as `append`."""
        log = self._log
        ends = payment.debit, payment.credit
        if max(ends) > log.account_count or min(ends) < -1 or ends[0] == ends[1] or payment.amount_fen <= 0:
            raise InputError(
                "the payment cannot be judged", Place(field="debit, credit, amount_fen"), "Correct it"
            )
        if max(payment.specific_loan, payment.repays, payment.disburses) >= log.loan_count:
            raise InputError("the payment names an unknown loan", Place(field="loan"), "Correct it")
        event, row = log.count, log.special_count
        log.debit[event], log.credit[event] = ends
        log.amount_fen[event], log.arrival_use[event] = payment.amount_fen, payment.arrival_use
        log.blank(row)
        for name in ("specific_loan", "specific_fen", "repays", "disburses"):
            log.specials[name][row] = getattr(payment, name)
        log.special[event] = row
        events = log.events()
        try:
            while True:
                state = self._state
                step = Step.before(state, events, event, row, self.totals_fen)
                status = kernel.run(state, events, FIFO, event, event + 1)
                found = step.undo(state, events)
                if status != kernel.GROW:
                    break
                self._state = grown(state, 2 * step.count + 16)
        finally:
            log.special[event] = -1
            log.blank(row)
        if status == kernel.TOO_LARGE:
            raise _too_large(event)
        return hops_of(found)

    # Inside --------------------------------------------------------------------------------------------------

    def _first_changed(self, batch: Batch) -> int:
        """The first position whose processing the batch changes."""
        log = self._log
        before = np.zeros(0, np.int64) if batch.before is None else batch.before
        first = int(before[0]) if len(before) else log.count
        new_at = before + np.arange(len(before))
        late = np.maximum(batch.reversing, batch.original)
        owners = np.flatnonzero(batch.special >= 0)
        row_at = (new_at if len(before) else log.count + np.arange(batch.event_count))[owners]
        told = batch.specials.reverses[batch.special[owners]]
        late = np.concatenate([late, np.maximum(row_at, told)[told >= 0]])
        old = late[~np.isin(late, new_at)] if len(before) else late[late < log.count]
        if len(old):
            first = min(first, int((old - np.searchsorted(new_at, old)).min()))
        return log.backed(min(first, self._first_on_side(batch)))

    def _first_on_side(self, batch: Batch) -> int:
        """The first event that brought a borrower's loan money to an account which, as is now known, is on that
        borrower's side."""
        log, first = self._log, self._log.count
        hops = self._state.hops[: self.hop_count]
        for account, borrower in zip(batch.side_account.tolist(), batch.side_borrower.tolist(), strict=True):
            if account >= log.account_count or log.on_side(account, borrower):
                continue
            loans = np.flatnonzero(log.loan_borrower[: log.loan_count] == borrower)
            if len(loans):
                events = hops["event"][np.isin(hops["loan"], loans)]
                events = events[log.credit[events] == account]
                first = min(first, int(events[0])) if len(events) else first
        return first

    def undoes_from(self, position: int) -> bool:
        """Whether the events from there on can be undone one by one."""
        return self._journal.reaches(position, self._log.count)

    def forget_steps(self) -> None:
        """Something else than an event changed the state."""
        self._journal.forget()

    def _cut(self, first: int) -> Batch:
        """Go back to the last mark at or before `first`; returns the events behind it."""
        self._journal.forget()
        mark = self._marks[-1]
        while mark.position > first or self._log.backed(mark.position) < mark.position:
            self._marks.pop()
            mark = self._marks[-1]
        ended, _ = go_back(self._log, self._state, mark)
        self._reached.gone_from(self.hop_count)
        for row in ended:
            self._before_ended.setdefault(row, False)
        self._disbursed_fen, self._ended_fen = mark.disbursed_fen, mark.ended_fen
        return self._log.cut(mark.position, mark.special_count)

    def stand_at(self, mark: Mark) -> None:
        """For `restore`: take over the state of a mark that stands at the end of the log; hops are there already."""
        self.fit()
        go_back(self._log, self._state, mark)
        self._disbursed_fen, self._ended_fen = mark.disbursed_fen, mark.ended_fen
        self._marks.append(mark)

    def fit(self) -> None:
        """As many rows in the state as the log has room for; slots move up behind the accounts."""
        state, room, specials = self._state, self._log.account_room, self._log.special_room
        slots = len(state.reversed_fen)
        old = len(state.head) - slots
        known = self._log.account_count
        if old < room or slots < specials:
            longer = empty_state(np.zeros(room, np.int64), specials, 1)
            for name in ("balance", "head", "accounts"):
                source, target = getattr(state, name), getattr(longer, name)
                target[:old] = source[:old]
                target[room : room + slots] = source[old:]
            longer.reversed_fen[:slots] = state.reversed_fen
            self._state = state._replace(
                balance=longer.balance,
                head=longer.head,
                accounts=longer.accounts,
                reversed_fen=longer.reversed_fen,
            )
            self._seen, self._stamp = np.zeros(len(longer.head), np.int32), 0
        opened = self._opened
        self._state.balance[opened:known] = self._log.opening_fen[opened:known]
        self._opened = known

    def _process(self, batch: Batch) -> Int32:
        """Add a batch at the end and process it; the accounts it touched, ascending."""
        log = self._log
        touched: list[Int32] = []
        end = log.count + batch.event_count
        may_split = batch.event_count > self._mark_every and not carries_ahead(batch, log.count)
        waiting = [batch]
        while waiting:
            part, start = waiting.pop(), log.count
            is_due = start - self._marks[-1].position >= self._mark_every
            if is_due and stays_behind(end - start, self._mark_every):
                self._marks.append(take_mark(log, self._state, self._disbursed_fen, self._ended_fen))
                self._marks = thinned(self._marks, self._mark_every)
            while may_split and part.event_count > self._mark_every:
                # In halves: what is left would be copied once for each mark.
                marks = -(-part.event_count // self._mark_every)
                part, rest = split(part, start, start + marks // 2 * self._mark_every)
                waiting.append(rest)
            specials = log.special_count
            late = log.add_events(part)
            self.fit()
            self._open_late(late.events)
            if keeps(part):
                touched += self._run_kept(part, start, specials)
                continue
            self._journal.forget()
            for first in range(start, log.count, PIECE):
                touched.append(self._run(first, min(first + PIECE, log.count)))
        places = np.concatenate([np.zeros(0, np.int32), *touched])
        places = places[places < log.account_count]
        if len(places) < log.account_count:
            return np.unique(places)
        among = np.zeros(log.account_count, np.bool_)
        among[places] = True
        return np.flatnonzero(among).astype(np.int32)

    def _open_late(self, events: list[int]) -> None:
        for event in events:
            first = kernel_live.hops_begin(self._state, event)
            last = kernel_live.hops_begin(self._state, event + 1)
            for row in range(first, last):
                self._before_ended.setdefault(row, bool(self._state.hops["ended"][row]))
            self._state = grown(self._state, 2 * (last - first) + 2)
            self._ended_fen -= kernel_live.open_slot_late(self._state, self._log.events(), event)

    def _run_kept(self, batch: Batch, start: int, specials: int) -> list[Int32]:
        """Process the events of a batch, which begins at position `start`, each so that it can be undone; before it there were so
        many special rows."""
        events, touched = self._log.events(), list[Int32]()
        for event, special in enumerate(batch.special.tolist(), start):
            self._journal.keep(self._state, events, event, specials, self.totals_fen)
            touched.append(self._run(event, event + 1))
            specials += int(special >= 0)
        return touched

    def _run(self, first: int, last: int) -> Int32:
        """Process events that are in the log; the places they touched."""
        events = self._log.events()
        places = np.empty(5 * (last - first), np.int32)
        self._stamp += 1
        count, held_before, disbursed = kernel_live.touched(
            self._state, events, first, last, self._seen, self._stamp, places
        )
        again, hops_before = first, self.hop_count
        while True:
            status = kernel.run(self._state, events, FIFO, again, last)
            if status == kernel.DONE:
                break
            again = int(self._state.counters[EVENT_AT])
            if status == kernel.TOO_LARGE:
                raise _too_large(again)
            self._state = grown(self._state, int(self._state.counters[NEED]))
        ended = kernel_live.ended_by(self._state, hops_before, self.hop_count)
        held = kernel_live.labelled_of(self._state, places, count)
        self._disbursed_fen += disbursed
        self._ended_fen += ended
        if held - held_before != disbursed - ended:
            raise ConservationBroken(
                f"events {first + 1} to {last} changed the loan money held by {held - held_before} fen, "
                f"but {disbursed} fen were disbursed and {ended} fen ended",
                remedy="This is a defect of the software: keep the database and report it",
            )
        return places[:count]


def _too_large(event: int) -> LimitExceeded:
    return LimitExceeded(
        "a balance would reach 2^62 fen", Place(row=event + 1), "Check the amounts before this row"
    )
