"""The rows of a view of a few loans, for plain looks at them without a join. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from functools import cached_property
from typing import Any, Final, NamedTuple

import polars as pl

from loantrail.early_warning.handing_on import handed_on
from loantrail.early_warning.moves import DAY_US, MILLION, Move, columns_of, moves_of
from loantrail.early_warning.payments import NO_PAYEE_KINDS, PUBLIC_CLASSES
from loantrail.early_warning.related import CLOSE_RELATIONS, related_parties
from loantrail.early_warning.view import HOMECOMING_CLASSES, View, party_name

_FEW_TRANSACTIONS: Final = 4_096
"""So few are looked through one by one, once for all looks at them."""


class Lent(NamedTuple):
    """A row of `View.loans`."""

    loan_id: str
    contract_id: str | None
    product: str | None
    payment_mode: str | None
    retail: bool
    borrower: str | None
    disbursement_account: str | None
    repayment_account: str | None
    amount_fen: int | None
    disbursed_us: int | None
    borrower_name: str | None
    borrower_key: str | None


class Paid(NamedTuple):
    """A row of `View.transactions`."""

    debit: str | None
    debit_name: str | None
    credit: str | None
    credit_name: str | None
    destination_class: str | None
    purpose_text: str | None
    amount_fen: int
    at_us: int


class Few:
    """A view of a few loans as plain rows; what costs a look at all transactions is made when it is asked for."""

    def __init__(self, view: View, loans: Collection[str] | None = None) -> None:
        """`view` as `is_few` takes it. `loans`: those that are asked about; None: all of them."""
        self.view = view
        self._rows_by_end: dict[str, dict[str | None, list[int]]] = {}
        self.every_move = moves_of(view)
        every_loan = [Lent(*row) for row in view.loans.select(columns_of(Lent, _LENT)).rows()]
        self.borrowers = {one.loan_id: one.borrower for one in every_loan}
        asked = self.borrowers.keys() if loans is None else set(loans)
        self.loans = {one.loan_id: one for one in every_loan if one.loan_id in asked}
        self.moves = [move for move in self.every_move if move.loan_id in self.loans]
        self.sides = frozenset(
            (loan, account)
            for loan, account in view.sides.select("loan_id", "account").rows()
            if loan in self.loans
        )

    def reached(self, name: str, amount: int) -> bool:
        """The threshold parameter, as `view.least`."""
        return self.view.threshold(name).reached_by(amount)

    def share_reached(self, name: str, amount: int, of: int | None) -> bool:
        """As `view.least_share`."""
        if of is None:
            return False
        threshold = self.view.threshold(name)
        left, right = amount * MILLION, of * threshold.number
        return left >= right if threshold.inclusive else left > right

    def within(self, name: str, days: int | None) -> bool:
        """As `view.within_days`."""
        limit = self.view.threshold(name)
        return (
            days is not None
            and days >= 0
            and (days < limit.number or (limit.inclusive and days == limit.number))
        )

    @cached_property
    def related_parties(self) -> dict[tuple[str, str | None], bool]:
        """Loan and party -> whether it is close."""
        rows = related_parties(self.view).select("loan_id", "party_id", "relation").rows()
        return {
            (loan, party): relation in CLOSE_RELATIONS for loan, party, relation in rows if loan in self.loans
        }

    @cached_property
    def paid(self) -> list[Paid]:
        """All that accounts of the sides paid."""
        return self.payments("debit_account", {account for _, account in self.sides})

    @cached_property
    def received(self) -> list[Paid]:
        """All that accounts of the sides got."""
        return self.payments("credit_account", {account for _, account in self.sides})

    @cached_property
    def received_by(self) -> defaultdict[str | None, list[Paid]]:
        """The same by account."""
        found: defaultdict[str | None, list[Paid]] = defaultdict(list)
        for one in self.received:
            found[one.credit].append(one)
        return found

    def owners_of(self, accounts: Collection[str | None]) -> dict[str | None, tuple[str | None, str | None]]:
        """Account -> owner and name, of those of these that are on record."""
        named = pl.Series(sorted({one for one in accounts if one is not None}), dtype=pl.String)
        if named.is_empty():
            return {}
        found = self.view.accounts.filter(pl.col("account").is_in(named.implode()))
        return {
            account: (owner, name) for account, owner, name in found.select("account", "owner", "name").rows()
        }

    def payments(
        self,
        end: str,
        accounts: Collection[str | None],
        since_us: int | None = None,
        until_us: int | None = None,
    ) -> list[Paid]:
        """All payments of which one end is one of the accounts, or those booked between the instants."""
        transactions = self.view.transactions
        named = {one for one in accounts if one is not None}
        if len(transactions) <= _FEW_TRANSACTIONS:
            found = [row for account in named for row in self._by_end(end).get(account, ())]
            told = [Paid(*(column[row] for column in self._paid_lists)) for row in sorted(found)]
        else:
            narrow = _paid_columns(transactions)
            told = [
                Paid(*row)
                for row in narrow.filter(
                    transactions[end].is_in(pl.Series(sorted(named), dtype=pl.String).implode())
                ).rows()
            ]
        if since_us is None or until_us is None:
            return told
        return [one for one in told if since_us <= one.at_us <= until_us]

    @cached_property
    def _paid_lists(self) -> list[list[Any]]:
        """The columns of all transactions, where they are few."""
        return [column.to_list() for column in _paid_columns(self.view.transactions)]

    def _by_end(self, end: str) -> dict[str | None, list[int]]:
        """Account at that end -> its rows among all transactions."""
        found = self._rows_by_end.get(end)
        if found is None:
            rows: defaultdict[str | None, list[int]] = defaultdict(list)
            for row, account in enumerate(self.view.transactions.get_column(end).to_list()):
                rows[account].append(row)
            found = self._rows_by_end[end] = rows
        return found

    @cached_property
    def loan_payments(self) -> list[tuple[Move, int]]:
        """`payments.loan_payments`, sweeps among them: the first move of each and the amount."""
        found: dict[tuple[str, str | None], tuple[Move, int]] = {}
        for move in self.moves:
            if (
                move.goes_out
                and move.use not in PUBLIC_CLASSES
                and move.destination_class not in PUBLIC_CLASSES
                and move.destination_class not in HOMECOMING_CLASSES
                and move.to_kind not in NO_PAYEE_KINDS
            ):
                key = move.loan_id, move.transaction_id
                first, amount = found.get(key, (move, 0))
                found[key] = first, amount + move.amount_fen
        return list(found.values())

    @cached_property
    def handed(self) -> list[tuple[str, str | None, str | None, str | None, bool | None, int]]:
        """`handed_on`: loan, from, to, class, documented, hands."""
        return [row for row in self.every_handed if row[0] in self.loans]

    @cached_property
    def every_handed(self) -> list[tuple[str, str | None, str | None, str | None, bool | None, int]]:
        """The same of all loans."""
        return (
            handed_on(self.view)
            .select("loan_id", "from_account", "credit_account", "destination_class", "documented", "hands")
            .rows()
        )

    @cached_property
    def classes(self) -> set[str | None]:
        """Classes that money came to: by the trace, or by time and amount."""
        days = self.view.number("near_in_time_days")
        starts: defaultdict[str | None, list[int]] = defaultdict(list)
        for loan in self.loans.values():
            if loan.disbursed_us is not None:
                starts[loan.disbursement_account].append(loan.disbursed_us)
        soon = {
            one.destination_class
            for one in self.paid
            if any(since <= one.at_us <= since + days * DAY_US for since in starts[one.debit])
        }
        return {*(arrived for _, arrived, _ in self.arrived), *soon, *(row[3] for row in self.handed)} - {
            None
        }

    @cached_property
    def arrived(self) -> list[tuple[str, str | None, bool]]:
        """`View.arrivals`: loan, class, and whether the loan is retail."""
        rows = self.view.arrivals.select("loan_id", "arrived", "retail").rows()
        return [row for row in rows if row[0] in self.loans]


_LENT: Final = {
    "disbursed_us": pl.col("disbursed_at").dt.epoch("us"), "borrower": pl.col("borrower_party_id"),
    "borrower_key": party_name("borrower_name"),
}  # fmt: skip
_PAID: Final = (
    "debit_account", "debit_name", "credit_account", "credit_name", "destination_class", "purpose_text", "amount_fen",
    "booked_at",
)  # fmt: skip
"""The columns of Paid."""


def _paid_columns(transactions: pl.DataFrame) -> pl.DataFrame:
    """With instants as microseconds."""
    told = [transactions.get_column(name) for name in _PAID]
    return pl.DataFrame([*told[:-1], told[-1].cast(pl.Int64)])
