"""Accounts, loans and borrowers by number, and what the settled part of the order says of the marks of later events.

Pure: frames and arrays in and out. Built from the books that were traced; what new lines bring is added.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from loantrail.destinations.corrections import account_classes
from loantrail.destinations.model import BY_NAME, CLASSES, TERMINAL_CLASSES
from loantrail.ledger.reconcile import reconcile
from loantrail.monitor.numbering import Numbering
from loantrail.tracing import kernel
from loantrail.tracing.assemble import DEPOSITS
from loantrail.tracing.books import Books, bank_classes
from loantrail.tracing.live_batch import Batch, no_events
from loantrail.tracing.model import Bool, Int8, Int32, Int64

_CODE_OF_CLASS = {row.name: row.code for row in CLASSES}
_TERMINAL = frozenset(BY_NAME[name].code for name in TERMINAL_CLASSES)


@dataclass(slots=True)
class Pool:
    """Payments with one document into a pooled account and out of it, before the tail."""

    into: int = 0
    out_of: int = 0
    opener: int = -1
    """Position of the first payment in."""


@dataclass(slots=True)
class NewNames:
    """Accounts and loans that are not in the trace yet."""

    accounts: list[str] = field(default_factory=list[str])
    loans: list[int] = field(default_factory=list[int])
    """Borrower of each new loan."""
    sides: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """(account, borrower)."""

    def __bool__(self) -> bool:
        return bool(self.accounts or self.loans or self.sides)


class Known:
    """Numbers and facts; grows, never shrinks."""

    def __init__(self, books: Books, place: int) -> None:
        """`place`: how many events are settled; what later ones pay out is told by the tail."""
        named, history, context = books.named, books.named.history, books.context
        self.numbering = Numbering(books)
        self.names = self.numbering.names
        self.loans = list(named.loans)
        self.loan_number = {loan: number for number, loan in enumerate(self.loans)}
        self.borrowers = int(history.loan_borrower.max(initial=-1)) + 1
        told = account_classes(bank_classes(context["accounts"]), books.corrections)
        self.owner_of: dict[str, str] = dict(
            told.filter(pl.col("owner").is_not_null()).select("account", "owner").iter_rows()
        )
        self._class_of: dict[str, int] = {
            account: _CODE_OF_CLASS[name]
            for account, name in told.filter(pl.col("class").is_in(list(_CODE_OF_CLASS)))
            .select("account", "class")
            .iter_rows()
        }
        self._accounts_of_owner = told.select("account", "owner").drop_nulls()
        self._declared: dict[str, list[str]] = {}
        self._loans_declaring: dict[str, list[str]] = {}
        for loan, account in context["sides"].select("loan_id", "account").iter_rows():
            self._declared.setdefault(loan, []).append(account)
            self._loans_declaring.setdefault(account, []).append(loan)
        self._codes: Int8 = named.class_of_account.copy()
        self._terminal: Bool = history.terminal.copy()
        self.loan_borrower: list[int] = history.loan_borrower.tolist()
        self.loans_of_borrower: dict[int, list[int]] = {}
        for loan, borrower in enumerate(self.loan_borrower):
            self.loans_of_borrower.setdefault(borrower, []).append(loan)
        self.borrower_of_owner: dict[str, int] = {}
        self.paid_out: dict[int, list[tuple[int, int]]] = {}
        """Account -> (position, loan) of what it paid out as a loan."""
        self.disbursed_into: dict[int, list[tuple[int, int]]] = {}
        """Loan -> (position, account) of its disbursements."""
        self._receives: Bool = np.zeros(len(self.names), np.bool_)
        self._take_disbursements(books, place)
        self.given: dict[str, int] = dict(books.read.balances.iter_rows())
        self._has_opening: Bool = np.zeros(len(self.names), np.bool_)
        # A balance has no currency: of an account with several it is that of the first.
        firsts = [number for name in self.given for number in self.numbering.all_of(name)[:1]]
        self._has_opening[firsts] = True
        starts, owners = history.side_start.tolist(), history.side_borrower.tolist()
        self._sides: dict[int, set[int]] = {
            account: set(owners[first:last])
            for account, (first, last) in enumerate(pairwise(starts))
            if last > first
        }
        self.own: dict[str, None] = dict.fromkeys(books.read.own.to_list())
        """Accounts that statements are given of, in the order in which that became known."""

    def _take_disbursements(self, books: Books, place: int) -> None:
        history = books.named.history
        marked = np.flatnonzero(history.special >= 0)
        loans = history.specials.disburses[history.special[marked]]
        for event, loan in zip(marked[loans >= 0].tolist(), loans[loans >= 0].tolist(), strict=True):
            if event < place:
                self.note_disbursement(event, loan, int(history.debit[event]), int(history.credit[event]))
            else:
                self._know_borrower(loan, int(history.credit[event]))

    def note_disbursement(self, event: int, loan: int, debit: int, credit: int) -> None:
        """A loan was paid out at this position."""
        into = self.disbursed_into.setdefault(loan, [])
        into.append((event, credit))
        if credit >= 0:
            self._receives = _longer(self._receives, credit, value=True)
        if debit >= 0:
            self.paid_out.setdefault(debit, []).append((event, loan))
        if len(into) == 1:
            self._know_borrower(loan, credit)

    def _know_borrower(self, loan: int, account: int) -> None:
        owner = self.owner_of.get(self.names[account])
        if owner is not None:
            self.borrower_of_owner.setdefault(owner, self.loan_borrower[loan])

    def receiving(self, others: Iterable[int]) -> Bool:
        """[accounts] whether loans were paid out into the account, before the tail or into one of `others`."""
        count = len(self.names)
        found = np.zeros(count, np.bool_)
        found[: min(count, len(self._receives))] = self._receives[:count]
        found[list(others)] = True
        return found

    # By number -----------------------------------------------------------------------------------------------

    def accounts_of_sides(self) -> dict[int, set[int]]:
        """The accounts that are on the side of any borrower, in the order in which that became known."""
        return self._sides

    @property
    def class_of_account(self) -> Int8:
        """[accounts] destination class code, 0 where none is given."""
        return self._codes[: len(self.names)]

    @property
    def terminal(self) -> Bool:
        """[accounts] whether a trace ends there."""
        return self._terminal[: len(self.names)]

    @property
    def has_opening(self) -> Bool:
        """[accounts] whether the balance before the first event is known."""
        return self._has_opening[: len(self.names)]

    def sides_of(self, account: int) -> set[int]:
        """The borrowers whose side the account is on."""
        return self._sides.get(account, set())

    def loans_of_account(self, account: int) -> list[int]:
        """Loans of the borrowers whose side the account is on."""
        borrowers = self.sides_of(account)
        return [loan for one in borrowers for loan in self.loans_of_borrower.get(one, ())]

    def is_stranger(self, account: str) -> bool:
        """Whether an account that has no number yet is on nobody's side when it gets one."""
        return not (
            self.numbering.all_of(account) or account in self.owner_of or account in self._loans_declaring
        )

    # New names -----------------------------------------------------------------------------------------------

    def number(self, account: str | None, currency: str | None, new: NewNames) -> int:
        """The account's number, -1 for the outside world; one that is not known is entered in `new`."""
        if account is None:
            return -1
        found = self.numbering.of(account, currency)
        if found is None:
            found = self.numbering.add(account, currency)
            new.accounts.append(account)
            owner = self.owner_of.get(account)
            code = self._class_of.get(account, 0)
            self._codes = _longer(self._codes, found, code)
            self._terminal = _longer(self._terminal, found, code in _TERMINAL)
            is_first = self.numbering.all_of(account)[0] == found
            self._has_opening = _longer(self._has_opening, found, is_first and account in self.given)
            if owner in self.borrower_of_owner and code not in DEPOSITS:
                self._side(found, self.borrower_of_owner[owner], new)
            for loan in self._loans_declaring.get(account, ()):
                if loan in self.loan_number:
                    self._side(found, self.loan_borrower[self.loan_number[loan]], new)
        return found

    def _side(self, account: int, borrower: int, new: NewNames) -> None:
        self._sides.setdefault(account, set()).add(borrower)
        new.sides.append((account, borrower))

    def new_loan(self, loan_id: str, account: str, number: int, new: NewNames) -> int:
        """The number of a loan that is paid out into an account for the first time."""
        owner = self.owner_of.get(account)
        borrower = self.borrower_of_owner.get(owner) if owner is not None else None
        if borrower is None:
            borrower = self.borrowers
            self.borrowers += 1
        loan = self.loan_number[loan_id] = len(self.loans)
        self.loans.append(loan_id)
        self.loan_borrower.append(borrower)
        self.loans_of_borrower.setdefault(borrower, []).append(loan)
        new.loans.append(borrower)
        theirs = list(self._declared.get(loan_id, ()))
        if owner is not None:
            self.borrower_of_owner[owner] = borrower
            owned = self._accounts_of_owner.filter(pl.col("owner") == owner)["account"].to_list()
            theirs += [name for name in owned if self._class_of.get(name, 0) not in DEPOSITS]
        self._side(number, borrower, new)
        for name in theirs:
            for one in self.numbering.all_of(name):
                self._side(one, borrower, new)
        return loan

    def batch_of(self, new: NewNames) -> Batch:
        """The new names for the trace; accounts get the openings that the bank gave."""
        first = len(self.names) - len(new.accounts)
        return replace(
            no_events(),
            opening_fen=np.array(
                [
                    self.given[name] if has else 0
                    for name, has in zip(new.accounts, self.has_opening[first:], strict=True)
                ],
                np.int64,
            ),
            terminal=self.terminal[first:].copy(),
            loan_borrower=np.array(new.loans, np.int32),
            side_account=np.array([account for account, _ in new.sides], np.int32),
            side_borrower=np.array([borrower for _, borrower in new.sides], np.int32),
        )

    def take_opening(self, account: str) -> None:
        """The balance of a new account before its first line is not known after all."""
        del self.given[account]
        self._has_opening[list(self.numbering.all_of(account)[:1])] = False

    def give_opening(self, account: str, opening_fen: int) -> None:
        """The balance of a new account before its first line, as its statement implies it."""
        self.given[account] = opening_fen
        self._has_opening[list(self.numbering.all_of(account)[:1])] = True


