"""Failed sign-ins by network address: a bucket of tokens for each, so many addresses at most.

Kept in the memory of one process: after a restart everybody starts afresh, and each of several processes counts for itself. The
lock-out of persons is in the database and counts everywhere.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

MOST_ADDRESSES: Final = 10_000


class Throttle:
    """A failure takes a token; tokens come back evenly, `capacity` of them within `seconds`, the numbers of the last failure.
    Who must wait is told without a look into the database."""

    def __init__(self, most_addresses: int = MOST_ADDRESSES) -> None:
        self._most = most_addresses
        self._buckets: OrderedDict[str, tuple[float, float, int, float]] = OrderedDict()
        self._guard = threading.Lock()

    def wait_seconds(self, address: str, at_seconds: float) -> float:
        """How long this address must wait before it may try again; 0 where it need not."""
        with self._guard:
            bucket = self._buckets.get(address)
            if bucket is None:
                return 0.0
            *_, capacity, seconds = bucket
            missing = 1 - self._tokens(address, at_seconds, capacity, seconds)
        return max(0.0, missing * seconds / capacity)

    def failed(self, address: str, at_seconds: float, capacity: int, seconds: float) -> None:
        """Count a failure of this address."""
        with self._guard:
            tokens = self._tokens(address, at_seconds, capacity, seconds)
            self._buckets[address] = (max(0.0, tokens - 1), at_seconds, capacity, seconds)
            self._buckets.move_to_end(address)
            while len(self._buckets) > self._most:
                # The one that was quiet longest.
                self._buckets.popitem(last=False)

    def _tokens(self, address: str, at_seconds: float, capacity: int, seconds: float) -> float:
        tokens, since, *_ = self._buckets.get(address, (float(capacity), at_seconds, capacity, seconds))
        return min(float(capacity), tokens + max(0.0, at_seconds - since) * capacity / seconds)

    def __len__(self) -> int:
        return len(self._buckets)
