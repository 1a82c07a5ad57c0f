"""The history of the run that screens read, ready to be walked back; kept in memory for the next request."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from loantrail.ledger.pairs.store import type_of_connection
from loantrail.tracing.backward import Backward
from loantrail.tracing.model import Bool, Int64
from loantrail.tracing.named import NamedHistory
from loantrail.tracing.past import history_of_run

ELSEWHERE: str = "account at another bank"
_loading = threading.Lock()
_kept: dict[str, BackwardRun] = {}


@dataclass(frozen=True)
class BackwardRun:
    """A run's history by name, walked back. One walk at a time: accounts are gone through step by step."""

    named: NamedHistory
    backward: Backward
    elsewhere: Bool
    """[m] accounts at other banks: what they held is not known."""
    walking: threading.Lock

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, account in enumerate(self.named.accounts.to_list()):
            places.setdefault(account, []).append(place)
        return places

    def places(self, accounts: list[str]) -> Int64:
        """Indexes of accounts by name; one that is in several currencies has several."""
        return np.array(
            sorted(place for account in accounts for place in self._places.get(account, ())), np.int64
        )

    def transaction_ids(self, events: list[int]) -> list[str]:
        """Their ids, in the same order."""
        return self.named.transaction_id(np.array(events, np.int64)).to_list()


def backward_run(connection: type_of_connection, run_id: str) -> BackwardRun:
    """The run's history; read from the books again where it is not kept on this machine.

    Raises InputError when the books hold no lines, DatabaseUnavailable when the database fails.
    """
    with _loading:
        found = _kept.get(run_id)
        if found is not None:
            return found
        kept = history_of_run(connection, run_id)
        named = kept.named
        elsewhere = kept.unlimited.get(ELSEWHERE, np.zeros(named.history.account_count, np.bool_))
        found = BackwardRun(named, Backward(named.history), elsewhere, threading.Lock())
        _kept.clear()
        _kept[run_id] = found
        return found


def forget() -> None:
    """Drop what is kept in memory."""
    _kept.clear()
