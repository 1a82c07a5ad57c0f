"""Compiled: a map of whole numbers, and sets that count their different members over rolling windows."""

from __future__ import annotations

from loantrail.jit import jit, jit_inner
from loantrail.signals.kernel_state import (
    MAP_COUNT,
    NEVER,
    NODE_FREE,
    NODE_FREE_COUNT,
    NODE_TOP,
    SET_COUNT,
    SET_COUNT_AT,
    SET_DUE,
    SET_FIRST,
    SET_LAST,
    WINDOW_US,
    WINDOWS,
    Members,
)
from loantrail.tracing.model import Int32, Int64


@jit_inner
def map_key(kind: int, first: int, second: int) -> int:
    """One number for (kind 0..3, two numbers below 2^30)."""
    return (kind << 60) | (first << 30) | second


@jit_inner
def home_of(key: int, mask: int) -> int:
    mixed = key ^ (key >> 29)
    mixed = (mixed * 2545884929) & 0x7FFFFFFFFFFFFFFF
    mixed ^= mixed >> 32
    return mixed & mask


@jit_inner
def place_of(keys: Int64, key: int) -> int:
    """Where the key stands, or the free place where it would."""
    mask = len(keys) - 1
    place = home_of(key, mask)
    while keys[place] != -1 and keys[place] != key:
        place = (place + 1) & mask
    return place


@jit_inner
def forget(kept: Members, key: int) -> None:
    """Take the key out of the map; later keys of its run move up."""
    keys, values = kept.map_key, kept.map_value
    mask = len(keys) - 1
    hole = place_of(keys, key)
    if keys[hole] == -1:
        return
    kept.counters[MAP_COUNT] -= 1
    place = hole
    while True:
        place = (place + 1) & mask
        if keys[place] == -1:
            break
        home = home_of(keys[place], mask)
        if ((place - home) & mask) >= ((place - hole) & mask):
            keys[hole] = keys[place]
            values[hole] = values[place]
            hole = place
    keys[hole] = -1


@jit_inner
def remember(kept: Members, place: int, key: int, value: int) -> None:
    """Put a key that is not in the map at the place that `place_of` gave."""
    kept.map_key[place] = key
    kept.map_value[place] = value
    kept.counters[MAP_COUNT] += 1


@jit
def rehash(old_keys: Int64, old_values: Int32, keys: Int64, values: Int32) -> None:
    """All of the old map into the new, empty, larger one."""
    for i in range(len(old_keys)):
        if old_keys[i] != -1:
            place = place_of(keys, old_keys[i])
            keys[place] = old_keys[i]
            values[place] = old_values[i]


@jit_inner
def new_set(kept: Members) -> int:
    members = kept.counters[SET_COUNT]
    kept.counters[SET_COUNT] = members + 1
    table = kept.sets
    for window in range(WINDOWS):
        table[members, SET_COUNT_AT + window] = 0
        table[members, SET_FIRST + window] = -1
        table[members, SET_DUE + window] = NEVER
    table[members, SET_LAST] = -1
    return members


@jit_inner
def roll_set(kept: Members, members: int, now: int) -> None:
    """Every window of the set ends at `now`; who was not seen in the longest is forgotten."""
    table = kept.sets
    for window in range(WINDOWS):
        limit = now - WINDOW_US[window]
        if table[members, SET_DUE + window] > limit:
            continue
        node = table[members, SET_FIRST + window]
        while node >= 0 and kept.nodes[node].at <= limit:
            table[members, SET_COUNT_AT + window] -= 1
            following = kept.nodes[node].later
            if window == WINDOWS - 1:
                forget(kept, kept.nodes[node].key)
                if following >= 0:
                    kept.nodes[following].earlier = -1
                else:
                    table[members, SET_LAST] = -1
                kept.nodes[node].later = kept.counters[NODE_FREE]
                kept.counters[NODE_FREE] = node
                kept.counters[NODE_FREE_COUNT] += 1
            node = following
        table[members, SET_FIRST + window] = node
        table[members, SET_DUE + window] = kept.nodes[node].at if node >= 0 else NEVER


@jit_inner
def new_node(kept: Members) -> int:
    node = kept.counters[NODE_FREE]
    if node >= 0:
        kept.counters[NODE_FREE] = kept.nodes[node].later
        kept.counters[NODE_FREE_COUNT] -= 1
        return node
    node = kept.counters[NODE_TOP]
    kept.counters[NODE_TOP] = node + 1
    return node


@jit_inner
def unlink(kept: Members, members: int, node: int, now: int) -> None:
    """Take a node out of the queue of a set that was rolled to `now`, and of every window that it is in."""
    table = kept.sets
    earlier, later = kept.nodes[node].earlier, kept.nodes[node].later
    for window in range(WINDOWS):
        if kept.nodes[node].at > now - WINDOW_US[window]:
            table[members, SET_COUNT_AT + window] -= 1
            if table[members, SET_FIRST + window] == node:
                table[members, SET_FIRST + window] = later
                table[members, SET_DUE + window] = kept.nodes[later].at if later >= 0 else NEVER
    if earlier >= 0:
        kept.nodes[earlier].later = later
    if later >= 0:
        kept.nodes[later].earlier = earlier
    else:
        table[members, SET_LAST] = earlier


@jit_inner
def see(kept: Members, members: int, key: int, now: int) -> None:
    """The member appears at `now`. `key` is that of (kind, set, member) in the map."""
    roll_set(kept, members, now)
    table = kept.sets
    place = place_of(kept.map_key, key)
    if kept.map_key[place] == key:
        node = kept.map_value[place]
        unlink(kept, members, node, now)
    else:
        node = new_node(kept)
        kept.nodes[node].key = key
        remember(kept, place, key, node)
    kept.nodes[node].at = now
    kept.nodes[node].earlier = table[members, SET_LAST]
    kept.nodes[node].later = -1
    if table[members, SET_LAST] >= 0:
        kept.nodes[table[members, SET_LAST]].later = node
    table[members, SET_LAST] = node
    for window in range(WINDOWS):
        table[members, SET_COUNT_AT + window] += 1
        if table[members, SET_FIRST + window] < 0:
            table[members, SET_FIRST + window] = node
            table[members, SET_DUE + window] = now
