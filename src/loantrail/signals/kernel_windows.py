"""Compiled: rolling windows over one queue of amounts: exact sums, counts and maxima, each entry touched once per window."""

from __future__ import annotations

from typing import Final

from loantrail.jit import jit_inner
from loantrail.signals.kernel_state import (
    COUNT,
    DUE,
    ENTRY_FREE,
    ENTRY_FREE_COUNT,
    ENTRY_TOP,
    FIRST,
    LARGEST,
    NEVER,
    OVERFLOWN,
    SERIES_COUNT,
    SMALLEST,
    SUM,
    TAIL,
    WINDOW_US,
    WINDOWS,
    Windows,
)

SUM_LIMIT: Final = 4611686018427387904


@jit_inner
def new_series(windows: Windows) -> int:
    series = windows.counters[SERIES_COUNT]
    windows.counters[SERIES_COUNT] = series + 1
    table = windows.series
    for window in range(WINDOWS):
        table[series, SUM + window] = 0
        table[series, COUNT + window] = 0
        table[series, FIRST + window] = -1
        table[series, DUE + window] = NEVER
    table[series, TAIL] = -1
    table[series, LARGEST] = -1
    table[series, SMALLEST] = -1
    return series


@jit_inner
def new_entry(windows: Windows) -> int:
    entry = windows.counters[ENTRY_FREE]
    if entry >= 0:
        windows.counters[ENTRY_FREE] = windows.entries[entry].later
        windows.counters[ENTRY_FREE_COUNT] -= 1
        return entry
    entry = windows.counters[ENTRY_TOP]
    windows.counters[ENTRY_TOP] = entry + 1
    return entry


@jit_inner
def drop_oldest(windows: Windows, series: int, entry: int) -> None:
    """The entry leaves the longest window, and all it was in before."""
    table = windows.series
    if table[series, LARGEST] == entry:
        following = windows.entries[entry].smaller
        table[series, LARGEST] = following
        if following >= 0:
            windows.entries[following].larger = -1
        else:
            table[series, SMALLEST] = -1
    if table[series, TAIL] == entry:
        table[series, TAIL] = -1
    windows.entries[entry].later = windows.counters[ENTRY_FREE]
    windows.counters[ENTRY_FREE] = entry
    windows.counters[ENTRY_FREE_COUNT] += 1


@jit_inner
def roll(windows: Windows, series: int, now: int) -> None:
    """Every window of the series ends at `now`."""
    table = windows.series
    for window in range(WINDOWS):
        limit = now - WINDOW_US[window]
        if table[series, DUE + window] > limit:
            continue
        entry = table[series, FIRST + window]
        while entry >= 0 and windows.entries[entry].at <= limit:
            table[series, SUM + window] -= windows.entries[entry].fen
            table[series, COUNT + window] -= 1
            following = windows.entries[entry].later
            if window == WINDOWS - 1:
                drop_oldest(windows, series, entry)
            entry = following
        table[series, FIRST + window] = entry
        table[series, DUE + window] = windows.entries[entry].at if entry >= 0 else NEVER


@jit_inner
def put(windows: Windows, series: int, now: int, fen: int) -> None:
    """An amount at `now`, which is not before any of the series."""
    roll(windows, series, now)
    table = windows.series
    entry = new_entry(windows)
    windows.entries[entry].at = now
    windows.entries[entry].fen = fen
    windows.entries[entry].later = -1
    tail = table[series, TAIL]
    if tail >= 0:
        windows.entries[tail].later = entry
    table[series, TAIL] = entry
    for window in range(WINDOWS):
        table[series, SUM + window] += fen
        table[series, COUNT + window] += 1
        if table[series, FIRST + window] < 0:
            table[series, FIRST + window] = entry
            table[series, DUE + window] = now
    # The longest window holds all: what it stays below, the others do as far as no amount is negative.
    if abs(table[series, SUM + WINDOWS - 1]) >= SUM_LIMIT:
        windows.counters[OVERFLOWN] = 1
    last = table[series, SMALLEST]
    while last >= 0 and windows.entries[last].fen <= fen:
        last = windows.entries[last].larger
    windows.entries[entry].larger = last
    windows.entries[entry].smaller = -1
    if last >= 0:
        windows.entries[last].smaller = entry
    else:
        table[series, LARGEST] = entry
    table[series, SMALLEST] = entry


@jit_inner
def largest(windows: Windows, series: int, now: int, window: int) -> int:
    """The largest amount in the window of a series that was rolled to `now`; 0 when it is empty."""
    entry = windows.series[series, LARGEST]
    limit = now - WINDOW_US[window]
    while entry >= 0 and windows.entries[entry].at <= limit:
        entry = windows.entries[entry].smaller
    return windows.entries[entry].fen if entry >= 0 else 0
