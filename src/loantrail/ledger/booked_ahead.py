"""Statement lines that bear a date which no bank can have booked. Pure.

A payment that is asked about is judged behind the last line of the books, so one line with a wrong year would have every
payment judged outside of all windows, and no line leaves the books again.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection
from typing import Final

import polars as pl

from loantrail.clock import BUSINESS_ZONE
from loantrail.ledger.intake import Broken

BOOKED_AHEAD_MOST: Final = datetime.timedelta(days=10)
"""So much later than now a line may be booked: over the longest holiday, for its value date."""
REASON: Final = "booked_in_future"
Newest = Callable[[datetime.datetime], "datetime.datetime | None"]
"""When the last line of the books was booked, if later than that; else when any was; None where there is none. Asked only where it
matters."""


def believed_until(
    booked: Collection[datetime.datetime], now: datetime.datetime, newest: Newest
) -> datetime.datetime:
    """The instant up to which lines that were booked then are believed, at least 10 days after now.

    Where the books themselves reach further, the clock of this machine is behind: then lines are believed that follow upon the
    last one, none of them more than 10 days after the one before.
    """
    until = now + BOOKED_AHEAD_MOST
    if not booked or max(booked) <= until:
        return until
    known = newest(until)
    if known is None:
        # Of the first lines of empty books nothing is known.
        return until if min(booked) <= until else max(booked)
    if known <= until:
        return until
    until = known + BOOKED_AHEAD_MOST
    for at in sorted(set(booked)):
        if at > until:
            break
        until = max(until, at + BOOKED_AHEAD_MOST)
    return until


def lines_far_ahead(lines: pl.DataFrame, now: datetime.datetime, newest: Newest) -> list[Broken]:
    """Lines (column `booked_at`) that are not believed; `row` counts in the frame."""
    booked = lines.get_column("booked_at")
    if not (booked > now + BOOKED_AHEAD_MOST).any():
        return []
    until = believed_until(booked.unique().to_list(), now, newest)
    rows = (booked > until).arg_true().to_list()
    return [Broken(row, "booked_at", REASON, message_of(booked[row])) for row in rows]


def message_of(booked_at: datetime.datetime) -> str:
    at = booked_at.astimezone(BUSINESS_ZONE).isoformat(" ", "seconds")
    return f"booked_at (记账时间) is {at!r}: it is booked long after now; check the date, or the clock of this machine"
