"""What payees handed on of payments right after each disbursement (early_warning/handing_on.py), kept for all loans.

The patterns compare loans by it, and one payment can lengthen the way of another loan's money: a loan whose way may have
changed is followed anew when it is asked for, by the same function that a full run calls.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from loantrail.early_warning import frames as shapes
from loantrail.early_warning.frames import fitted
from loantrail.early_warning.handing_on import PaymentsOf, first_payments, follow
from loantrail.early_warning.view import View
from loantrail.few_rows import empty
from loantrail.monitor.slice_records import Records
from loantrail.monitor.slice_rows import ByText, distinct
from loantrail.parameters import ParameterBook
from loantrail.signals.kernel_state import DAY_US
from loantrail.tracing.model import Int64

if TYPE_CHECKING:
    from loantrail.monitor.slice_index import Index


class Handed:
    """Columns as `handing_on.handed_on` gives them, for the loans by number."""

    def __init__(self, around: Index) -> None:
        self._around = around
        self._records = records = around.records
        self._new: dict[int, pl.DataFrame] = {}
        self._doubtful: set[int] = set()
        self._by_account: dict[str, list[tuple[int, int]]] = {}
        whole = self._followed(np.arange(len(records.loan_ids), dtype=np.int64))
        self._whole = ByText(whole, "loan_id")
        self._into = ByText(whole, "credit_account")
        self._note(whole)

    def _followed(self, loans: Int64) -> pl.DataFrame:
        view = self._view_of(loans)
        return follow(view, first_payments(view), self._payments_of(loans))

    def _view_of(self, loans: Int64) -> View:
        """Loans with what their disbursement accounts paid right after the disbursement."""
        around, records = self._around, self._records
        days = around.number("near_in_time_days")
        rows: list[Int64] = []
        for loan in loans.tolist():
            disbursed = records.disbursed_us[loan]
            account = around.accounts.known(records.disbursement_accounts[loan])
            if disbursed is not None and account >= 0:
                rows.append(self._paid_by(account, disbursed, disbursed + days * DAY_US))
        return bare_view(records, loans, self._payments(rows), around.parameters, around.as_of)

    def _payments_of(self, loans: Int64) -> PaymentsOf:
        """What accounts paid while the ways of the loans can go on."""
        around = self._around
        known = [at for loan in loans.tolist() if (at := self._records.disbursed_us[loan]) is not None]
        days = around.number("near_in_time_days") + around.number("near_in_time_hands") * around.number(
            "handed_on_days"
        )
        first, last = min(known, default=0), max(known, default=0) + days * DAY_US

        def payments_of(names: pl.Series) -> pl.DataFrame:
            accounts = [around.accounts.known(name) for name in names.to_list()]
            return self._payments([self._paid_by(account, first, last) for account in accounts])

        return payments_of

    def _paid_by(self, account: int, first_us: int, last_us: int) -> Int64:
        rows = self._around.lines.within(account, first_us, last_us)
        return rows[self._around.debit.array[rows] == account]

    def _payments(self, rows: list[Int64]) -> pl.DataFrame:
        """Transactions as a view has them, in the order of the whole."""
        around = self._around
        told = around.transactions.in_any_order(around.ordered(distinct(*rows)))
        return fitted(told, shapes.TRANSACTIONS).with_columns(pl.col("documented").fill_null(value=False))

    def _note(self, rows: pl.DataFrame) -> None:
        for loan, account, at in rows.select(
            "loan_id", "credit_account", pl.col("booked_at").to_physical()
        ).iter_rows():
            if account is not None:
                self._by_account.setdefault(account, []).append((self._records.number_of(loan), at))

    def changed_by(self, account: str, at_us: int) -> set[int]:
        """Loans (numbers) whose way a payment by the account may lengthen."""
        if not self.knows(account):
            return set()
        days = self._around.number("handed_on_days")
        found = {
            loan
            for loan, since in self._by_account.get(account, ())
            if since <= at_us <= since + days * DAY_US
        }
        near = self._around.number("near_in_time_days")
        for loan in self._records.disbursed_to(account):
            disbursed = self._records.disbursed_us[loan]
            if disbursed is not None and disbursed <= at_us <= disbursed + near * DAY_US:
                found.add(loan)
        return found

    def knows(self, account: str) -> bool:
        """Whether what the account pays can matter: a loan was paid out to it, or it got what was handed on."""
        return account in self._by_account or bool(self._records.disbursed_to(account))

    def receivers(self) -> dict[str, list[tuple[int, int]]]:
        """Accounts that something was handed on to, in the order in which that was found."""
        return self._by_account

    def got(self, account: str, first_us: int, last_us: int) -> set[int]:
        """Loans (numbers) of whose way something came to the account from one instant to the other."""
        return {loan for loan, at in self._by_account.get(account, ()) if first_us <= at <= last_us}

    def arrivals(self, account: str) -> list[int]:
        """When something of the way of any loan came to the account, each instant once."""
        return sorted({at for _loan, at in self._by_account.get(account, ())})

    def doubt(self, loans: set[int]) -> None:
        """Follow these anew when they are asked for."""
        self._doubtful |= loans

    def settle(self) -> set[tuple[str, int]]:
        """Follow the doubtful ones anew. To which accounts something came then, or came no longer, and when."""
        if not self._doubtful:
            return set()
        numbers = sorted(self._doubtful)
        before = self.of_loans(numbers)
        rows = self._followed(np.array(numbers, np.int64))
        parts = rows.partition_by("loan_id", as_dict=True)
        for loan in numbers:
            self._new[loan] = parts.get((self._records.loan_ids[loan],), rows.clear())
        self._note(rows)
        self._doubtful = set()
        return {(account, at) for account, at, _said in _arrivals(before) ^ _arrivals(rows)}

    def of_loans(self, loans: list[int]) -> pl.DataFrame:
        """The rows of some loans (numbers), which are settled."""
        old = self._whole.of([self._records.loan_ids[loan] for loan in loans if loan not in self._new])
        return pl.concat([old, *(self._new[loan] for loan in loans if loan in self._new)])

    def into(self, account: str) -> pl.DataFrame:
        """The rows of all loans that came to an account, settled."""
        old = self._into.of([account])
        if not self._new:
            return old
        again = [self._records.loan_ids[loan] for loan in self._new]
        came = {loan for loan, _at in self._by_account.get(account, ()) if loan in self._new}
        return pl.concat(
            [
                old.filter(~pl.col("loan_id").is_in(again)),
                *(self._new[loan].filter(pl.col("credit_account") == account) for loan in sorted(came)),
            ]
        )


def _arrivals(rows: pl.DataFrame) -> set[tuple[Any, ...]]:
    """Account, when, and what else is said of it there."""
    told = rows.drop_nulls("credit_account")
    at = told["booked_at"].to_physical()
    said = zip(told["loan_id"], told["transaction_id"], told["amount_fen"], told["documented"], strict=True)
    return set(zip(told["credit_account"].to_list(), at.to_list(), said, strict=True))


def bare_view(
    records: Records,
    loans: Int64,
    transactions: pl.DataFrame,
    parameters: ParameterBook,
    as_of: datetime.datetime,
) -> View:
    """A view of loans (numbers) with what handing_on looks at: their records, and `transactions` as a view has them."""
    of_loans = records.loans.frame[loans]
    none = pl.DataFrame()
    return View(
        as_of=as_of,
        parameters=parameters,
        loans=of_loans,
        transactions=transactions,
        moves=none,
        arrivals=none,
        sides=records.sides_of(of_loans["loan_id"]),
        accounts=records.nobody,
        parties=empty(shapes.PARTIES),
        relations=empty(shapes.RELATIONS),
        guarantors=empty(shapes.GUARANTORS),
        orders=records.orders.of(of_loans["loan_id"]),
        contract_payees=empty(shapes.CONTRACT_PAYEES),
        invoices=empty(shapes.INVOICES),
        repayments=empty(shapes.REPAYMENTS),
        balances=empty(shapes.BALANCES),
    )
