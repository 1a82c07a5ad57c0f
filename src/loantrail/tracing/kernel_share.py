"""Compiled: shares by largest remainder, exact beyond 64 bits."""

from __future__ import annotations

from loantrail.jit import jit, jit_inner
from loantrail.tracing.kernel_state import State


@jit
def multiply_divide(a: int, b: int, c: int) -> tuple[int, int]:
    """Quotient and remainder of a * b / c for 0 <= a, b <= 2^62, 0 < c <= 2^62, b <= c or a <= c.
    The product is formed bit by bit, so it may need 124 bits."""
    if a == 0 or b == 0:
        return 0, 0
    if a <= 9223372036854775807 // b:
        product = a * b
        return product // c, product % c
    whole, part = b // c, b % c
    quotient, remainder = 0, 0
    for bit in range(62, -1, -1):
        quotient *= 2
        remainder *= 2
        if remainder >= c:
            remainder -= c
            quotient += 1
        if (a >> bit) & 1:
            quotient += whole
            remainder += part
            if remainder >= c:
                remainder -= c
                quotient += 1
    return quotient, remainder


@jit_inner
def share_out(state: State, first: int, last: int, total: int, amount: int) -> None:
    """Share `amount` over slice_fen[first:last] (sum `total` >= amount) by largest remainder into
    slice_part; ties to the earlier slice."""
    left = amount
    for i in range(first, last):
        quotient, remainder = multiply_divide(amount, state.slices[i].fen, total)
        state.slices[i].part = quotient
        state.slices[i].rest = remainder
        left -= quotient
    while left > 0:
        best = -1
        for i in range(first, last):
            if state.slices[i].rest > 0 and (best < 0 or state.slices[i].rest > state.slices[best].rest):
                best = i
        state.slices[best].part += 1
        state.slices[best].rest = 0
        left -= 1
