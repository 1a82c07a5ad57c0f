"""Corrections put into the classes of a few payments, one after the other: the same as `corrected` does among many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import polars as pl

from loantrail.destinations.model import Basis

SURE_PERMILLE: Final = 1000
_NOTHING: Final = (None, None)


@dataclass(frozen=True, slots=True)
class _Told:
    """The class and the reason that were told last."""

    of_account: dict[str, tuple[str | None, str | None]]
    of_transaction: dict[str, tuple[str | None, str | None]]


class _Same:
    """A frame as it lies in memory: another one of the same content is not the same."""

    __slots__ = ("frame",)

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.frame is other.frame

    def __hash__(self) -> int:
        return id(self.frame)


# The books' own, and those that are read while they are still in use.
@lru_cache(maxsize=2)
def _told_by(standing: _Same) -> _Told:
    accounts: dict[str, tuple[str | None, str | None]] = {}
    transactions: dict[str, tuple[str | None, str | None]] = {}
    columns = "account", "transaction_id", "destination_class", "reason"
    for account, transaction, told_class, reason in standing.frame.select(columns).iter_rows():
        if account is not None:
            accounts[account] = (told_class, reason)
        if transaction is not None:
            transactions[transaction] = (told_class, reason)
    return _Told(accounts, transactions)


def corrected_few(classes: pl.DataFrame, transactions: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """As `corrected`."""
    told = _told_by(_Same(standing))
    found: dict[int, tuple[str, str | None]] = {}
    ids, accounts = transactions["transaction_id"].to_list(), transactions["credit_account"].to_list()
    for place, (transaction, account) in enumerate(zip(ids, accounts, strict=True)):
        # A correction of a transaction wins over one of its payee's account.
        for told_class, reason in (
            told.of_transaction.get(transaction, _NOTHING),
            told.of_account.get(account, _NOTHING),
        ):
            if told_class is not None:
                found[place] = (told_class, reason)
                break
    if not found:
        return classes
    columns: dict[str, list[object]] = {
        name: classes[name].to_list()
        for name in ("destination_class", "basis", "confidence_permille", "evidence")
    }
    for place, (told_class, reason) in found.items():
        columns["destination_class"][place] = told_class
        columns["basis"][place] = Basis.CORRECTION.value
        columns["confidence_permille"][place] = SURE_PERMILLE
        columns["evidence"][place] = reason
    schema = classes.schema
    return classes.with_columns(pl.Series(name, one, dtype=schema[name]) for name, one in columns.items())
