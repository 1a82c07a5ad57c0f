"""What the signal kernel keeps, and the arrays it reads. Nothing older than 90 days is kept but sums since
disbursement, and accounts that never met a loan have no windows: two numbers and four places each.

A series is a queue of amounts with five windows that share it: each window has a cursor at its oldest entry, an exact
sum and a count. A set is a queue of members in the order of their last appearance, with five windows as well.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from loantrail.tracing.model import Bool, Int8, Int32, Int64

DAY_US: Final = 86_400_000_000
WINDOW_US: Final = (DAY_US, 3 * DAY_US, 7 * DAY_US, 30 * DAY_US, 90 * DAY_US)
WINDOWS: Final = 5
MONTH: Final = 3
"""The window of 30 days."""
GROUPS: Final = 17
"""Sums of a loan's money: catalogue.LOAN_SUMS."""
RETURNED: Final = 15
"""The group `returned`: what a gate that is shut holds back is kept by group, but for returns by gate."""

# Kinds of action, in the order in which those of one transaction come.
PAIR: Final = 0
"""Add `fen` to sum `group` of pair `pair`: what it received as a supplier, handed on quickly, got from the borrower's
side, gave back quickly."""
ADD: Final = 1
"""Add `fen`, which may be negative, to sum `group` of `loan`, once `gate` of `pair` is open."""
HOLD: Final = 2
"""Add `fen` to the loan money in account `pair`."""
IDLE: Final = 3
"""Add `fen` to the idle money of `loan`."""
REACH: Final = 4
"""Money of `loan` reached account `pair`."""
PAYEE: Final = 5
"""The borrower's side paid payee `pair` with money of `loan`."""
TOUCH: Final = 6
"""Account `pair` met a loan that is not counted here: it has windows from now on."""

SUPPLIED: Final = 0
HANDED_ON: Final = 1
PAID: Final = 2
GAVE_BACK: Final = 3
PAIR_SUMS: Final = 4

ALWAYS: Final = 0
OPEN: Final = 1
"""The payee is looked through: tied to the loan, or seen to hand on most of what it got."""
OPEN_OR_QUICK: Final = 2
QUICK: Final = 3
"""The payee was seen to give back most of what it got, within days."""

# Places in `State.counters`.
CLOCK: Final = 0
EVENT_AT: Final = 1
NEED: Final = 2
SERIES_COUNT: Final = 3
ENTRY_TOP: Final = 4
ENTRY_FREE: Final = 5
ENTRY_FREE_COUNT: Final = 6
SET_COUNT: Final = 7
NODE_TOP: Final = 8
NODE_FREE: Final = 9
NODE_FREE_COUNT: Final = 10
MAP_COUNT: Final = 11
OVERFLOWN: Final = 12
COUNTERS: Final = 16

# Columns of a series and of a set: five windows each, and the ends of the queue. What is used together lies together.
SUM: Final = 0
COUNT: Final = 5
FIRST: Final = 10
"""The oldest entry of each window, or -1."""
DUE: Final = 15
"""Its instant, or NEVER: nothing leaves the window before."""
TAIL: Final = 20
LARGEST: Final = 21
SMALLEST: Final = 22
SERIES_COLUMNS: Final = 24
SET_COUNT_AT: Final = 0
SET_FIRST: Final = 5
SET_DUE: Final = 10
SET_LAST: Final = 15
SET_COLUMNS: Final = 16
NEVER: Final = 9223372036854775807

ENTRY_ROW: Final = np.dtype(
    [
        ("at", np.int64),
        ("fen", np.int64),
        ("later", np.int32),  # the next entry of the series; of a free one the next free one
        ("larger", np.int32),  # the one before among those that none after exceeds
        ("smaller", np.int32),  # the one after among those
    ],
    align=True,
)
NODE_ROW: Final = np.dtype(
    [("at", np.int64), ("key", np.int64), ("earlier", np.int32), ("later", np.int32)], align=True
)
ACTION_ROW: Final = np.dtype(
    [
        ("fen", np.int64),
        ("loan", np.int32),
        ("pair", np.int32),
        ("group", np.uint8),
        ("kind", np.uint8),
        ("gate", np.uint8),
    ],
    align=True,
)
WANTED_ROW: Final = np.dtype(
    [
        ("loan", np.int32),
        ("account", np.int32),  # that pays; of a day the repayment account; -1 without
        ("payee_account", np.int32),
        ("payee", np.int32),
    ],
    align=True,
)


