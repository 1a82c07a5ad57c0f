"""Compiled: rows put together by group, in one pass over them."""

from __future__ import annotations

import numpy as np

from loantrail.jit import jit
from loantrail.tracing.model import Int32, Int64


@jit
def rows_by_group(groups: Int32, count: int) -> tuple[Int64, Int64]:
    """`(rows, starts)`: the rows of group g, ascending, are `rows[starts[g]:starts[g + 1]]`, for groups below `count`; rows of others,
    and of -1, are left out."""
    starts = np.zeros(count + 1, np.int64)
    for group in groups:
        if 0 <= group < count:
            starts[group + 1] += 1
    for group in range(count):
        starts[group + 1] += starts[group]
    rows = np.empty(starts[count], np.int64)
    top = starts[:count].copy()
    for row in range(len(groups)):
        group = groups[row]
        if 0 <= group < count:
            rows[top[group]] = row
            top[group] += 1
    return rows, starts


@jit
def lines_by_account(
    debit: Int32, credit: Int32, at_us: Int64, amount_fen: Int64, in_time: Int64, count: int
) -> tuple[Int64, Int64, Int64, Int64]:
    """`(rows, at_us, sums, starts)` of what was paid and got, by account, in the order of time: the lines of account a are
    `rows[starts[a]:starts[a + 1]]`; `sums[i]` is what came in less what went out in the first i lines of all accounts, in that order.
    Rows of the account -1 are left out. `in_time`: rows in the order of time."""
    starts = np.zeros(count + 1, np.int64)
    for row in range(len(debit)):
        for account in (debit[row], credit[row]):
            if 0 <= account < count:
                starts[account + 1] += 1
    for account in range(count):
        starts[account + 1] += starts[account]
    lines = starts[count]
    rows, at = np.empty(lines, np.int64), np.empty(lines, np.int64)
    sums = np.zeros(lines + 1, np.int64)
    top = starts[:count].copy()
    for row in in_time:
        for account, change in ((debit[row], -amount_fen[row]), (credit[row], amount_fen[row])):
            if 0 <= account < count:
                place = top[account]
                top[account] += 1
                rows[place], at[place], sums[place + 1] = row, at_us[row], change
    for place in range(lines):
        sums[place + 1] += sums[place]
    return rows, at, sums, starts