def _longer(array: Any, place: int, value: object) -> Any:
    """The array with the value at that place, with more room where it is full."""
    if place >= len(array):
        array = np.concatenate([array, np.zeros(max(64, len(array), place + 1 - len(array)), array.dtype)])
    array[place] = value
    return array


class Movement:
    """What the events before the tail did to each account: net movement and the least opening that never overdraws it."""

    def __init__(self, debit: np.ndarray, credit: np.ndarray, amount_fen: Int64, accounts: int) -> None:
        self.low_fen: Int64 = np.zeros(accounts, np.int64)
        self.moved_fen: Int64 = np.zeros(accounts, np.int64)
        self._place: Int32 = np.full(accounts + 1, -1, np.int32)  # one more: the world outside
        self.add(debit, credit, amount_fen)

    def add(self, debit: np.ndarray, credit: np.ndarray, amount_fen: Int64) -> None:
        """Events that follow those added before."""
        self.low_fen = self.least(debit, credit, amount_fen)
        inside = debit >= 0
        np.subtract.at(self.moved_fen, debit[inside], amount_fen[inside])
        inside = credit >= 0
        np.add.at(self.moved_fen, credit[inside], amount_fen[inside])

    def fit(self, accounts: int) -> None:
        """Room for so many accounts, and for some more."""
        missing = accounts - len(self.low_fen)
        if missing > 0:
            none = np.zeros(max(missing, len(self.low_fen) // 8), np.int64)
            self.low_fen = np.concatenate([self.low_fen, none])
            self.moved_fen = np.concatenate([self.moved_fen, none])
            self._place = np.full(len(self.low_fen) + 1, -1, np.int32)

    def least(self, debit: np.ndarray, credit: np.ndarray, amount_fen: Int64) -> Int64:
        """[accounts] the least opening balance that neither the events before nor these overdraw."""
        found = self.low_fen.copy()
        among = np.zeros(len(found) + 1, np.bool_)  # one more: the world outside
        among[debit] = among[credit] = True
        touched = np.flatnonzero(among[:-1])
        found[touched] = self.least_of(touched, debit, credit, amount_fen)
        return found

    def least_of(self, accounts: Int64, debit: np.ndarray, credit: np.ndarray, amount_fen: Int64) -> Int64:
        """The same of these accounts alone (ascending)."""
        place = self._place
        place[accounts] = np.arange(len(accounts), dtype=np.int32)
        paid, got = place[debit], place[credit]
        place[accounts] = -1
        theirs = (paid >= 0) | (got >= 0)
        here = np.zeros(len(accounts), np.int64)
        kernel.least_openings(paid[theirs], got[theirs], amount_fen[theirs], here)
        return np.maximum(self.low_fen[accounts], here - self.moved_fen[accounts])


def implied_openings(lines: pl.DataFrame, accounts: Collection[str]) -> dict[str, int]:
    """Account -> what its running balances say it held before the first of these lines, where they add up."""
    with_balance = lines["account"].filter(lines["balance_fen"].is_not_null())
    if not with_balance.is_in(list(accounts)).any():
        return {}
    telling = lines.filter(pl.col("account").is_in(list(accounts))).filter(
        pl.col("balance_fen").is_not_null().any().over("account")
    )
    if telling.is_empty():
        return {}
    sound = reconcile(telling).filter((pl.col("state") == "reconciled") & pl.col("opening_fen").is_not_null())
    return dict(sound.select("account", "opening_fen").iter_rows())
