"""The flows of loans that were looked at last: a run never changes, so what was read of it stays good."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from loantrail.http.pages.flow import store
from loantrail.http.pages.flow.folding import LoanFlow

HOPS_KEPT_MAX: Final = 100_000
"""Hops over all flows that are kept; the last one stays even when it is larger."""

_LOCK: Final = threading.Lock()
_kept: OrderedDict[tuple[str, str, str], LoanFlow] = OrderedDict()


def loan_flow(connection: store.Database, run_id: str, loan_id: str) -> LoanFlow:
    """The hops of one loan, read once and kept while views of them are asked for."""
    named = (connection.info.dsn, run_id, loan_id)
    with _LOCK:
        flow = _kept.get(named)
        if flow is not None:
            _kept.move_to_end(named)
            return flow
    flow = LoanFlow(store.hop_rows(connection, run_id, loan_id))
    with _LOCK:
        _kept[named] = flow
        while len(_kept) > 1 and sum(len(one.hops) for one in _kept.values()) > HOPS_KEPT_MAX:
            _kept.popitem(last=False)
    return flow


def forget() -> None:
    """Drop what is kept."""
    with _LOCK:
        _kept.clear()
