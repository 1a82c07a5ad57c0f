"""Documents of the whole bank by who pays and who is paid. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import polars as pl

from loantrail.destinations.documents import Roles
from loantrail.destinations.names import company_key
from loantrail.monitor.slice_rows import NO_ROWS, ByText, among, distinct
from loantrail.tracing.model import Bool, Int64

ACCOUNT: Final = "payee_account"
DOCUMENT_NO: Final = "document_no"
"""Columns of payment orders that name a payment without its payer."""


class Documents:
    """Documents of one kind."""

    def __init__(self, frame: pl.DataFrame, roles: tuple[Roles, ...], counts: Bool | None = None) -> None:
        """`roles`: who pays and who is paid, one after the other; `counts` [frame] leaves out those that say nothing."""
        named = {name for one in roles for name in (*one.payer, *one.payee) if name is not None}
        names = {name for one in roles for name in (one.payer_name, one.payee_name)}
        there = [name for name in frame.columns if name in {*named, ACCOUNT, DOCUMENT_NO}]
        texts = frame.select(pl.col(there).cast(pl.String))
        # Names as documents are compared by them.
        keyed = texts.with_columns(company_key(name).alias(name) for name in there if name in names)
        self._by_text = ByText(keyed, *there)
        self._frame = frame.rechunk()
        self._roles = [
            (one, self._frame[one.number].cast(pl.String) if one.number in frame.columns else None)
            for one in roles
        ]
        self._counts = np.ones(len(frame), np.bool_) if counts is None else counts
        # An order names an account without its payer where it bears a document number.
        payers = [name for one in roles for name in one.payer]
        self._payers = [*payers, *([ACCOUNT] if ACCOUNT in there else [])]

    def of_payers(self, texts: Iterable[str]) -> pl.DataFrame:
        """Those whose payer has one of these parties or keys, and orders for these accounts."""
        rows = [self._by_text.rows_in(name, text) for text in texts for name in self._payers]
        return self._frame[distinct(*rows)]

    def may_name(self, payer: str, of_payer: int) -> bool:
        """Whether there is a document of this payer; `of_payer` as for `evidence`."""
        return any(len(self._by_text.rows_in(roles.payer[of_payer], payer)) > 0 for roles, _ in self._roles)

    def evidence(self, payer: str, payee: str, of_payer: int, of_payee: int) -> str | None:
        """What the first document tells of in which this payer pays this payee, where there is one; `of_payer` and `of_payee`
        say by which of the columns of `Roles.payer` and `Roles.payee`."""
        for roles, numbers in self._roles:
            column = roles.payee[of_payee]
            if column is None:
                continue
            rows = self._both(roles.payer[of_payer], payer, column, payee)
            rows = rows[self._counts[rows]]
            if len(rows):
                return roles.evidence(None if numbers is None else numbers[int(rows[0])])
        return None

    def is_ordered(self, account: str, document_no: str) -> bool:
        """Whether an order bears the account and the number of a document."""
        return len(self._both(ACCOUNT, account, DOCUMENT_NO, document_no)) > 0

    def _both(self, column: str, text: str, other_column: str, other_text: str) -> Int64:
        """Rows that hold both, ascending."""
        some = self._by_text.rows_in(column, text)
        if not len(some):
            return NO_ROWS
        others = self._by_text.rows_in(other_column, other_text)
        few, many = (some, others) if len(some) <= len(others) else (others, some)
        return few[among(few, many)]
