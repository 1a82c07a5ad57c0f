"""The bank's records beside transactions and hops, found by loan, account and party."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantrail.early_warning import frames as shapes
from loantrail.early_warning.frames import Frames, fitted
from loantrail.early_warning.payments import NO_PAYEE_KINDS
from loantrail.early_warning.view import View
from loantrail.monitor.slice_accounts import Accounts
from loantrail.monitor.slice_rows import NO_ROWS, ByText, Column, Numbers, distinct
from loantrail.signals.beforehand import borrower_key
from loantrail.tracing.model import Int64

NOT_KNOWN: Final = -1
_NOT_LOOKED_UP: Final = -2
_NEVER: Final = np.iinfo(np.int64).max


class Records:
    """Loans, accounts, parties and what is known of them. `view`: the same frames, prepared without transactions."""

    def __init__(self, frames: Frames, view: View) -> None:
        loans = view.loans.with_columns(borrower=borrower_key())
        self.loans = ByText(loans, "loan_id")
        self.loan_ids: list[str] = loans["loan_id"].to_list()
        self.borrowers: list[str | None] = loans["borrower"].to_list()
        # Microseconds since 1970, or None.
        self.disbursed_us: list[int | None] = loans["disbursed_at"].to_physical().to_list()
        self.paid_out_by_record_us: NDArray[np.int64] = np.array(
            [_NEVER if at is None else at for at in self.disbursed_us], np.int64
        )
        """The same for comparisons; one without an instant was never paid out by its record."""
        self.began_us = min((at for at in self.disbursed_us if at is not None), default=0)
        """When the first loan was paid out."""
        self.loan_amounts: NDArray[np.float64] = (
            loans["amount_fen"].fill_null(0).to_numpy().astype(np.float64)
        )
        """Roughly, for comparisons that need not be exact."""
        self.disbursement_accounts: list[str | None] = loans["disbursement_account"].to_list()
        self.repayment_accounts: list[str | None] = loans["repayment_account"].to_list()
        self._disbursed_to: dict[str, list[int]] = {}
        for number, account in enumerate(self.disbursement_accounts):
            if account is not None:
                self._disbursed_to.setdefault(account, []).append(number)
        self._loan_number = {loan: number for number, loan in enumerate(self.loan_ids)}
        self.retail: list[bool] = loans["retail"].to_list()
        self.guarantors_of: dict[int, set[str]] = {}
        """Loan (number) -> parties that guarantee it, and their names."""
        names: dict[str, str | None] = dict(view.parties.select("party_id", "name").iter_rows())
        for loan, party in view.guarantors.select("loan_id", "guarantor_party_id").iter_rows():
            told = {one for one in (party, names.get(party)) if one is not None}
            self.guarantors_of.setdefault(self._loan_number.get(loan, NOT_KNOWN), set()).update(told)
        due = pl.col("principal_fen").fill_null(0) + pl.col("interest_fen").fill_null(0)
        paid = view.repayments.select(
            "account", at=pl.col("paid_at").to_physical(), counts=(due > 0) & pl.col("paid_at").is_not_null()
        )
        self._paid_us: Int64 = paid["at"].fill_null(0).to_numpy().astype(np.int64)
        self._paid_counts = paid["counts"].fill_null(value=False).to_numpy()
        self._paid_account: list[str | None] = paid["account"].to_list()
        self.last_paid_us = _last_paid(view.repayments, self._loan_number, len(loans))
        """[loans] when the last instalment was paid, as recorded; before all time where none was."""
        self._of_borrower = ByText(loans, "borrower")
        self.sides = view.sides
        self._sides_of_loan = ByText(view.sides, "loan_id")
        self._sides_of_account = ByText(view.sides, "account")
        self._loan_of_side = [
            self._loan_number.get(loan, NOT_KNOWN) for loan in view.sides["loan_id"].to_list()
        ]
        """Of each row of the sides."""
        self.declared = ByText(fitted(frames.sides, shapes.SIDES), "loan_id")
        self.accounts = Accounts(view.accounts)
        self.nobody = view.accounts.filter(pl.col("kind").is_in(NO_PAYEE_KINDS))
        """Accounts through which everybody's money goes."""
        self.accounts_of_owner = ByText(view.accounts, "owner")
        self.parties = ByText(view.parties, "party_id")
        self.relations = ByText(view.relations, "from_party_id", "to_party_id")
        self.guarantors = ByText(view.guarantors, "loan_id")
        self.orders = ByText(view.orders, "loan_id")
        self.contract_payees = ByText(view.contract_payees, "contract_id")
        self.invoices = ByText(view.invoices, "seller_party_id", "buyer_party_id")
        self.repayments = ByText(view.repayments, "loan_id")
        self.schedules = ByText(fitted(frames.schedules, shapes.SCHEDULES), "loan_id")
        balances = fitted(frames.balances, shapes.BALANCES)
        self.opening_fen: dict[str, int | None] = dict(balances.iter_rows())

    def learn(self, accounts: pl.DataFrame) -> None:
        """Accounts (the context's `accounts`) that lines named since the books were read."""
        self.accounts.learn(accounts)
        looked_up = self._account_rows.array
        looked_up[looked_up == NOT_KNOWN] = _NOT_LOOKED_UP

    def numbers_of_loans(self, loans: pl.Series) -> Int64:
        """The number of each loan, -1 where it is not known."""
        distinct = loans.unique()
        numbers = pl.Series(
            [self._loan_number.get(loan, NOT_KNOWN) for loan in distinct.to_list()], dtype=pl.Int64
        )
        return (
            loans.replace_strict(distinct, numbers, return_dtype=pl.Int64)
            .fill_null(NOT_KNOWN)
            .to_numpy()
            .copy()
        )

    def number_of(self, loan_id: str) -> int:
        """-1 where it is not known."""
        return self._loan_number.get(loan_id, NOT_KNOWN)

    def siblings_of(self, numbers: Iterable[int]) -> Int64:
        """All loans (numbers) of the borrowers of some."""
        return self._of_borrower.rows([self.borrowers[number] for number in numbers])

    def side_accounts_of(self, number: int) -> list[str]:
        """The accounts of the borrower's side of a loan."""
        return self._sides_of_loan.of([self.loan_ids[number]])["account"].to_list()

    def sides_of(self, loan_ids: Iterable[str]) -> pl.DataFrame:
        """`loan_id, account` of loans."""
        return self._sides_of_loan.of(loan_ids)

    def instalments_of(self, loan: int, most: int) -> tuple[list[int], list[str | None]]:
        """When the last instalments of a loan were paid, latest first, at most so many; and all accounts that paid any."""
        rows = self.repayments.rows([self.loan_ids[loan]])
        instants = np.sort(self._paid_us[rows[self._paid_counts[rows]]])[::-1][:most]
        return instants.tolist(), [self._paid_account[row] for row in rows.tolist()]

    def disbursed_to(self, account: str) -> list[int]:
        """Loans (numbers) that were paid out to an account."""
        return self._disbursed_to.get(account, [])

    def loans_of_account(self, account: str) -> set[int]:
        """Loans (numbers) on whose borrower's side an account is."""
        rows = self._sides_of_account.rows([account]).tolist()
        return {self._loan_of_side[row] for row in rows} - {NOT_KNOWN}

    def owner_of(self, account: str) -> str | None:
        """Who owns an account, as far as that is on record."""
        rows = self.accounts.rows([account])
        return self.accounts.told("owner", int(rows[0])) if len(rows) else None

    def account_rows(self, names: Numbers, numbers: Int64) -> Int64:
        """Rows of `accounts` of those numbers that are on record; `names` says which accounts they are, and only ever grows."""
        known = self._account_rows
        if known.count < len(names):
            known.extend(np.full(len(names) - known.count, _NOT_LOOKED_UP, np.int64))
        for number in numbers[known.array[numbers] == _NOT_LOOKED_UP].tolist():
            rows = self.accounts.rows([names.names[number]])
            known.array[number] = rows[0] if len(rows) else NOT_KNOWN
        found = known.array[numbers]
        return found[found >= 0]

    @cached_property
    def _account_rows(self) -> Column:
        """By number of an account, as far as they were asked for."""
        return Column(NO_ROWS)

    def related_by_two(self, parties: Iterable[str | None]) -> Int64:
        """Relations (rows) of the parties, and those of whom they are related to."""
        direct = self.relations.rows(parties)
        near = self.relations.frame[direct]
        others = {*near["from_party_id"].to_list(), *near["to_party_id"].to_list()}
        return distinct(direct, self.relations.rows(others))


def _last_paid(repayments: pl.DataFrame, numbers: dict[str, int], count: int) -> Int64:
    found = np.full(count, np.iinfo(np.int64).min, np.int64)
    told = repayments.drop_nulls(["loan_id", "paid_at"]).group_by("loan_id").agg(pl.col("paid_at").max())
    for loan, at in told.select("loan_id", pl.col("paid_at").to_physical()).iter_rows():
        if loan in numbers:
            found[numbers[loan]] = at
    return found


def with_sequence(transactions: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """Transactions with `sequence`: where none is told, the place of each among the ids, which are numbers where all are."""
    if "sequence" in transactions.columns:
        return transactions
    numeric = bool(ids.str.contains(r"^[0-9]{1,18}$").all())
    return transactions.with_columns(
        sequence=(ids.cast(pl.Int64) if numeric else ids).rank("ordinal").cast(pl.Int64)
    )
