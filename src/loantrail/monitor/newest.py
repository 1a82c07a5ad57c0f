"""What became known last, told without a walk over what was known before. Pure."""

from __future__ import annotations

from itertools import islice
from typing import Any, TypeVar

Key = TypeVar("Key")


def newest(keys: dict[Key, Any], count: int) -> list[Key]:
    """The last `count` keys (at least 0) of a dict, in the order in which they came."""
    found = list(islice(reversed(keys), count))
    found.reverse()
    return found
