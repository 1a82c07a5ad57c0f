"""The one order of all transfers that keeps every account's own order: compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loantrail.jit import jit

Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

NOBODY = -1
ROUNDS_MOST = 64
"""So often what contradicts itself is looked at for one transfer that goes first; what still does then stands by booking time."""


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
def order_transfers(after: Int64, before: Int64) -> tuple[Int64, Bool, Int64]:
    """Kahn's algorithm over transfers numbered by their preference (booking time, sequence, id).

    `after[i]` and `before[i]`, shape `[n, 2]`: the transfers next and previous in the statements of i's debit and
    credit account, or -1. Returns the order (transfer numbers, `[n]`), `forced` and `circle` (`[n]`, by transfer number).
    `circle` says of transfers that should each precede the others, since statements contradict each other, which are together
    (-1: this is none). `forced` is true of the one that goes first of them, by preference, before one that should precede it;
    then of the first among those that still contradict each other. No transfer outside of a circle has a part in that.
    """
    n = len(after)
    cut = np.zeros((n, 2), dtype=np.bool_)
    forced = np.zeros(n, dtype=np.bool_)
    circle = np.full(n, NOBODY, dtype=np.int64)
    for i in range(n):
        for side in range(2):
            # An account that pays itself precedes nothing by that.
            cut[i, side] = before[i, side] == i
    order, count = _ordered(after, before, cut)
    if count == n:
        return order, forced, circle
    inside = np.ones(n, dtype=np.bool_)
    for place in range(count):
        inside[order[place]] = False
    first = np.empty(n, dtype=np.int64)
    for turn in range(ROUNDS_MOST):
        left = _circles(after, before, cut, inside)
        if turn == 0:
            circle = left
        first[:] = NOBODY
        found = False
        for i in range(n):
            own = left[i]
            inside[i] = own != NOBODY
            if own == NOBODY:
                continue
            found = True
            if first[own] == NOBODY:
                first[own] = i
            for side in range(2):
                previous = before[i, side]
                if previous == NOBODY or cut[i, side] or left[previous] != own:
                    continue
                if first[own] == i or (turn == ROUNDS_MOST - 1 and previous > i):
                    cut[i, side] = True
                    forced[i] = True
        if not found:
            break
    order, count = _ordered(after, before, cut)
    return order, forced, circle


@jit
def _ordered(after: Int64, before: Int64, cut: Bool) -> tuple[Int64, int]:
    """The order as far as it goes, and how many stand in it. `cut[i, side]`: i need not stand behind its previous one there."""
    n = len(after)
    waits = np.zeros(n, dtype=np.int64)
    order = np.empty(n, dtype=np.int64)
    heap = np.empty(n, dtype=np.int64)
    size = 0
    for i in range(n):
        for side in range(2):
            if before[i, side] >= 0 and not cut[i, side]:
                waits[i] += 1
        if waits[i] == 0:
            heap[size] = i
            size += 1
            _sink_up(heap, size - 1)
    count = 0
    while size > 0:
        chosen = heap[0]
        size -= 1
        if size > 0:
            heap[0] = heap[size]
            _sink_down(heap, size)
        order[count] = chosen
        count += 1
        for side in range(2):
            following = after[chosen, side]
            if following < 0 or _is_cut(before, cut, chosen, following):
                continue
            waits[following] -= 1
            if waits[following] == 0:
                heap[size] = following
                size += 1
                _sink_up(heap, size - 1)
    return order, count


@jit
def _is_cut(before: Int64, cut: Bool, one: int, following: int) -> bool:
    """Whether `following` need not stand behind `one`. Where both statements say that it should, both are cut or none."""
    side = 0 if before[following, 0] == one else 1
    return bool(cut[following, side])


@jit
def _circles(after: Int64, before: Int64, cut: Bool, inside: Bool) -> Int64:
    """`[n]` the number of the circle of which a transfer is, -1 where it is of none: Tarjan's strongly connected components of more
    than one, looked for among those `inside`."""
    n = len(after)
    circle = np.full(n, NOBODY, dtype=np.int64)
    reached = np.full(n, NOBODY, dtype=np.int64)
    lowest = np.empty(n, dtype=np.int64)
    is_open = np.zeros(n, dtype=np.bool_)
    opened = np.empty(n, dtype=np.int64)
    path = np.empty(n, dtype=np.int64)
    next_side = np.zeros(n, dtype=np.int64)
    open_count = 0
    clock = 0
    circles = 0
    for start in range(n):
        if not inside[start] or reached[start] != NOBODY:
            continue
        depth = 0
        path[0] = start
        while depth >= 0:
            one = path[depth]
            if reached[one] == NOBODY:
                reached[one] = clock
                lowest[one] = clock
                clock += 1
                opened[open_count] = one
                open_count += 1
                is_open[one] = True
            if next_side[one] < 2:
                side = int(next_side[one])
                following = after[one, side]
                next_side[one] = side + 1
                if following < 0 or not inside[following] or _is_cut(before, cut, one, following):
                    continue
                if reached[following] == NOBODY:
                    depth += 1
                    path[depth] = following
                elif is_open[following]:
                    lowest[one] = min(lowest[one], reached[following])
                continue
            if lowest[one] == reached[one]:
                alone = opened[open_count - 1] == one
                while True:
                    open_count -= 1
                    member = opened[open_count]
                    is_open[member] = False
                    if not alone:
                        circle[member] = circles
                    if member == one:
                        break
                circles += 1
            depth -= 1
            if depth >= 0:
                lowest[path[depth]] = min(lowest[path[depth]], lowest[one])
    return circle


@jit
def by_first_place(circle: Int64) -> Int64:
    """`circle` of transfers in their order, each number replaced by the place of the first that has it."""
    first = np.full(len(circle), NOBODY, dtype=np.int64)
    told = np.full(len(circle), NOBODY, dtype=np.int64)
    for place in range(len(circle)):
        own = circle[place]
        if own == NOBODY:
            continue
        if first[own] == NOBODY:
            first[own] = place
        told[place] = first[own]
    return told
