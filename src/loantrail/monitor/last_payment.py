"""A payment that stands behind all transactions, and what is known of it without looking at others. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl

from loantrail.clock import microseconds
from loantrail.monitor.slice_index import Index
from loantrail.monitor.slice_rows import NO_ROWS, distinct


class Moved(NamedTuple):
    """Money of a loan that a payment moves."""

    fen: int
    pays_out: bool
    """Whether it pays the loan out."""
    uses: frozenset[str]
    """Those that it gives the money, which did not have them before."""


@dataclass(frozen=True, slots=True)
class Last:
    """A payment that stands behind all transactions of the index, or is the last of them. Accounts and loans by number of the index,
    -1 for a payee who has no account."""

    payer: int
    payee: int
    payee_account: str | None
    amount_fen: int
    at_us: int
    of_class: str | None
    payee_name: str | None
    document_no: str | None
    moved: Mapping[int, Moved]
    row: int = -1
    """In the index, -1 where it is not there."""
    any_class: bool = False
    """Whether its class is not known."""


def pays_on(around: Index, account: int, at_us: int) -> bool:
    """Whether the account pays anything at that instant or later."""
    rows = around.lines.within(account, at_us) if account >= 0 else NO_ROWS
    return bool((around.debit.array[rows] == account).any())


def last_of(around: Index, row: int) -> Last | None:
    """The transaction in that row; None where another is booked later, or the payee pays anything on at that instant, or nobody pays."""
    at, payer, payee = (int(one.array[row]) for one in (around.at_us, around.debit, around.credit))
    if payer < 0:
        return None
    if at != microseconds(around.as_of) or pays_on(around, payee, at):
        return None
    here = np.array([row])
    texts = {
        name: around.transactions.texts(name, here)[0]
        for name in ("destination_class", "credit_name", "document_no")
    }
    hops = around.hops_from.of(payer)
    hops = hops[around.hop_transaction.array[hops] == row]
    loans, names = around.hop_loan.array[hops], around.classes.names
    uses = np.where(
        around.hop_use.array[hops] != around.hop_use_before.array[hops], around.hop_use.array[hops], -1
    )
    moved = {
        loan: Moved(
            int(around.hop_fen.array[of_loan].sum()),
            bool((around.hop_depth.array[of_loan] == 0).any()),
            frozenset(names[use] for use in uses[loans == loan].tolist() if use >= 0),
        )
        for loan in distinct(loans).tolist()
        for of_loan in (hops[loans == loan],)
    }
    return Last(
        payer=payer,
        payee=payee,
        payee_account=around.accounts.names[payee] if payee >= 0 else None,
        amount_fen=int(around.amount_fen.array[row]),
        at_us=at,
        of_class=texts["destination_class"],
        payee_name=texts["credit_name"],
        document_no=texts["document_no"],
        moved=moved,
        row=row,
    )


class Facts:
    """Of a payment, for looks at it loan by loan (number)."""

    def __init__(self, around: Index, payment: Last) -> None:
        self.around, self.payment = around, payment
        self.at = payment.at_us
        self.from_side = set(around.loans_of_side(payment.payer).tolist())
        """Loans of whose side the payer is."""
        self.to_side = set(around.loans_of_side(payment.payee).tolist()) if payment.payee >= 0 else set[int]()

    @cached_property
    def _account(self) -> int:
        """The payee's row among the accounts on record, -1 where it is not."""
        rows = self.around.records.accounts.rows([self.payment.payee_account])
        return int(rows[0]) if len(rows) else -1

    def _of_account(self, column: str) -> str | None:
        return None if self._account < 0 else self.around.records.accounts.told(column, self._account)

    @cached_property
    def owner(self) -> str | None:
        """Who owns the payee's account."""
        return self._of_account("owner")

    @cached_property
    def kind(self) -> str | None:
        """Of the payee's account."""
        return self._of_account("kind")

    @cached_property
    def party(self) -> pl.DataFrame:
        """The payee as a party; no row where it is not on record."""
        return self.around.records.parties.of([self.owner])

    def is_guarantor(self, loan: int) -> bool:
        """Whether the payee guarantees the loan, by party or by name."""
        guarantors = self.around.records.guarantors_of.get(loan)
        return guarantors is not None and not guarantors.isdisjoint(
            {self.owner, self.payment.payee_name} - {None}
        )
