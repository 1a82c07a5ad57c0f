"""Which days a back-test can look at."""

from __future__ import annotations

import datetime

from loantrail.errors import InputError, Place
from loantrail.rules import store_backtest, store_hits


def period_of(connection: store_hits.Database) -> tuple[datetime.date, datetime.date] | None:
    """First and last day that a back-test can look at: those that the last evaluation knows, else those of the trace."""
    return store_hits.span(connection) or store_backtest.period(connection)


def refuse_period(
    from_date: datetime.date, to_date: datetime.date, known: tuple[datetime.date, datetime.date] | None
) -> None:
    """InputError for a period that ends before it begins, or has no day with data; `known` as `period_of` gives it."""
    if to_date < from_date:
        raise InputError("the period ends before it begins", Place(field="to_date"), "Choose a later end")
    if known is None:
        return
    if from_date > known[1]:
        raise InputError(
            f"the period begins after the last day of the data, {known[1]}",
            Place(field="from_date"),
            "Choose an earlier begin",
        )
    if to_date < known[0]:
        raise InputError(
            f"the period ends before the first day of the data, {known[0]}",
            Place(field="to_date"),
            "Choose a later end",
        )
