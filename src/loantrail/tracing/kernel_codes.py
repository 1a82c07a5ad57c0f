"""Compiled: small whole numbers for texts, by way of their 64-bit hashes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loantrail.jit import jit
from loantrail.tracing.model import Int32, Int64


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