class Events(NamedTuple):
    """Transactions and ends of days, in their total order. `n` events."""

    at_us: Int64  # [n] never less than the one before
    debit: Int32  # [n] account, or -1
    credit: Int32  # [n]
    amount_fen: Int64  # [n] 0 at the end of a day
    payer: Int32  # [n] party that owns the account, else the account, else the name; -1 at the end of a day
    payee: Int32  # [n]
    handed_on_ppm: Int64  # [n] the share from which on a payee is looked through, in force on the day
    action_start: Int64  # [n + 1]
    actions: Any  # ACTION_ROW, by event, then kind
    row_start: Int64  # [n + 1]
    wanted: Any  # WANTED_ROW: rows to give once the event is counted
    side_start: (
        Int32  # [m + 1] account a is on the side of borrowers side_borrower[side_start[a]:side_start[a + 1]]
    )
    side_borrower: Int32
    loan_borrower: Int32  # [k]


class Windows(NamedTuple):
    """Queues of amounts. Compiled functions are given these few arrays: all of the state would be copied with each call."""

    series: Int64  # [s, SERIES_COLUMNS]
    entries: Any  # ENTRY_ROW
    counters: Int64


class Members(NamedTuple):
    """Sets, and the map of all numbers that are looked up."""

    sets: Int64  # [t, SET_COLUMNS]
    nodes: Any  # NODE_ROW
    map_key: Int64  # open addressing, a power of two; -1: free
    map_value: Int32
    counters: Int64


class State(NamedTuple):
    """Everything that counting changes; pools may be replaced by longer copies between calls."""

    balance: Int64  # [m]
    labelled: Int64  # [m]
    touched: Bool  # [m] has windows
    account_series: Int32  # [m, 2] out, in; -1: none yet
    account_set: Int32  # [m, 2] payees, borrowers
    borrower_series: Int32  # [b, 2] out, in
    loan_series: Int32  # [k, GROUPS]
    loan_sum: Int64  # [k, GROUPS] since disbursement
    loan_idle: Int64  # [k]
    loan_payees: Int64  # [k]
    pair_sum: Int64  # [p, PAIR_SUMS]
    pair_open: Int8  # [p, 2] looked through; quick
    pair_held: Int64  # [p, GROUPS + 2] held back until open; returns until open or quick; returns until quick
    windows: Windows
    members: Members
    counters: Int64


def empty_pool(row: Any, count: int) -> Any:
    """`count` zeroed rows."""
    return np.zeros(count, row).view(np.recarray)


def empty_state(
    opening_fen: Int64, on_side: Bool, borrowers: int, loans: int, tied: Bool, capacity: int = 1 << 14
) -> State:
    """A state at rest. `on_side` [m]: accounts with windows from the start. `tied` [p]: pairs looked through from the
    start. `capacity`: rows to begin with in the pools, a power of two; they grow."""
    accounts, pairs = len(opening_fen), len(tied)
    counters = np.zeros(COUNTERS, np.int64)
    counters[[ENTRY_FREE, NODE_FREE]] = -1
    counters[CLOCK] = np.iinfo(np.int64).min
    pair_open = np.zeros((pairs, 2), np.uint8)
    pair_open[:, 0] = tied
    return State(
        balance=opening_fen.astype(np.int64).copy(),
        labelled=np.zeros(accounts, np.int64),
        touched=on_side.copy(),
        account_series=np.full((accounts, 2), -1, np.int32),
        account_set=np.full((accounts, 2), -1, np.int32),
        borrower_series=np.full((borrowers, 2), -1, np.int32),
        loan_series=np.full((loans, GROUPS), -1, np.int32),
        loan_sum=np.zeros((loans, GROUPS), np.int64),
        loan_idle=np.zeros(loans, np.int64),
        loan_payees=np.zeros(loans, np.int64),
        pair_sum=np.zeros((pairs, PAIR_SUMS), np.int64),
        pair_open=pair_open,
        pair_held=np.zeros((pairs, GROUPS + 2), np.int64),
        windows=Windows(
            series=np.zeros((capacity, SERIES_COLUMNS), np.int64),
            entries=empty_pool(ENTRY_ROW, capacity),
            counters=counters,
        ),
        members=Members(
            sets=np.zeros((capacity, SET_COLUMNS), np.int64),
            nodes=empty_pool(NODE_ROW, capacity),
            map_key=np.full(2 * capacity, -1, np.int64),
            map_value=np.zeros(2 * capacity, np.int32),
            counters=counters,
        ),
        counters=counters,
    )
