"""Accounts by number, as the trace of the books numbers them: money of two currencies never mixes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from loantrail.ledger.identity import HOME_CURRENCY

if TYPE_CHECKING:
    from loantrail.tracing.books import Books


class Numbering:
    """Names are keys of the books, which say the currency (ledger.identity), so that nearly every name has one number. Where lines
    of another currency name such a key as well, it has one for each currency."""

    def __init__(self, books: Books) -> None:
        self.names: list[str] = books.named.accounts.to_list()
        self._currency: Any = np.zeros(len(self.names), np.int16)
        """[accounts] code of the currency; longer where more are to come."""
        self._code_of: dict[str, int] = {}
        self._take_currencies(books)
        self._first: dict[str, int] = {}
        self._others: dict[str, list[int]] = {}
        """Numbers of a name besides the first."""
        for number, name in enumerate(self.names):
            if self._first.setdefault(name, number) != number:
                self._others.setdefault(name, []).append(number)

    def _take_currencies(self, books: Books) -> None:
        told = books.read.transactions["currency"].fill_null(HOME_CURRENCY)
        for currency in told.unique(maintain_order=True).to_list():
            self._code_of[currency] = len(self._code_of)
        if len(self._code_of) <= 1:
            return
        named = books.named
        codes = told.replace_strict(self._code_of).to_numpy()[named.row_of_event]
        for ends in (named.history.debit, named.history.credit):
            inside = ends >= 0
            self._currency[ends[inside]] = codes[inside]

    def of(self, name: str, currency: str | None) -> int | None:
        """The number of an account with money of this currency, where it has one."""
        found = self._first.get(name)
        code = self._code_of.get(currency or HOME_CURRENCY, -1)
        if found is None or self._currency[found] == code:
            return found
        return next((one for one in self._others.get(name, ()) if self._currency[one] == code), None)

    def all_of(self, name: str) -> Sequence[int]:
        """All numbers of a name, ascending."""
        found = self._first.get(name)
        if found is None:
            return ()
        others = self._others.get(name)
        return (found,) if others is None else (found, *others)

    def add(self, name: str, currency: str | None) -> int:
        """The number of an account that has none with money of this currency."""
        number = len(self.names)
        self.names.append(name)
        if number >= len(self._currency):
            more = np.zeros(max(64, len(self._currency)), np.int16)
            self._currency = np.concatenate([self._currency, more])
        self._currency[number] = self._code_of.setdefault(currency or HOME_CURRENCY, len(self._code_of))
        if self._first.setdefault(name, number) != number:
            self._others.setdefault(name, []).append(number)
        return number
