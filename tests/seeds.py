"""Seeds of random histories, in parts that several processes can share."""

from __future__ import annotations

from typing import Any

import pytest


def in_parts(first: int, count: int, few: int, at_once: int) -> list[Any]:
    """`(first seed, how many)` of each part: the first `few` of them in the fast suite, the others among the heavy tests."""
    heavy = [
        pytest.param(seed, min(at_once, first + count - seed), marks=pytest.mark.heavy)
        for seed in range(first + few, first + count, at_once)
    ]
    return [(first, min(few, count)), *heavy]
