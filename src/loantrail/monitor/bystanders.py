"""Lines that can say nothing of any loan: they need not be looked at before others that can. Pure.

Most lines of a bank are such. What may concern a loan is told widely here: an account that loan money ever reached or that is
on the side of a borrower; one that got what a payee of a loan handed on (slice_handed.py); whoever stands beside such an account
in a transaction of the tail, for later lines share the day and the order with that one; an instalment on record; and an amount
that a transaction of those has, for lines of one amount are paired together. A line that meets none of these neither moves loan money nor changes
the order, the class or the partner of a transaction that any pattern, signal or rule of a loan looks at.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from loantrail.monitor.asked import Asked
from loantrail.monitor.entering import TailEvents, Ties
from loantrail.monitor.known import Known
from loantrail.monitor.newest import newest
from loantrail.monitor.slice_index import Index
from loantrail.tracing.model import Bool, Int64

_FEW: Final = 16
"""So many amounts are looked for one by one."""


@dataclass(frozen=True, slots=True)
class View:
    """Who may concern a loan at one moment. Accounts that become known later are strangers to it."""

    known: Known
    named: Set[str | None]
    near: Bool
    """[accounts]"""
    amounts: Int64
    """In fen, as often as they come."""
    repayments: Mapping[tuple[str, str], str]
    since: datetime.datetime | None
    """Lines that were booked before are late, and nothing is known of them."""

    def are_all(self, asked: Asked) -> bool:
        """Whether none of the lines can say anything of a loan."""
        if self.since is not None and asked.earliest is not None and asked.earliest < self.since:
            return False
        if self._has_amount(asked.amounts):
            return False
        known, near = self.known, self.near
        for account, other, reference, reverses in asked.named:
            if reverses is not None or (reference, account) in self.repayments:
                return False
            for name in (account, other):
                if name is None:
                    continue
                if name in self.named or any(
                    number < len(near) and near[number] for number in known.numbering.all_of(name)
                ):
                    return False
        return True

    def _has_amount(self, amounts: Int64) -> bool:
        if len(amounts) > _FEW:
            return bool(np.isin(amounts, self.amounts).any())
        return any(bool((self.amounts == amount).any()) for amount in amounts.tolist())


class Bystanders:
    """Who may concern a loan; grows while the state goes on. Who did once does so until the books are read anew."""

    def __init__(
        self, known: Known, index: Index, merged: pl.DataFrame, waiting: pl.DataFrame, reached: Int64
    ) -> None:
        """`merged` (MERGED_SCHEMA): accounts that became another one; `waiting`: disbursements that no line showed yet; `reached`:
        accounts (numbers, -1 for nobody) that loan money moved into or out of."""
        self._known, self._handed = known, index.handed
        self._may: Bool = np.zeros(len(known.names), np.bool_)
        """[accounts] by number of `known`; longer where more are to come."""
        self._receivers_seen = self._sides_seen = self._names_seen = 0
        self._near: Bool | None = None
        self._amounts: Int64 = np.zeros(0, np.int64)
        records = index.records
        self._named: set[str | None] = {
            *records.sides["account"],
            *records.disbursement_accounts,
            *waiting["account"],
            *(account for account, _survivor in merged.iter_rows()),
        }
        self.shown(reached)

    def shown(self, reached: Int64) -> None:
        """Other lines are shown than before; loan money moved into or out of these accounts."""
        self._note(reached[reached >= 0])
        self._near = None

    def view(
        self, events: TailEvents, ties: Ties, since: datetime.datetime | None, besides: Asked | None = None
    ) -> View:
        """Who may concern a loan behind a tail of these events, which begins at `since`; stays what it is while the state goes on.
        `besides`: as if all accounts of these lines, which are not among them, did so."""
        if besides is None:
            near, amounts = self._neighbours(events)
            return View(self._known, self._named, near, amounts, ties.repayments, since)
        self._take_new()
        names = {name for one in besides.named for name in one[:2]}
        may = self._may.copy()
        may[self._numbers(names)] = True
        near, amounts = _beside(may, events)
        amounts = np.concatenate([amounts, besides.amounts])
        return View(self._known, self._named | names, near, amounts, ties.repayments, since)

    # Inside --------------------------------------------------------------------------------------------------

    def _note(self, accounts: list[int] | Int64) -> None:
        missing = len(self._known.names) - len(self._may)
        if missing > 0:
            self._may = np.concatenate([self._may, np.zeros(missing + len(self._may) // 8, np.bool_)])
        self._may[np.asarray(accounts, np.int64)] = True

    def _neighbours(self, events: TailEvents) -> tuple[Bool, Int64]:
        """[accounts] those that may concern a loan, and those that stand beside one of them in the tail; and the amounts of these."""
        if self._near is None:
            self._take_new()
            self._near, self._amounts = _beside(self._may, events)
        return self._near, self._amounts

    def _numbers(self, names: Set[str | None]) -> list[int]:
        """Of those of the accounts that are known by now."""
        all_of, known = self._known.numbering.all_of, len(self._may)
        return [number for name in names if name for number in all_of(name) if number < known]

    def _take_new(self) -> None:
        """Accounts that became known, or became one's own, since this was asked last."""
        known, receivers, sides = self._known, self._handed.receivers(), self._known.accounts_of_sides()
        numbered = enumerate(known.names[self._names_seen :], self._names_seen)
        self._note([number for number, name in numbered if name in self._named])
        to = newest(receivers, len(receivers) - self._receivers_seen)
        self._note([number for name in to for number in known.numbering.all_of(name)])
        self._note(newest(sides, len(sides) - self._sides_seen))
        self._names_seen, self._receivers_seen, self._sides_seen = (
            len(known.names),
            len(receivers),
            len(sides),
        )


def _beside(may: Bool, events: TailEvents) -> tuple[Bool, Int64]:
    """[accounts] those of `may` and those that stand beside one of them in an event; and the amounts of these."""
    # The world outside is no account, and stands beside all.
    either = np.append(may, np.zeros(1, np.bool_))
    concern = either[events.debit] | either[events.credit]
    near = may.copy()
    for ends in (events.debit[concern], events.credit[concern]):
        near[ends[ends >= 0]] = True
    return near, events.amount_fen[concern]
