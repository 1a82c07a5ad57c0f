"""Count signals with the compiled kernel, in batches of any cut."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from loantrail.errors import InputError, LimitExceeded, Place
from loantrail.signals import kernel
from loantrail.signals.kernel_lineage import lineage
from loantrail.signals.kernel_members import rehash
from loantrail.signals.kernel_state import (
    ACTION_ROW,
    ENTRY_TOP,
    EVENT_AT,
    MAP_COUNT,
    NEED,
    NODE_TOP,
    SERIES_COUNT,
    SET_COUNT,
    WANTED_ROW,
    Events,
    State,
    empty_pool,
    empty_state,
)
from loantrail.signals.model import COLUMNS, Given
from loantrail.tracing.model import Int64

FIRST_CAPACITY: Final = 1 << 14


class Count:
    """A count under way. `batch` takes it to any later event; how the events are cut into batches changes nothing."""

    def __init__(self, given: Given, capacity: int = FIRST_CAPACITY) -> None:
        self.given = given
        self.at = 0
        """The first event that is not counted yet."""
        self._state = empty_state(
            given.opening_fen, given.on_side, given.borrowers, given.loans, given.tied, capacity
        )

    def batch(self, stop: int | None = None) -> Int64:
        """Count the events before `stop` (None: all) and give their rows, [rows, COLUMNS], in order.

        Raises LimitExceeded when a sum would reach 2^62 fen, InputError when an event is before the one in front of it;
        its row is the 1-based place in the order. The count is of no use then.
        """
        events = self.given.events
        stop = self.given.event_count if stop is None else stop
        first_row = int(events.row_start[self.at])
        out = np.zeros((int(events.row_start[stop]) - first_row, len(COLUMNS)), np.int64)
        while True:
            status = kernel.run(self._state, events, self.at, stop, first_row, out)
            self.at = int(self._state.counters[EVENT_AT])
            if status == kernel.DONE:
                return out
            if status == kernel.TOO_LARGE:
                raise LimitExceeded(
                    "a sum of signals would reach 2^62 fen",
                    Place(row=self.at + 1),
                    "Check the amounts before this row",
                )
            if status == kernel.NOT_IN_ORDER:
                raise InputError(
                    "a transaction is booked before one that was counted already",
                    Place(row=self.at + 1),
                    "Give transactions in the order of the trace",
                )
            self._state = _grown(self._state, int(self._state.counters[NEED]))

    @property
    def kept_bytes(self) -> int:
        """What the state takes in memory."""
        state = self._state
        plain = (part for part in state if isinstance(part, np.ndarray))
        return sum(int(part.nbytes) for part in (*plain, *state.windows, *state.members))


def _longer(pool: Any, used: int, need: int) -> Any:
    """The pool itself while `need` more rows fit, else a longer copy."""
    if len(pool) - used >= need:
        return pool
    longer = np.zeros((max(2 * len(pool), used + need), *pool.shape[1:]), pool.dtype)
    longer[:used] = pool[:used]
    return longer.view(np.recarray) if pool.dtype.names else longer


def _grown(state: State, need: int) -> State:
    """Longer pools where an event that may touch `need` rows might not fit."""
    counters, windows, members = state.counters, state.windows, state.members
    keys, values = members.map_key, members.map_value
    if len(keys) < 2 * (int(counters[MAP_COUNT]) + need):
        size = len(keys)
        while size < 4 * (int(counters[MAP_COUNT]) + need):
            size *= 2
        keys, values = np.full(size, -1, np.int64), np.zeros(size, np.int32)
        rehash(members.map_key, members.map_value, keys, values)
    return state._replace(
        windows=windows._replace(
            series=_longer(windows.series, int(counters[SERIES_COUNT]), need),
            entries=_longer(windows.entries, int(counters[ENTRY_TOP]), need),
        ),
        members=members._replace(
            sets=_longer(members.sets, int(counters[SET_COUNT]), need),
            nodes=_longer(members.nodes, int(counters[NODE_TOP]), need),
            map_key=keys,
            map_value=values,
        ),
    )


def share_ppm(part_fen: Int64, whole_fen: Int64) -> tuple[Int64, NDArray[np.bool_]]:
    """`part * 10^6 // whole` exactly beyond 64 bits, and where it is defined: `whole` above zero. `part` >= 0; a share
    that would reach 2^62 is 2^62 - 1."""
    share, known = np.zeros(len(part_fen), np.int64), whole_fen > 0
    # Copies: arrays that cannot be written to would be compiled for anew.
    kernel.shares(part_fen.copy(), whole_fen.copy(), share)
    return share, known


def warm_up() -> None:
    """Compile the kernels, or load them from the cache."""
    nothing = np.zeros(0, np.int64)
    one = np.zeros(1, np.int64)
    events = Events(
        at_us=one,
        debit=np.array([-1], np.int32),
        credit=np.array([0], np.int32),
        amount_fen=one + 1,
        payer=np.array([-1], np.int32),
        payee=np.array([0], np.int32),
        handed_on_ppm=one,
        action_start=np.zeros(2, np.int64),
        actions=empty_pool(ACTION_ROW, 0),
        row_start=np.array([0, 1], np.int64),
        wanted=empty_pool(WANTED_ROW, 1),
        side_start=np.array([0, 1], np.int32),
        side_borrower=np.zeros(1, np.int32),
        loan_borrower=np.zeros(1, np.int32),
    )
    given = Given(events, one, np.ones(1, np.bool_), 1, 1, np.zeros(0, np.bool_))
    Count(given, 8).batch()
    rehash(np.full(2, -1, np.int64), np.zeros(2, np.int32), np.full(4, -1, np.int64), np.zeros(4, np.int32))
    share_ppm(nothing, nothing)
    none = np.zeros(0, np.int32)
    lineage(none, none, none, -2, np.zeros(0, np.bool_), none.copy(), none.copy())
