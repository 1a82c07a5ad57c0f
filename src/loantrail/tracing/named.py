"""A history and what its numbers stand for."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantrail.sources.model import Refusal
from loantrail.tracing.model import History, Int8, Int64


@dataclass(frozen=True, slots=True)
class NamedHistory:
    """A history and what its numbers stand for."""

    history: History
    accounts: pl.Series
    """[m] account names."""
    loans: list[str]
    """[k] loan ids, in order of first disbursement."""
    transaction_ids: pl.Series
    """[n] in the order of the rows read; event e is transaction_ids[row_of_event[e]]."""
    row_of_event: Int64
    booked_at_us: Int64
    """[n] microseconds since 1970 UTC, of each event."""
    opening: str
    """`given` or `inferred`."""
    class_of_account: Int8
    """[m] destination class code, 0 when not given."""
    problems: list[Refusal] = field(default_factory=list[Refusal])
    order_ties: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """`(event, row of the order, fen)` of payments that an entrusted-payment order ties to its loan."""

    def transaction_id(self, events: NDArray[np.signedinteger]) -> pl.Series:
        """The ids of the events."""
        return self.transaction_ids.gather(self.row_of_event[events])

    def all_transaction_ids(self) -> pl.Series:
        """[n] The ids of all events."""
        rows = self.row_of_event
        # Ten million texts are not looked up one by one where they were read in order.
        is_in_order = len(rows) == len(self.transaction_ids) and bool((rows == np.arange(len(rows))).all())
        return self.transaction_ids if is_in_order else self.transaction_ids.gather(rows)

    def account_name(self, accounts: NDArray[np.signedinteger]) -> pl.Series:
        """Names of account indexes; null for the outside world."""
        inside = accounts >= 0
        names = self.accounts.gather(np.where(inside, accounts, 0)) if len(self.accounts) else None
        if names is None:
            return pl.Series([None] * len(accounts), dtype=pl.String)
        return pl.select(pl.when(pl.Series(inside)).then(names)).to_series()
