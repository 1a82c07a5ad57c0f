"""Signal rows of the books for a back-test: traced as the stored run was, in parts."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from loantrail.clock import business_date, now
from loantrail.early_warning.frames import Frames
from loantrail.early_warning.view import View, prepare
from loantrail.errors import InputError
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.parameters import ParameterBook
from loantrail.rules import store_lists
from loantrail.rules.backtest import Trial
from loantrail.rules.cost import Span, loans_had, span_of_books
from loantrail.rules.listing import marked, payees_of
from loantrail.signals.catalogue import DAY
from loantrail.signals.inputs import Prepared, prepare_count
from loantrail.signals.rows import EVENTS_AT_ONCE, signal_rows
from loantrail.signals.wanted import Days, Only
from loantrail.tracing.books import bank_frames, read_books
from loantrail.tracing.model import Convention
from loantrail.tracing.results import hop_frame
from loantrail.tracing.statement import rests, statement_of
from loantrail.tracing.trace import trace_history

EVENTS_OF_DAYS: Final = 2_000
"""Ends of days have a row for every loan: few at a time."""
_A_DAY: Final = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class History:
    """The books with their trace. `books`: the days that they tell of; `span`: those of the period among them."""

    frames: Frames
    view: View
    occasion: str
    books: Span
    span: Span
    loans: frozenset[str]
    """Those that the bank had in the period."""
    payees: pl.DataFrame
    entries: pl.DataFrame

    def play(self, trial: Trial, told: Callable[[int, int], bool]) -> bool:
        """Hand the rows of the period to a trial, and of the days before those of the loans that it hit. `told` hears how many
        rows of how many are done, and says whether to go on; False where it said no."""
        prepared = self._prepared((self.span.first, self.span.last))
        total = len(prepared.wanted)
        if not told(0, total):
            return False
        done = 0
        for done, part in self._parts(prepared):
            day = pl.col("business_date")
            trial.add(part.filter(day.is_between(self.span.first, self.span.last)))
            trial.add_before(part.filter(day < self.span.first))
            if not told(done, total):
                return False
        if self.occasion != DAY or self.span.first == self.books.first or not trial.loans_hit:
            return True
        # Ends of the days before: of few loans, as there is a row for each of them and each day.
        only = Only(tuple(sorted(trial.loans_hit)), pl.Series([], dtype=pl.String))
        prepared = self._prepared((self.books.first, self.span.first - _A_DAY), only)
        total += len(prepared.wanted)
        for before, part in self._parts(prepared):
            trial.add_before(part)
            if not told(done + before, total):
                return False
        return True

    def _prepared(self, days: Days, only: Only | None = None) -> Prepared:
        return prepare_count(self.frames, self.view, days if self.occasion == DAY else None, only=only)

    def _parts(self, prepared: Prepared) -> Iterator[tuple[int, pl.DataFrame]]:
        """Rows counted so far, and the next rows of the occasion, in the order of time."""
        at_once = EVENTS_OF_DAYS if self.occasion == DAY else EVENTS_AT_ONCE // 10
        done = 0
        for part in signal_rows(prepared, at_once):
            done += len(part)
            yield done, marked(part.filter(pl.col("occasion") == self.occasion), self.payees, self.entries)


def history_of_frames(
    frames: Frames, occasion: str, wanted: Span, parameters: ParameterBook, entries: pl.DataFrame
) -> History:
    """Prepare the rows of that occasion. `wanted`: the period that was asked for; `entries`: of the lists, those that stand.
    InputError where the books tell of none of its days."""
    books = span_of_books(frames.transactions)
    span = None if books is None else wanted.within(books)
    if books is None or span is None:
        raise InputError(
            "the books have no data of this period", remedy="Choose a period within the days of the data"
        )
    view = prepare(frames, parameters)
    return History(frames, view, occasion, books, span, loans_had(view, span), payees_of(frames), entries)


def history_of_books(
    connection: type_of_connection,
    occasion: str,
    from_date: datetime.date,
    to_date: datetime.date,
    parameters: ParameterBook,
) -> History:
    """Read and trace the books (FIFO) and prepare the rows of that occasion. Raises as `read_books` and `history_of_frames` do."""
    books = read_books(connection, lambda _text: None)
    named, history = books.named, books.named.history
    traced = trace_history(history, Convention.FIFO)
    rest = rests(history, traced, books.related)
    statement = statement_of(rest, history, Convention.FIFO, named.loans)
    hops = hop_frame(named, traced).with_columns(
        pl.Series("booked_at", named.booked_at_us[traced.hops.event]).cast(pl.Datetime("us", "UTC"))
    )
    frames = bank_frames(books, hops, statement)
    entries = store_lists.standing(connection, business_date(now()))
    return history_of_frames(frames, occasion, Span(from_date, to_date), parameters, entries)
