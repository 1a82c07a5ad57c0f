"""Accounts on record by their numbers: those of the books as they were read, and those that lines named since."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from loantrail.monitor.slice_rows import ByText, Table, distinct
from loantrail.tracing.model import Int64


class Accounts:
    """Rows never go and never change their number."""

    def __init__(self, accounts: pl.DataFrame) -> None:
        """`accounts`: of a view, each once."""
        self._read = ByText(accounts, "account")
        self._table = Table(self._read.frame)
        self._learned: dict[str, int] = {}

    def learn(self, accounts: pl.DataFrame) -> None:
        """More accounts (the context's `accounts`); those that are known already stay what they were."""
        known = [account in self._learned for account in accounts["account"].to_list()]
        new = accounts.filter(~pl.Series(known, dtype=pl.Boolean))
        new = new.filter([not len(self._read.rows([account])) for account in new["account"].to_list()])
        if new.is_empty():
            return
        first = len(self._table)
        self._table.extend(
            new.match_to_schema(self._table.schema, missing_columns="insert", extra_columns="ignore")
        )
        self._learned |= {account: first + place for place, account in enumerate(new["account"].to_list())}

    def rows(self, accounts: Iterable[str | None]) -> Int64:
        """Numbers of the rows of these accounts, each once, ascending."""
        if not self._learned:
            return self._read.rows(accounts)
        named = list(accounts)
        learned = [self._learned[one] for one in named if one is not None and one in self._learned]
        found = self._read.rows(named)
        return distinct(found, np.array(learned, np.int64)) if learned else found

    def at(self, rows: Int64) -> pl.DataFrame:
        """Those rows, ascending ones."""
        return self._table.rows(rows)

    def of(self, accounts: Iterable[str | None]) -> pl.DataFrame:
        """The rows of these accounts."""
        return self.at(self.rows(accounts))

    def told(self, column: str, row: int) -> str | None:
        """What stands in a column (String) of a row."""
        return self._table.series(column, np.array([row], np.int64))[0]
