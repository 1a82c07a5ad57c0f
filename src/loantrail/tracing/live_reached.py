"""The first hop that brought loan money into each account, for a trace that goes on. Pure."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from loantrail.tracing.model import Int32

NEVER: Final = 2**31 - 1


class FirstReached:
    """Looks at each hop once, when it is asked; what goes back is told at once."""

    def __init__(self) -> None:
        self._first: Int32 = np.zeros(0, np.int32)
        """[accounts] row of the hop, NEVER where none did."""
        self._into: Int32 = np.zeros(0, np.int32)
        """[hops] account that the hop goes to, -1 for the world outside."""
        self._count = 0

    def gone_from(self, hop_count: int) -> None:
        """Hops from this row on are no longer."""
        if hop_count < self._count:
            into = self._into[hop_count : self._count]
            into = into[into >= 0]
            # An account whose first hop stays was reached before.
            self._first[into[self._first[into] >= hop_count]] = NEVER
            self._count = hop_count

    def of(self, accounts: Int32, hops: Any, credit: Int32, account_count: int) -> Int32:
        """[accounts] the row of the first hop into each, NEVER where there is none. `hops` (HOP_ROW): all of the trace; `credit`:
        the account that each event goes to."""
        self._take(hops, credit, account_count)
        return self._first[accounts]

    def _take(self, hops: Any, credit: Int32, account_count: int) -> None:
        seen, count = self._count, len(hops)
        if len(self._first) < account_count:
            more = np.full(max(account_count, 2 * len(self._first)) - len(self._first), NEVER, np.int32)
            self._first = np.concatenate([self._first, more])
        if len(self._into) < count:
            more = np.zeros(max(count, 2 * len(self._into)) - len(self._into), np.int32)
            self._into = np.concatenate([self._into, more])
        into = self._into[seen:count]
        into[:] = credit[hops["event"][seen:]]
        rows = seen + np.flatnonzero(into >= 0)
        np.minimum.at(self._first, self._into[rows], rows.astype(np.int32))
        self._count = count
