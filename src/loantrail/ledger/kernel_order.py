"""The one order of all transfers that keeps every account's own order: compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loantrail.jit import jit

Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

NOBODY = -1


@jit
def _sink_up(heap: Int64, place: int) -> None:
    value = heap[place]
    while place > 0:
        above = (place - 1) >> 1
        if heap[above] <= value:
            break
        heap[place] = heap[above]
        place = above
    heap[place] = value


@jit
def _sink_down(heap: Int64, size: int) -> None:
    value = heap[0]
    place = 0
    while True:
        below = 2 * place + 1
        if below >= size:
            break
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= value:
            break
        heap[place] = heap[below]
        place = below
    heap[place] = value


@jit
def order_transfers(after: Int64, before: Int64) -> tuple[Int64, Bool]:
    """Kahn's algorithm over transfers numbered by their preference (booking time, sequence, id).

    `after[i]` and `before[i]`, shape `[n, 2]`: the transfers next and previous in the statements of i's debit and
    credit account, or -1. Returns the order (transfer numbers, `[n]`) and `forced` (`[n]`, by transfer number):
    true where two statements contradict each other and this transfer, the first by preference of such a circle,
    was put before one that should precede it.
    """
    n = len(after)
    waits = np.zeros(n, dtype=np.int64)
    done = np.zeros(n, dtype=np.bool_)
    forced = np.zeros(n, dtype=np.bool_)
    seen_in_walk = np.full(n, -1, dtype=np.int64)
    order = np.empty(n, dtype=np.int64)
    heap = np.empty(n, dtype=np.int64)
    size = 0
    for i in range(n):
        for side in range(2):
            if before[i, side] >= 0:
                waits[i] += 1
        if waits[i] == 0:
            heap[size] = i
            size += 1
            _sink_up(heap, size - 1)
    count = 0
    first_open = 0
    while count < n:
        if size == 0:
            # Everything left waits: walk back from the first one until the walk meets itself.
            while done[first_open]:
                first_open += 1
            walker = first_open
            while seen_in_walk[walker] != count:
                seen_in_walk[walker] = count
                for side in range(2):
                    previous = before[walker, side]
                    if previous >= 0 and not done[previous]:
                        walker = previous
                        break
            # `walker` lies on a circle: its first member by preference goes first.
            best = walker
            member = walker
            while True:
                for side in range(2):
                    previous = before[member, side]
                    if previous >= 0 and not done[previous]:
                        member = previous
                        break
                best = min(best, member)
                if member == walker:
                    break
            forced[best] = True
            waits[best] = 0
            chosen = best
        else:
            chosen = heap[0]
            size -= 1
            if size > 0:
                heap[0] = heap[size]
                _sink_down(heap, size)
        done[chosen] = True
        order[count] = chosen
        count += 1
        for side in range(2):
            following = after[chosen, side]
            if following >= 0 and not done[following]:
                waits[following] -= 1
                if waits[following] == 0:
                    heap[size] = following
                    size += 1
                    _sink_up(heap, size - 1)
    return order, forced
