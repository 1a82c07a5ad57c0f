"""The books as the step holds them: traced, and with their last lines open to what comes.

The state is a function of two things: the books as they were read (`Books`), and the lines of the tail. `show` makes it
that of other lines: what is the same stays, from the first difference on the trace goes back and on again. So a group
that could not be committed needs no undoing: the next one shows the lines that are in the books.
"""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from loantrail.early_warning.frames import STATEMENT
from loantrail.few_rows import empty, instants_us, picked
from loantrail.monitor.affected import Affected, Told, affected
from loantrail.monitor.asked import Asked
from loantrail.monitor.beginning import (
    after,
    first_lines,
    hops_before,
    instant,
    live_trace_of,
    only,
    opens_of,
    ties_of,
    with_reversals,
)
from loantrail.monitor.bystanders import Bystanders, View
from loantrail.monitor.concerned import before_others, behind, loans_of_sides, money_lost, with_money_in
from loantrail.monitor.entering import TailEvents, events_of_tail, no_tail_events
from loantrail.monitor.known import Known, NewNames
from loantrail.monitor.live_hops import accounts_of_hops, content_of, frame_of_hops
from loantrail.monitor.numbered_ends import numbered_ends
from loantrail.monitor.openings import Openings
from loantrail.monitor.payees import KnownPayees
from loantrail.monitor.shown import Changed, Moved, Shown, Step, as_frames, first_other, fresh_of
from loantrail.monitor.slice_index import Index
from loantrail.monitor.slice_rows import distinct
from loantrail.monitor.tail import Lines, Surroundings, joined, rows_of
from loantrail.monitor.tail_order import CHUNKS_MOST, Ordered, difference, ordered, ordered_from
from loantrail.parameters import ParameterBook
from loantrail.tracing.books import Books, bank_frames, known_destinations
from loantrail.tracing.model import History, Int64

TAIL_LEAST: Final = 4_000
TAIL_MOST: Final = 12_000
"""The tail is kept between so many transactions."""


