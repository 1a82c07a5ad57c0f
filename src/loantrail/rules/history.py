"""Signal rows of the books for a back-test: traced as the stored run was, in parts."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from loantrail.clock import business_date, now
from loantrail.early_warning.view import prepare
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.parameters import ParameterBook
from loantrail.rules import store_lists
from loantrail.rules.listing import marked, payees_of
from loantrail.signals.catalogue import DAY
from loantrail.signals.inputs import Prepared, prepare_count
from loantrail.signals.rows import EVENTS_AT_ONCE, signal_rows
from loantrail.tracing.books import bank_frames, read_books
from loantrail.tracing.model import Convention
from loantrail.tracing.results import hop_frame
from loantrail.tracing.statement import rests, statement_of
from loantrail.tracing.trace import trace_history

EVENTS_OF_DAYS: Final = 2_000
"""Ends of days have a row for every loan: few at a time."""


@dataclass(frozen=True, slots=True)
class History:
    """`rows`: how many there will be in all."""

    prepared: Prepared
    occasion: str
    rows: int
    payees: pl.DataFrame
    entries: pl.DataFrame

    def parts(self, from_date: datetime.date, to_date: datetime.date) -> Iterator[tuple[int, pl.DataFrame]]:
        """Rows counted so far, and the next rows of the period, in the order of time."""
        at_once = EVENTS_OF_DAYS if self.occasion == DAY else EVENTS_AT_ONCE // 10
        done = 0
        for part in signal_rows(self.prepared, at_once):
            done += len(part)
            wanted = (pl.col("occasion") == self.occasion) & pl.col("business_date").is_between(
                from_date, to_date
            )
            yield done, marked(part.filter(wanted), self.payees, self.entries)


def history_of_books(
    connection: type_of_connection,
    occasion: str,
    from_date: datetime.date,
    to_date: datetime.date,
    parameters: ParameterBook,
) -> History:
    """Read and trace the books (FIFO) and prepare the rows of that occasion. Raises as `read_books` does."""
    books = read_books(connection, lambda _text: None)
    named, history = books.named, books.named.history
    traced = trace_history(history, Convention.FIFO)
    rest = rests(history, traced, books.related)
    statement = statement_of(rest, history, Convention.FIFO, named.loans)
    hops = hop_frame(named, traced).with_columns(
        pl.Series("booked_at", named.booked_at_us[traced.hops.event]).cast(pl.Datetime("us", "UTC"))
    )
    frames = bank_frames(books, hops, statement)
    prepared = prepare_count(
        frames, prepare(frames, parameters), (from_date, to_date) if occasion == DAY else None
    )
    entries = store_lists.standing(connection, business_date(now()))
    return History(prepared, occasion, len(prepared.wanted), payees_of(frames), entries)
