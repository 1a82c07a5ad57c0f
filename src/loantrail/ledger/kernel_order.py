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
def order_transfers(before: Int64) -> tuple[Int64, Bool, Int64]:
    """Kahn's algorithm over transfers numbered by their preference (booking time, sequence, id).

    Line `2 * i + side` is that of transfer i in the statement of its debit (0) or credit (1) account; `before[i, side]`, shape
    `[n, 2]`, is the line that stands before it there, or -1. Returns the order (transfer numbers, `[n]`), `forced` and
    `circle` (`[n]`, by transfer number). `circle` says of transfers that should each precede the others, since statements
    contradict each other, which are together (-1: this is none). `forced` is true of the one that goes first of them, by
    preference: its lines are moved before those of the others. Then of the first among those that still contradict each
    other. Nothing else is moved: whatever should precede a transfer outside of its circle, or follow it, still does.
    """
    n = len(before)
    forced = np.zeros(n, dtype=np.bool_)
    circle = np.full(n, NOBODY, dtype=np.int64)
    previous = before.copy().reshape(2 * n)
    following = np.full(2 * n, NOBODY, dtype=np.int64)
    for line in range(2 * n):
        if previous[line] >= 0:
            following[previous[line]] = line
    order, count = _ordered(previous, following)
    if count == n:
        return order, forced, circle
    inside = np.ones(n, dtype=np.bool_)
    for place in range(count):
        inside[order[place]] = False
    first = np.empty(n, dtype=np.int64)
    for turn in range(ROUNDS_MOST):
        left = _circles(previous, inside)
        if turn == 0:
            circle = left
        first[:] = NOBODY
        found = False
        for i in range(n):
            own = left[i]
            inside[i] = own != NOBODY
            if own == NOBODY or first[own] != NOBODY:
                continue
            found = True
            first[own] = i
            if turn < ROUNDS_MOST - 1:
                forced[i] = True
                _move(2 * i, previous, following, left)
                _move(2 * i + 1, previous, following, left)
        if not found:
            break
        if turn == ROUNDS_MOST - 1:
            _sort(previous, following, left, forced)
    order, count = _ordered(previous, following)
    return order, forced, circle


@jit
def _ordered(previous: Int64, following: Int64) -> tuple[Int64, int]:
    """The order as far as it goes, and how many stand in it. `previous`, `following` (`[2 n]`): the lines before and behind each line
    in its statement. Where an account pays itself, nothing precedes by that."""
    n = len(previous) >> 1
    waits = np.zeros(n, dtype=np.int64)
    order = np.empty(n, dtype=np.int64)
    heap = np.empty(n, dtype=np.int64)
    size = 0
    for i in range(n):
        for line in (2 * i, 2 * i + 1):
            if previous[line] >= 0 and previous[line] >> 1 != i:
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
        for line in (2 * chosen, 2 * chosen + 1):
            other = following[line] >> 1
            if other < 0 or other == chosen:
                continue
            waits[other] -= 1
            if waits[other] == 0:
                heap[size] = other
                size += 1
                _sink_up(heap, size - 1)
    return order, count


@jit
def _move(line: int, previous: Int64, following: Int64, left: Int64) -> None:
    """Put the line before all lines of its circle (`left`, by transfer) in its statement. Between two of one circle stand none of
    others: what stands between them is of the circle too."""
    own = left[line >> 1]
    front = previous[line]
    while front >= 0 and left[front >> 1] == own:
        front = previous[front]
    if front == previous[line]:
        return
    earlier, later = previous[line], following[line]
    following[earlier] = later
    if later >= 0:
        previous[later] = earlier
    if front >= 0:
        behind = following[front]
        following[front] = line
    else:
        behind = earlier
        while previous[behind] >= 0:
            behind = previous[behind]
    previous[line], following[line] = front, behind
    previous[behind] = line


@jit
def _sort(previous: Int64, following: Int64, left: Int64, forced: Bool) -> None:
    """Put the lines of each circle (`left`, by transfer) in each statement in the order of preference."""
    run = np.empty(len(previous), dtype=np.int64)
    for start in range(len(previous)):
        own = left[start >> 1]
        front = previous[start]
        if own == NOBODY or (front >= 0 and left[front >> 1] == own):
            continue
        count = 0
        line = start
        highest = start
        while line >= 0 and left[line >> 1] == own:
            run[count] = line
            count += 1
            highest = max(highest, line)
            if highest >> 1 > line >> 1:
                forced[line >> 1] = True
            line = following[line]
        in_order = np.sort(run[:count])
        for place in range(count):
            previous[in_order[place]] = front
            if front >= 0:
                following[front] = in_order[place]
            front = in_order[place]
        following[front] = line
        if line >= 0:
            previous[line] = front


@jit
def _circles(previous: Int64, inside: Bool) -> Int64:
    """`[n]` the number of the circle of which a transfer is, -1 where it is of none: Tarjan's strongly connected components of more
    than one, looked for among those `inside`, against the order."""
    n = len(previous) >> 1
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
                earlier = previous[2 * one + side] >> 1
                next_side[one] = side + 1
                if earlier < 0 or not inside[earlier]:
                    continue
                if reached[earlier] == NOBODY:
                    depth += 1
                    path[depth] = earlier
                elif is_open[earlier]:
                    lowest[one] = min(lowest[one], reached[earlier])
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
