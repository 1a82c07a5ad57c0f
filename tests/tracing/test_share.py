"""Shares are exact where the product of two amounts needs more than 64 bits."""

from __future__ import annotations

from random import Random

from loantrail.tracing.kernel_share import multiply_divide


def test_products_beyond_64_bits_are_exact() -> None:
    random = Random(7)
    for _ in range(2000):
        divisor = random.randrange(1, 2**62)
        a, b = random.randrange(2**62), random.randrange(divisor + 1)
        assert multiply_divide(a, b, divisor) == divmod(a * b, divisor)
