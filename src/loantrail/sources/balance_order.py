"""The order of an account's lines within a day, found from their running balances.

Some ledgers give a date without a time and list a day's lines in no order, but the balance after each line says what
it followed: the one whose balance is this balance less this movement.
"""

from __future__ import annotations

import itertools
from collections import Counter

import polars as pl


def order_within_days(
    accounts: pl.Series, days: pl.Series, moved_fen: pl.Series, balances_fen: pl.Series
) -> pl.Series:
    """Int64 sequence, counting from 1 per account over all its days (days compare as they sort).

    `moved_fen` is positive for a credit. On a day with several lines, each next line is the one that starts from
    where the balance stands; where none does (a line is missing, a balance is rounded) it is the one that starts
    nearest, and of equals the earlier in the input. Lines without a balance or movement come last in their day.
    """
    frame = pl.DataFrame(
        {
            "row": range(len(accounts)),
            "account": accounts,
            "day": days,
            "start": balances_fen - moved_fen,
            "end": balances_fen,
        }
    ).sort("account", "day", "row", nulls_last=True)
    rows, starts, ends = (frame.get_column(name).to_list() for name in ("row", "start", "end"))
    run = frame.select(pl.struct("account", "day").rle_id()).to_series().to_list()
    account_run = frame["account"].rle_id().to_list()

    order: list[int] = []
    at = 0
    stands: int | None = None
    while at < len(rows):
        last = at + 1
        while last < len(rows) and run[last] == run[at]:
            last += 1
        if at == 0 or account_run[at] != account_run[at - 1]:
            stands = None
        day = list(range(at, last))
        if len(day) > 1:
            day = _chained(day, starts, ends, stands)
        order += day
        known = [ends[line] for line in day if ends[line] is not None]
        stands = known[-1] if known else stands
        at = last

    sequence = [0] * len(rows)
    number = 0
    for place, line in enumerate(order):
        number = 1 if place == 0 or account_run[line] != account_run[order[place - 1]] else number + 1
        sequence[rows[line]] = number
    return pl.Series("sequence", sequence, dtype=pl.Int64)


def _chained(
    day: list[int], starts: list[int | None], ends: list[int | None], stands: int | None
) -> list[int]:
    """The lines of one day in the order of their balances."""
    unknown = [line for line in day if starts[line] is None or ends[line] is None]
    left = [line for line in day if line not in unknown]
    if left and stands is None:
        # the day begins where more lines start than end
        over = Counter(starts[line] for line in left)
        over.subtract(Counter(ends[line] for line in left))
        first = next((line for line in left if over[starts[line]] > 0), left[0])
        stands = starts[first]
    whole = _without_gap(left, starts, ends, stands)
    return (whole or _nearest_next(left, starts, ends, stands)) + unknown


def _without_gap(
    lines: list[int], starts: list[int | None], ends: list[int | None], stands: int | None
) -> list[int] | None:
    """The lines in an order in which each starts where the one before it ended, the first at `stands`; None when
    there is none. Lines are the edges of a graph over balances: this is Hierholzer's way to an Eulerian path."""
    leaving: dict[int | None, list[int]] = {}
    for line in reversed(lines):
        leaving.setdefault(starts[line], []).append(line)
    path: list[int] = []
    stack: list[int] = []
    here = stands
    while True:
        if leaving.get(here):
            stack.append(leaving[here].pop())
            here = ends[stack[-1]]
        elif stack:
            path.append(stack.pop())
            here = starts[path[-1]]
        else:
            break
    path.reverse()
    fits = len(path) == len(lines) and all(
        ends[before] == starts[after] for before, after in itertools.pairwise(path)
    )
    return path if fits else None


def _nearest_next(
    lines: list[int], starts: list[int | None], ends: list[int | None], stands: int | None
) -> list[int]:
    left = list(lines)
    chained: list[int] = []
    while left:
        here = stands if stands is not None else 0
        nearest = min(left, key=lambda line: (abs((starts[line] or 0) - here), line))
        left.remove(nearest)
        chained.append(nearest)
        stands = ends[nearest]
    return chained
