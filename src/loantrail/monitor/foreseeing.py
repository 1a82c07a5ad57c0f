"""What a payment would change that is only asked about.

Most payments are of money that is no loan's, and no pattern looks at them: of these it is told without showing them to the state,
which would have to go back. Each step is the one by which lines are shown; where a step finds that anything else than the end of the
books would be otherwise, or that loan money moves, the payment has to be shown.
"""

from __future__ import annotations

import datetime
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from loantrail.monitor.affected import Told, affected
from loantrail.monitor.entering import TailEvents
from loantrail.monitor.known import NewNames
from loantrail.monitor.shown import MOVED, Changed, Shown, first_other
from loantrail.monitor.slice_index import Index
from loantrail.monitor.slice_rows import NO_ROWS, distinct
from loantrail.monitor.standing import Standing
from loantrail.monitor.tail import Lines, rows_of
from loantrail.monitor.tail_order import Ordered, difference
from loantrail.tracing.live_batch import Payment

_TIES: Final = ("disburses", "reverses", "specific_loan", "carries")
"""What ties an event to a loan or to another event."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a payment would change that moves no loan money and that no pattern looks at."""

    changed: Changed
    at: datetime.datetime
    """When it would be booked."""


class Foreseeing(Standing):
    """A state that is asked about payments not yet made."""

    def foresee(self, lines: Lines) -> Foreseen | None:
        """What a payment would change, the lines of which stand behind those that are shown; None where it must be shown to tell. What
        is shown stays as it is. Errors as `LiveTrace.append`."""
        differing = difference(self.lines, lines)
        if differing is None or len(differing[1]) or self._found is None:
            return None
        again = self._ordered_from_before(lines, differing)
        if again is None:
            return None
        found, _told, start = again
        place = len(self._found.transactions)
        if len(found.transactions) != place + 1:
            return None
        if first_other(found.transactions, self._found.transactions, start) != place:
            return None
        new = NewNames()
        events = self._entered(found, new, start)
        if new:
            self.trace.append(self.known.batch_of(new))
        if not self._is_alone(events, place, start, lines):
            return None
        return self._foreseen(found, events, place)

    def _is_alone(self, events: TailEvents, place: int, start: int, lines: Lines) -> bool:
        """Whether the event at that place, the last one, leaves those before as they are and moves no loan money."""
        if events.first_difference(self._events, start) != place or events.opens_slot[place]:
            return False
        if any(getattr(events, name)[place] >= 0 for name in _TIES):
            return False
        accounts = lines.lines["account"].slice(len(self.lines)).to_list()
        if not self._openings.stay(self.trace, events, place, accounts):
            return False
        hops = self.trace.probe(
            Payment(
                debit=int(events.debit[place]),
                credit=int(events.credit[place]),
                amount_fen=int(events.amount_fen[place]),
                arrival_use=int(events.arrival_use[place]),
                repays=int(events.repays[place]),
            )
        )
        return not len(hops.loan)

    def _foreseen(self, found: Ordered, events: TailEvents, place: int) -> Foreseen | None:
        last = found.transactions.slice(place)
        at: datetime.datetime = last["booked_at"][0]
        with looked_at(self.index, at):
            others = affected(self.index, Told.to_come(self.index, last), Told.of(self.index, NO_ROWS))
        if others.leads:
            return None  # what is handed on may go further than can be told before
        only, none = frozenset[str]([last["transaction_id"][0]]), set[int]()
        told = Shown(events, place, only, frozenset(), NO_ROWS, none, none, none)
        return Foreseen(self._changed(told, others, found), at)

    def moved_in(self, line_ids: pl.Series) -> pl.DataFrame:
        """`loan_id, amount_fen, use` of the loan money that moves in the transactions of these lines of the tail."""
        rows = rows_of(self.lines.lines["line_id"], line_ids.to_list()).values()
        places = [] if self._found is None else self._found.event_of_line[list(rows)]
        event_of_hop = self.trace.state.hops["event"][: self.trace.hop_count]
        # Of the type of the column: another would have all of it converted.
        needles = (np.unique(places) + self.place).astype(np.int32)
        first, last = (np.searchsorted(event_of_hop, needles, side=side) for side in ("left", "right"))
        spans = [np.arange(*span, dtype=np.int64) for span in zip(first.tolist(), last.tolist(), strict=True)]
        if not any(map(len, spans)):
            return MOVED.nothing()
        return (
            self.index.hops.rows(distinct(*spans))
            .group_by("loan_id", "use", maintain_order=True)
            .agg(pl.col("amount_fen").sum())
            .select("loan_id", "amount_fen", pl.col("use").fill_null(""))
        )


@contextmanager
def looked_at(index: Index, at: datetime.datetime) -> Generator[None]:
    """In the block the books end at that instant, if not later."""
    before = index.as_of
    index.as_of = max(before, at)
    try:
        yield
    finally:
        index.as_of = before