class Standing:
    """Not for several threads at once."""

    def __init__(
        self,
        books: Books,
        hops: pl.DataFrame,
        lines: pl.DataFrame,
        by_hand: frozenset[str],
    ) -> None:
        """`hops`: those of the run over these books (frames.HOPS); `lines`: tail.LINES of `books.read.recent`; `by_hand`: those
        of them that a person paired or kept apart."""
        read, named, history = books.read, books.named, books.named.history
        self.place = read.recent.first_place
        self.since = read.recent.since
        self.last_arrival = read.last_arrival
        ids = named.all_transaction_ids()
        settled_hops = hops_before(hops, ids[self.place :])
        # Most of the trace is compiled code that lets others go on.
        with ThreadPoolExecutor(1) as beside:
            traced = beside.submit(live_trace_of, history)
            self.known = Known(books, self.place)
            self._ties = ties_of(books, self.place)
            self.around = Surroundings(
                merged=read.merged,
                payees=KnownPayees(known_destinations(books.context)),
                corrections=books.corrections,
                waiting=read.waiting,
                repayments=self._ties.repayments,
                parameters=books.parameters,
                last_arrival=read.last_arrival,
            )
            openings = beside.submit(Openings, self.known, history, self.place)
            whole = bank_frames(books, hops.head(settled_hops), empty(STATEMENT))
            self._heard_of = set(books.context["accounts"]["account"].to_list())
            settled = replace(whole, transactions=whole.transactions.head(self.place))
            self.index = Index.of(settled, books.parameters, numbered_ends(named, self.place))
            self.trace, self._openings = traced.result(), openings.result()
        self.survivors: dict[str, str] = dict(read.merged.iter_rows())
        """Merged account -> what it became."""
        self._awaiting = frozenset(read.waiting["account"].to_list())
        self._settled_ids = ids[: self.place]
        self._settled_us: Int64 = named.booked_at_us[: self.place]
        self._opened = set(np.flatnonzero(opens_of(history)).tolist())
        self.lines = first_lines(books, lines, by_hand, self._ties.repayments)
        self._events = no_tail_events()
        self._judged = pl.DataFrame()
        self._found: Ordered | None = None  # the order of `lines`, where it is known
        self._previous: tuple[Lines, Ordered | None, TailEvents, pl.DataFrame, int] | None = None
        """What was shown before, and from which place on it was another: a payment that is only asked about goes back to it."""
        self.bystanders = Bystanders(
            self.known, self.index, read.merged, read.waiting, accounts_of_hops(self.trace)
        )
        self._begin(history, hops.slice(settled_hops))

    @property
    def parameters(self) -> ParameterBook:
        """Those that are judged by."""
        return self.around.parameters

    @property
    def order(self) -> Ordered:
        """Of the lines that are shown."""
        return self._found or self._ordered(self.lines, None)[0]

    def judge_by(self, parameters: ParameterBook) -> None:
        """Judge by these from now on: what was decided since the books were read. They say of every day that the books
        know what the ones before said, for no period begins on a day that had begun."""
        self.around = replace(self.around, parameters=parameters)
        self.index.parameters = parameters

    def _begin(self, history: History, hops: pl.DataFrame) -> None:
        """The tail as the books give it: from here on only differences count."""
        self._openings.imply(self.lines.lines, None)
        found, self.lines, _start = self._ordered(self.lines, None)
        self._found = found
        self._events = self._entered(found, new := NewNames())
        if new:
            self.trace.append(self.known.batch_of(new))
        self._judged = as_frames(found.transactions)
        end = slice(self.place, history.event_count)
        told, columns = self._events, ("debit", "credit", "amount_fen")
        if all(np.array_equal(getattr(told, one), getattr(history, one)[end]) for one in columns):
            self.index.take(self._judged, hops)
            self.index.handed.settle()  # what goes on in the tail: nobody judges by it yet, but it is asked for
            return
        # The tail alone does not give the order that the whole did: it is put in place of it.
        self.trace.rewind(self.place)
        self._events, self._judged, self._found = no_tail_events(), self._judged.clear(), None
        self.show(self.lines)

    # Showing -------------------------------------------------------------------------------------------------

    def unheard_of(self, lines: pl.DataFrame) -> list[str]:
        """Accounts that these lines name and that the books did not know when they were read."""
        named = {*lines["account"].to_list(), *lines["counterparty_account"].to_list()}
        return sorted(named - self._heard_of - {None})

    def learn(self, accounts: pl.DataFrame) -> None:
        """What the books say of accounts that were not known when they were read (the context's `accounts`)."""
        self.around.payees.learn(accounts)
        self.index.records.learn(accounts)
        self._heard_of.update(accounts["account"].to_list())

    def with_lines(self, arrived: pl.DataFrame, before: Lines | None = None) -> Lines:
        """The tail (or an earlier state of it) with these lines behind it. Changes nothing."""
        return joined(self.lines if before is None else before, arrived, self.around)

    def alone(self, besides: Asked | None = None) -> View:
        """Tells of lines whether they can say nothing of any loan and may be shown later; goes on saying what it says now. `besides`:
        even if all accounts of these did concern one."""
        return self.bystanders.view(self._events, self._ties, self.since, besides)

    def show(self, lines: Lines) -> Changed:
        """Make the state that of these lines of the tail."""
        step = self._stand_on(lines)
        fresh, gone, moved, row = step.fresh, step.gone, step.moved, step.row
        rows = self._rows(fresh)
        moved_rows = distinct(self._rows(moved.transactions), moved.events)
        found_affected = affected(
            self.index,
            Told.of(self.index, rows).and_of(step.told_gone),
            Told.of(self.index, moved_rows).and_of(step.told_moved),
        )
        anew, replaced = step.anew | moved.anew, step.replaced
        told = Shown(
            self._events, row, frozenset(fresh), frozenset(gone), rows, anew, replaced - anew, moved.loans
        )
        return self._changed(told, found_affected, step.order)

    def go_back(self, lines: Lines) -> None:
        """The same, where nobody asks what it changes: lines that were shown before."""
        self._stand_on(lines)
        self.index.handed.settle()

    def _stand_on(self, lines: Lines) -> Step:
        new = NewNames()
        shown = self.lines, self._found, self._events, self._judged
        differing = None if self._found is None else difference(self.lines, lines)
        opened = self._openings.imply(lines.lines, self._accounts_between(lines, differing))
        again = self._previous_of(lines)
        if again is not None:
            told, (found, events, judged, start) = lines, again
        else:
            found, told, start = self._ordered(lines, differing)
            events = self._entered(found, new, start)
            judged = self._judged_anew(found, start)
        if new:
            self.trace.append(self.known.batch_of(new))
        first = events.first_difference(self._events, start)
        row = min(first, first_other(judged, self._judged, start))
        fresh = fresh_of(judged, self._judged, row)
        gone = fresh_of(self._judged, judged, row)
        before = self._events
        moved = self._go_on(events, first, opened, gone)
        anew, replaced = before_others(self.index, self.known, before, row, gone, moved.lost)
        told_gone = Told.of(self.index, self._rows(gone))
        told_moved = Told.of(self.index, self._rows(gone & moved.transactions))
        self.lines, self._judged, self._found = told, judged, found
        self._previous = (*shown, start)
        if row < self.index.transaction_count - self.place or len(judged) > row or moved.loans:
            self.index.take(
                judged.slice(row),
                self._hop_frame(moved.first_hop),
                first_hop=moved.first_hop,
                first_transaction=self.place + row,
            )
        self.bystanders.shown(accounts_of_hops(self.trace, moved.first_hop))
        return Step(found, row, fresh, gone, told_gone, told_moved, anew, replaced, moved)

    def _judged_anew(self, found: Ordered, start: int) -> pl.DataFrame:
        """The transactions as frames of the books have them; those before `start` are as they were."""
        new = as_frames(found.transactions.slice(start))
        if not start:
            return new
        whole = pl.concat([self._judged.head(start), new])
        return whole.rechunk() if whole.n_chunks() > CHUNKS_MOST else whole

    def _rows(self, transactions: set[str]) -> Int64:
        return self.index.transaction_rows(pl.Series(sorted(transactions), dtype=pl.String))

    def _changed(self, told: Shown, by_others: Affected, found: Ordered) -> Changed:
        known, ids, fresh = self.known, self.index.records.loan_ids, set(told.fresh)
        late = behind(self.index, told.events, told.row, fresh)
        whole = {known.loans[loan] for loan in told.anew | told.moved} | late
        whole.update(ids[loan] for loan in by_others.leads | with_money_in(self.index, told.rows))
        loans = whole | {ids[loan] for loan in by_others.sides}
        loans.update(known.loans[loan] for loan in loans_of_sides(known, told.events, told.row, fresh))
        return Changed(
            loans=sorted(loans),
            whole=frozenset(whole),
            draining=frozenset(ids[loan] for loan in by_others.draining) - loans,
            doubtful=frozenset(ids[loan] for loan in by_others.doubtful) - loans,
            anew=frozenset({known.loans[loan] for loan in told.anew} | late),
            replaced=frozenset(known.loans[loan] for loan in told.replaced),
            gone=told.gone,
            transactions=tuple(sorted(fresh)),
            order=found,
        )

    def transactions_of(self, line_ids: pl.Series) -> dict[str, str]:
        """Line -> transaction, of those of the lines that are in the tail."""
        if self._found is None:
            return {}
        rows = rows_of(self.lines.lines["line_id"], line_ids.to_list())
        return dict(zip(rows, self._found.transactions_of(rows.values()), strict=True))

    def settle(self) -> None:
        """Count the beginning of the tail among what is settled, where the tail became long. Lines that come late from then on
        are those booked before what is left."""
        count = len(self._events)
        if count <= TAIL_MOST:
            return
        lines, found = self.lines.lines, self.order
        since: datetime.datetime = self._judged["booked_at"][count - TAIL_LEAST]
        open_lines = (lines["booked_at"] >= since).arg_true().to_numpy()
        gone = int(found.event_of_line[open_lines].min(initial=count))
        if gone == 0:
            return
        events, ids = self._events, self._events.transaction_id
        settled_ids = pl.concat([self._settled_ids, ids[:gone]])
        settled_us = np.concatenate([self._settled_us, self._booked_us[:gone]])
        opened = set((self.place + np.flatnonzero(events.opens_slot[:gone])).tolist())
        kept = np.flatnonzero(found.event_of_line >= gone)
        left = only(with_reversals(self.lines, events, gone, found, self.place), kept, ids[gone:])
        ties = after(self._ties, events, gone, self.place, self._judged["document_no"], self.known)
        self._openings.settle(set(lines["account"].unique().to_list()), events, gone)
        self._settled_ids, self._settled_us, self._opened = settled_ids, settled_us, self._opened | opened
        self._ties, self.lines = ties, left
        self.place, self.since = self.place + gone, since
        self._events, self._judged = events.after(gone), self._judged.slice(gone)
        self._found, self._previous = found.behind(gone, kept, left), None

    def _previous_of(self, lines: Lines) -> tuple[Ordered, TailEvents, pl.DataFrame, int] | None:
        """What these lines were before, where just they were shown before and are the same still."""
        if self._previous is None:
            return None
        before, found, events, judged, start = self._previous
        if before is not lines or found is None or found.own_count != len(self.known.own):
            return None
        return found, events, judged, start

    def _ordered(self, lines: Lines, differing: tuple[int, Int64] | None) -> tuple[Ordered, Lines, int]:
        """The order of the tail with these lines, and the first place where it can be another than before. `differing`: from the
        lines that are shown (`difference`); None where all may be others."""
        again = None if differing is None else self._ordered_from_before(lines, differing)
        if again is not None:
            return again
        return *ordered(lines, self.known.own, self.place, self._floor, self.around), 0

    def _ordered_from_before(
        self, lines: Lines, differing: tuple[int, Int64]
    ) -> tuple[Ordered, Lines, int] | None:
        """The same, where only some of it is put in order anew; None where all must be."""
        if self._found is None:
            return None
        return ordered_from(
            self._found, self.lines, lines, differing, self.known.own, self.place, self._floor, self.around
        )

    @property
    def _floor(self) -> datetime.datetime | None:
        return instant(int(self._settled_us[-1])) if len(self._settled_us) else None

    def _accounts_between(self, lines: Lines, differing: tuple[int, Int64] | None) -> set[str] | None:
        """The accounts of the lines that these have more, or fewer, than those that are shown; None where all may be others."""
        if differing is None:
            return None
        longer = max(lines, self.lines, key=len)
        return set(longer.lines["account"].slice(differing[0]).to_list())

    def _entered(self, found: Ordered, new: NewNames, start: int = 0) -> TailEvents:
        return events_of_tail(
            found, self.known, self._ties, self._opened, self.place, new, self._settled, self._events, start
        )

    def _settled(self, transaction_id: str) -> tuple[int, int, int] | None:
        rows = self.index.transaction_rows(pl.Series([transaction_id]))
        if not len(rows) or rows[0] >= self.place:
            return None
        position, log = int(rows[0]), self.trace.log
        return position, int(log.debit[position]), int(log.credit[position])

    def _go_on(self, events: TailEvents, first: int, opened: set[str], gone: set[str]) -> Moved:
        """Take the events of the tail from `first` on in place of those that stand there. `opened`: accounts of whose beginning
        something else may be known; `gone`: transactions that are gone."""
        trace, place = self.trace, self.place
        pool = trace.state.hops[: trace.hop_count]
        first_hop = int(np.searchsorted(pool["event"], np.int32(place + first)))
        places = (pool["event"][first_hop:] - place).tolist()
        old = content_of(pool[first_hop:], self._events.transaction_id, place)
        if place + first < trace.event_count:
            trace.rewind(place + first)
        again, loans, moved = self._openings.give(self.trace, self._events, events, first, opened)
        self._events = events
        batch = events.batch(first)
        if batch.event_count:
            taken = trace.append(batch)
            # A reversal that came later made money wait that was at rest: hops of before say so now.
            again = min(again, *taken.changed_hops.tolist()) if len(taken.changed_hops) else again
            loans |= set(trace.state.hops["loan"][taken.changed_hops].tolist())
            moved = distinct(moved, trace.state.hops["event"][taken.changed_hops])
        pool = trace.state.hops[: trace.hop_count]
        new = content_of(pool[first_hop:], events.transaction_id, place)
        differing = set(old) ^ set(new)
        there = set(new)
        anew = loans | {int(one[1]) for one in old if one not in there and one[0] not in gone}
        return Moved(
            first_hop=min(again, first_hop),
            loans=loans | {int(one[1]) for one in differing},
            anew=anew,
            lost=money_lost(places, old, there, gone),
            transactions={str(one[0]) for one in differing},
            events=moved,
        )

    def _hop_frame(self, first: int) -> pl.DataFrame:
        if first == self.trace.hop_count and self.index.hop_count:
            return self.index.hops.none()
        return frame_of_hops(
            self.trace, first, self.known.names, self.known.loans, self._ids_at, self._booked_us_at
        )

    def _ids_at(self, positions: Int64) -> pl.Series:
        """[positions] the transactions that stand there."""
        settled = positions < self.place
        found = np.empty(len(positions), object)
        found[settled] = picked(self._settled_ids, positions[settled]).to_numpy()
        found[~settled] = picked(self._events.transaction_id, positions[~settled] - self.place).to_numpy()
        return pl.Series("transaction_id", found.tolist(), dtype=pl.String)

    def _booked_us_at(self, positions: Int64) -> Int64:
        settled = positions < self.place
        found = np.empty(len(positions), np.int64)
        found[settled] = self._settled_us[positions[settled]]
        found[~settled] = self._booked_us[positions[~settled] - self.place]
        return found

    @property
    def _booked_us(self) -> Int64:
        return instants_us(self._judged["booked_at"]) if len(self._judged) else np.zeros(0, np.int64)
