"""The state that the kernels of tracing change: pools of rows, and how they begin.

Lots are singly linked lists in one pool. The head of an account's list is the front of tracing.md. Conventions
OWN_FIRST and LOAN_FIRST keep labelled lots only, sorted by loan; own money is what remains of the balance. POISON
keeps a set of labels whose amounts mean nothing.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from loantrail.tracing.model import Int32, Int64

FIFO: Final = 0
LIFO: Final = 1
PRO_RATA: Final = 2
OWN_FIRST: Final = 3
LOAN_FIRST: Final = 4
POISON: Final = 5

# Places in `State.counters`.
FREE_HEAD: Final = 0
LOT_TOP: Final = 1
FREE_COUNT: Final = 2
HOP_COUNT: Final = 3
UNTRACED_COUNT: Final = 4
EVENT_AT: Final = 5
NEED: Final = 6
COUNTERS: Final = 8


ACCOUNT_ROW: Final = np.dtype(
    [
        ("labelled", np.int64),  # fen in labelled lots (POISON: number of labels)
        ("tail", np.int32),
        ("lot_count", np.int32),
    ],
    align=True,
)
LOT_ROW: Final = np.dtype(
    [("fen", np.int64), ("loan", np.int32), ("hop", np.int32), ("next_lot", np.int32), ("use", np.uint8)],
    align=True,
)
HOP_ROW: Final = np.dtype(
    [
        ("fen", np.int64),
        ("offset", np.int64),
        ("taken_back", np.int64),  # PRO_RATA only: what reversals shared out of this hop
        ("loan", np.int32),
        ("event", np.int32),
        ("parent", np.int32),
        ("depth", np.int32),
        ("use", np.uint8),
        ("use_before", np.uint8),
        ("ended", np.bool_),
    ],
    align=True,
)
UNTRACED_ROW: Final = np.dtype(
    [
        ("fen", np.int64),
        ("account", np.int32),
        ("event", np.int32),
        ("loan", np.int32),
        ("use", np.uint8),
    ],
    align=True,
)
SLICE_ROW: Final = np.dtype(
    [
        ("fen", np.int64),
        ("offset", np.int64),
        ("part", np.int64),  # scratch: what repays an overdraft; a share
        ("rest", np.int64),  # scratch: a remainder
        ("loan", np.int32),
        ("hop", np.int32),  # hop of the lot it came from; after arrival the hop recorded
        ("use", np.uint8),  # when it left
        ("after", np.uint8),  # after arrival
    ],
    align=True,
)


class State(NamedTuple):
    """Everything a trace changes. Pools may be replaced by longer copies between calls. Slots are private
    accounts behind the real ones: slot s is account m + s."""

    balance: Int64  # [m + specials] apart from the rest: all that a plain event touches
    head: Int32  # [m + specials] front lot; -1: no labelled money
    accounts: Any  # [m + specials] ACCOUNT_ROW
    lots: Any  # LOT_ROW; free ones are chained from counters[FREE_HEAD]
    hops: Any  # HOP_ROW
    untraced: Any  # UNTRACED_ROW
    slices: Any  # SLICE_ROW: the slices of the event at hand, in consumption order
    reversed_fen: Int64  # [specials] taken back so far, kept at the first special that reverses an event
    counters: Int64


def empty_pool(row: np.dtype[np.void], count: int) -> Any:
    """`count` zeroed rows."""
    return np.zeros(count, row).view(np.recarray)


def empty_state(opening_fen: Int64, special_count: int, capacity: int) -> State:
    """A state at rest. `capacity`: rows to begin with in the pools; they grow."""
    count = len(opening_fen) + special_count
    balance = np.zeros(count, np.int64)
    balance[: len(opening_fen)] = opening_fen
    accounts = empty_pool(ACCOUNT_ROW, count)
    accounts["tail"] = -1
    counters = np.zeros(COUNTERS, np.int64)
    counters[FREE_HEAD] = -1
    return State(
        balance=balance,
        head=np.full(count, -1, np.int32),
        accounts=accounts,
        lots=empty_pool(LOT_ROW, capacity),
        hops=empty_pool(HOP_ROW, capacity),
        untraced=empty_pool(UNTRACED_ROW, 1024),
        slices=empty_pool(SLICE_ROW, 4096),
        reversed_fen=np.zeros(special_count, np.int64),
        counters=counters,
    )
