"""How often Python's collector of cyclic garbage looks for some."""

from __future__ import annotations

import gc
from typing import Final

OBJECTS_BETWEEN_COLLECTIONS: Final = 20_000
"""So many new objects of the kinds that may form circles. With Python's own 700 a process that reads whole books spends a quarter of its
time on looking at objects that stay."""


def collect_seldom() -> None:
    """For a process of ours, before it loads what it needs."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
