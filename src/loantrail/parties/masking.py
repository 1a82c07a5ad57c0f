"""Identity numbers and telephone numbers as everybody may see them: their ends, and how long they are. Pure.

A unified social credit code names a firm and stands in a public registry: it is no personal number and stays as it is.
"""

from __future__ import annotations

from typing import Final

MASK: Final = "*"
PUBLIC_KINDS: Final = frozenset(("unified_social_credit_code",))
"""Kinds of identity numbers that anybody can look up."""


def masked_identity(kind: str | None, number: str | None) -> str | None:
    """`3301**********1234`: four signs at either end of a long number, one at either end of a short one."""
    if number is None or kind in PUBLIC_KINDS:
        return number
    return _masked(number, 4, 4) if len(number) >= 12 else _masked(number, 1, 1)


def masked_phone(number: str | None) -> str | None:
    """`138****5678`; of a number too short for that the last two signs."""
    if number is None:
        return None
    return _masked(number, 3, 4) if len(number) >= 11 else _masked(number, 0, 2)


def _masked(text: str, first: int, last: int) -> str:
    hidden = len(text) - first - last
    if hidden < len(text) // 3 + 1:
        return MASK * len(text)
    return text[:first] + MASK * hidden + text[len(text) - last :]
