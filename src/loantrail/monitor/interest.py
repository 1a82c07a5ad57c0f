"""Payments of a borrower's side that are like interest month after month (early_warning/patterns_lending.py). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from loantrail.early_warning.patterns_lending import INTEREST_CLASSES, INTEREST_WORD, LENT_TIMES
from loantrail.early_warning.view import business_day
from loantrail.monitor.slice_index import Index
from loantrail.monitor.slice_rows import among, distinct
from loantrail.tracing.model import Int32, Int64

if TYPE_CHECKING:
    from loantrail.monitor.affected import Told


def class_numbers(around: Index, names: Iterable[str]) -> Int32:
    """The numbers of those of the classes that the index knows, ascending."""
    return np.array(sorted(n for name in names if (n := around.classes.known(name)) >= 0), np.int32)


class InterestLike:
    """Looks for them from one state of the index."""

    def __init__(self, around: Index) -> None:
        self._around = around
        self._months = around.number("private_lending_regular_months")
        self._payees = around.number("private_lending_regular_payees")
        self._classes = class_numbers(around, INTEREST_CLASSES)

    def may_be_listed(self, told: Told, loan: int, disbursed: int) -> bool:
        """Whether the one payment told may be on a lead: it is like interest, and enough others are paid evenly."""
        payee = int(told.credit[0])
        return (
            self.paid(told, loan, disbursed, np.zeros(1, np.int64))
            and self._evenly_paid(loan, disbursed, payee) + 1 >= self._payees
        )

    def paid(self, told: Told, loan: int, disbursed: int, rows: Int64) -> bool:
        """Whether one of these payments (rows of `told`) is to somebody whom the side of the loan pays evenly in enough months by now, and
        whose payments are called interest or follow a larger sum from there. `disbursed`: when the loan was paid out, us."""
        around = self._around
        asked = rows[among(told.of_class[rows], self._classes) & (told.credit[rows] >= 0)]
        if not len(asked):
            return False
        side = around.side_accounts(loan)
        for payee in distinct(told.credit[asked]).tolist():
            paid = around.lines.within(payee, disbursed)
            paid = paid[(around.credit.array[paid] == payee) & among(around.debit.array[paid], side)]
            paid = paid[among(around.of_class.array[paid], self._classes)]
            theirs = asked[told.credit[asked] == payee]
            earlier = paid[around.at_us.array[paid] < told.at_us[theirs].min()]
            largest = int(around.amount_fen.array[earlier].max(initial=0))
            # Payments that are uneven are so whatever comes.
            if largest * 20 > int(around.amount_fen.array[earlier].min(initial=largest)) * 21:
                continue
            at = np.concatenate([around.at_us.array[paid], told.at_us[theirs]])
            if len(at) < self._months or not (self._lent(payee, side, largest) or self._called(earlier)):
                continue
            instants = pl.DataFrame({"at": at}).select(at=pl.col("at").cast(pl.Datetime("us", "UTC")))
            if instants.select(business_day("at").dt.truncate("1mo").n_unique()).item() >= self._months:
                return True
        return False

    def _evenly_paid(self, loan: int, disbursed: int, besides: int) -> int:
        """How many the side paid evenly, as often as there are months; `besides` is not counted."""
        around, side = self._around, self._around.side_accounts(loan)
        rows = distinct(*(around.lines.within(account, disbursed) for account in side.tolist()))
        rows = rows[among(around.debit.array[rows], side) & among(around.of_class.array[rows], self._classes)]
        payees, counts = np.unique(around.credit.array[rows], return_counts=True)
        often = payees[(counts >= self._months) & (payees >= 0) & (payees != besides)]
        fen_of = (around.amount_fen.array[rows[around.credit.array[rows] == one]] for one in often.tolist())
        return sum(int(fen.max()) * 20 <= int(fen.min()) * 21 for fen in fen_of)

    def _lent(self, payee: int, side: Int64, largest_fen: int) -> bool:
        """Whether the side got a sum from there that is large beside these payments."""
        around = self._around
        got = around.lines.within(payee)
        got = got[(around.debit.array[got] == payee) & among(around.credit.array[got], side)]
        return bool((around.amount_fen.array[got] >= LENT_TIMES * largest_fen).any())

    def _called(self, rows: Int64) -> bool:
        """Whether all of these transactions are called interest."""
        said = self._around.transactions.series("purpose_text", rows).to_list() if len(rows) else []
        return all(one is not None and INTEREST_WORD in one for one in said)
