"""Compiled: small whole numbers for texts, by way of their 64-bit hashes."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from loantrail.jit import jit
from loantrail.tracing.model import Int32, Int64

_PARTS_BITS: Final = 10


@jit
def dense_codes(
    hashes: NDArray[np.uint64],
    table: Int32,
    known: NDArray[np.uint64],
    first_row: Int64,
    codes: Int32,
    count: int,
) -> int:
    """Give each distinct hash the next code, in order of appearance, from `count` on.

    `table` (length a power of two, -1 where empty) maps hashes to codes and may hold codes of earlier calls;
    `known[code]` and `first_row[code]` are filled. Returns the new count, or -1 - row when the table is more
    than half full at `row`: call again with a larger one.
    """
    mask = np.uint64(len(table) - 1)
    limit = min(len(table) // 2, len(known))
    for row in range(len(hashes)):
        if codes[row] >= 0:
            continue
        place = hashes[row] & mask
        while table[place] >= 0 and known[table[place]] != hashes[row]:
            place = (place + np.uint64(1)) & mask
        code = table[place]
        if code < 0:
            if count >= limit:
                return -1 - count
            code = count
            table[place] = code
            known[code] = hashes[row]
            first_row[code] = row
            count += 1
        codes[row] = code
    return count


@jit
def all_distinct(hashes: NDArray[np.uint64]) -> bool:
    """Whether no hash comes twice. Hashes are put into parts by their top bits, so that the table in which each part
    is looked up stays in the processor's cache."""
    count, parts = len(hashes), 1 << _PARTS_BITS
    shift = np.uint64(64 - _PARTS_BITS)
    start = np.zeros(parts + 1, np.int64)
    for value in hashes:
        start[np.int64(value >> shift) + 1] += 1
    longest = 0
    for part in range(parts):
        longest = max(longest, start[part + 1])
        start[part + 1] += start[part]
    place = start[:-1].copy()
    sorted_by_part = np.empty(count, np.uint64)
    for value in hashes:
        part = np.int64(value >> shift)
        sorted_by_part[place[part]] = value
        place[part] += 1
    size = 1
    while size < 2 * longest:
        size *= 2
    mask = np.uint64(size - 1)
    table = np.empty(size, np.int64)
    for part in range(parts):
        table[:] = -1
        for row in range(start[part], start[part + 1]):
            value = sorted_by_part[row]
            at = value & mask
            while table[at] >= 0:
                if sorted_by_part[table[at]] == value:
                    return False
                at = (at + np.uint64(1)) & mask
            table[at] = row
    return True
