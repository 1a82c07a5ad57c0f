"""The trails of loans that were looked at last: a run never changes, so what was read of it stays good."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from loantrail.http.pages import store
from loantrail.http.pages.paths import LoanTrail

HOPS_KEPT_MAX: Final = 200_000
"""Hops over all trails that are kept, about a kilobyte each; the last one stays even when it is larger."""

_LOCK: Final = threading.Lock()
_kept: OrderedDict[tuple[str, str, str], LoanTrail] = OrderedDict()


def loan_trail(connection: store.Database, run_id: str, loan_id: str) -> LoanTrail:
    """The hops of one loan, read once and kept while they are asked for."""
    named = (connection.info.dsn, run_id, loan_id)
    with _LOCK:
        trail = _kept.get(named)
        if trail is not None:
            _kept.move_to_end(named)
            return trail
    trail = LoanTrail(store.loan_hops(connection, run_id, loan_id))
    with _LOCK:
        _kept[named] = trail
        while len(_kept) > 1 and sum(map(len, _kept.values())) > HOPS_KEPT_MAX:
            _kept.popitem(last=False)
    return trail


def forget() -> None:
    """Drop what is kept."""
    with _LOCK:
        _kept.clear()
