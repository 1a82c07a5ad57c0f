"""Whole numbers of conditions: which units go together, and arithmetic in 64 bits whose failures are null."""

from __future__ import annotations

from typing import Final

from loantrail.rules.tree import ANY, NUMBER, UNITS

LEAST_64: Final = -(2**63)
MOST_64: Final = 2**63 - 1
PPM: Final = 1_000_000
DAYS_IN: Final = {"days": (1, 1), "working_days": (7, 5), "months": (30, 1), "years": (365, 1)}
"""Unit -> days as a fraction; a part of a day counts as a day."""


def is_number(unit: str) -> bool:
    return unit in UNITS or unit in (NUMBER, ANY)


def unified(left: str, right: str) -> str | None:
    """The common unit of two numbers; None where they cannot be compared or added. A bare number takes the other's."""
    if left == right:
        return left if is_number(left) else None
    if not (is_number(left) and is_number(right)):
        return None
    return next((right if bare == left else left for bare in (ANY, NUMBER) if bare in (left, right)), None)


def arithmetic_unit(operator: str, left: str, right: str) -> str | None:
    """The unit of a result: like and like for + and -; one side a bare number or a count for *; for / also like by like,
    which is a bare number."""
    if operator in "+-":
        return unified(left, right)
    plain = (NUMBER, "count")
    if operator == "/":
        return NUMBER if left == right else left if right in plain else None
    if right in plain:
        return left
    return right if left in plain else None


def in_64(value: int | None) -> int | None:
    return value if value is not None and LEAST_64 <= value <= MOST_64 else None


def quotient(left: int, right: int) -> int | None:
    """Cut toward zero; None where there is no divisor."""
    if right == 0:
        return None
    size = abs(left) // abs(right)
    return size if (left < 0) == (right < 0) else -size


def in_days(value: int, unit: str) -> int:
    """A time in days, a part of a day as a whole one."""
    over, under = DAYS_IN[unit]
    return -((-value * over) // under)
