"""Which patterns may list a payment behind all transactions. Pure.

Nothing comes after the payment, so a pattern (early_warning/patterns*.py) lists it only for what it is itself: where the money comes to
with it, who is paid, or what it closes that began before. For each pattern stands here what the payment must be like; it may let more
pass than the pattern, never less.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from loantrail.early_warning.arrivals_of_few import OWN_DEPOSITS
from loantrail.early_warning.debts import LENDER_CLASSES
from loantrail.early_warning.patterns import NEEDS
from loantrail.early_warning.patterns_lending import INTEREST_CLASSES
from loantrail.early_warning.patterns_payee import LIMIT_OF_PRODUCT
from loantrail.early_warning.payments import NO_PAYEE_KINDS
from loantrail.monitor.affected import Told
from loantrail.monitor.interest import InterestLike, class_numbers
from loantrail.monitor.last_payment import Facts, Last, Moved
from loantrail.monitor.slice_index import EPOCH, Index
from loantrail.monitor.slice_pools import may_pool
from loantrail.monitor.slice_rows import among, distinct
from loantrail.signals.kernel_state import DAY_US
from loantrail.tracing.model import Bool, Int64

_HOUR_US: Final = 3_600_000_000
_MILLION: Final = 1_000_000
_SOON: Final = {**NEEDS, "PRIVATE_LENDING": LENDER_CLASSES}
"""Patterns that look at what was paid to a class soon after the disbursement."""
_OF_CLASSES: Final = {**_SOON, "IDLE_FUNDS": ("time_deposit",)}
"""Patterns that look at what came to a class. Of money that lies idle in the borrower's accounts its disbursement is listed, days before."""
_BY_HANDS: Final = frozenset((*_SOON, "ROUND_TRIP", "RELATED_PARTY", "MULTI_BORROWER_POOL"))
"""Patterns that look at what was handed on in like amounts."""
_HOLIDAYS_LONGEST: Final = 20
"""Days without a working day in a row, amply."""


class _Least(NamedTuple):
    """Parameters of what a pattern asks for at least, fen and share of the loan (None: any share): of retail loans, of others; `either`: of
    others one of both will do."""

    retail: tuple[str, str | None]
    company: tuple[str, str | None]
    either: bool = False


_FINAL_USE: Final = _Least(
    ("misuse_final_use_retail_fen", "misuse_final_use_share_ppm"),
    ("misuse_final_use_company_fen", "misuse_final_use_share_ppm"),
    either=True,
)
_LEAST: Final = {
    "FLOW_SECURITIES": _FINAL_USE,
    "FLOW_REALESTATE": _FINAL_USE,
    "FORBIDDEN_USE": _FINAL_USE,
    "ROLLOVER_OTHER_DEBT": _Least(
        ("rollover_other_debt_retail_fen", "rollover_other_debt_share_ppm"),
        ("rollover_other_debt_company_fen", "rollover_other_debt_share_ppm"),
    ),
    "PRIVATE_LENDING": _Least(("private_lending_fen", None), ("private_lending_fen", None)),
    "CASH_OUT": _Least(("cash_out_fen", "cash_out_retail_share_ppm"), ("cash_out_fen", None)),
    "SAME_NAME_OUT": _Least(
        ("same_name_out_retail_fen", "same_name_out_retail_share_ppm"),
        ("same_name_out_company_fen", "same_name_out_company_share_ppm"),
    ),
}


class OfPatterns(Facts):
    """What the patterns may make of a payment, loan by loan (number)."""

    def __init__(self, around: Index, payment: Last) -> None:
        super().__init__(around, payment)
        self._fen = payment.amount_fen
        self._payer_name = around.accounts.names[payment.payer]
        self._handed = around.handed.got(
            self._payer_name, self.at - around.number("handed_on_days") * DAY_US, self.at
        )
        since = self.at - around.number("rapid_in_out_hours") * _HOUR_US
        self._passed_on = self._loans_of(around.reaching(payment.payer, since, self.at))
        self._loop_us = around.number("counterparty_loop_days") * DAY_US
        self._after_first = self._loans_of(self._firsts(around.hops_into.of(payment.payer)))

    @property
    def loans(self) -> set[int]:
        """All of which anything may rest on it."""
        return {
            *self.payment.moved, *self.from_side, *self.to_side, *self._handed, *self._passed_on, *self._after_first,
        }  # fmt: skip

    def _loans_of(self, hops: Int64) -> set[int]:
        return set(self.around.hop_loan.array[hops].tolist()) - {-1}

    def codes(self, loan: int) -> set[str]:
        """Codes of those that may list the payment."""
        payment, money, soon = self.payment, self.payment.moved.get(loan), self._pays_soon(loan)
        from_side, to_side = loan in self.from_side, loan in self.to_side
        found: set[str] = set()
        if money is not None:
            found |= self._came_to_classes(loan, money)
        if soon:
            found |= {
                code for code, classes in _SOON.items() if payment.any_class or payment.of_class in classes
            }
        if loan in self._handed:
            found |= _BY_HANDS
        if money is not None or soon:
            found |= self._of_payee(loan, money, soon)
        if from_side and self._is_interest(loan):
            found.add("PRIVATE_LENDING")
        if (money is not None or from_side) and self._may_return(loan):
            found.add("RETURN_TO_GUARANTOR")
        begins = money is not None and from_side and not to_side
        if begins and self._may_be_split(loan):
            found.add("STRUCTURING")
        if begins and self._may_mismatch(loan):
            found.add("PAYEE_MISMATCH")
        if loan in self._passed_on:
            found.add("RAPID_IN_OUT")
        if self._may_loop(loan, begins=begins, ends=to_side):
            found.add("COUNTERPARTY_LOOP")
        if to_side and self.at <= self.around.records.last_paid_us[loan]:
            found.add("REPAY_SOURCE_ODD")
        return found

    def _may_return(self, loan: int) -> bool:
        """Whether a guarantor is paid in the days in which that is a return."""
        disbursed = self.around.records.disbursed_us[loan]
        days = self.around.number("return_to_guarantor_days")
        return disbursed is not None and self.at <= disbursed + days * DAY_US and self.is_guarantor(loan)

    def _pays_soon(self, loan: int) -> bool:
        """Whether the loan's disbursement account pays right after the disbursement."""
        records = self.around.records
        disbursed = records.disbursed_us[loan]
        return (
            disbursed is not None
            and records.disbursement_accounts[loan] == self._payer_name
            and disbursed <= self.at <= disbursed + self.around.number("near_in_time_days") * DAY_US
        )

    def _came_to_classes(self, loan: int, money: Moved) -> set[str]:
        kinds = {self.payment.of_class, OWN_DEPOSITS.get(self.kind or ""), *money.uses}
        return {
            code
            for code, classes in _OF_CLASSES.items()
            if (self.payment.any_class or not kinds.isdisjoint(classes))
            and self._is_enough(code, classes, loan, money)
        }

    def _is_enough(self, code: str, classes: tuple[str, ...], loan: int, money: Moved) -> bool:
        """Whether all of the loan that came to the classes, with this, may be as much as the pattern asks for."""
        asked = [_LEAST[code]] if code in _LEAST else []
        if code == "PRIVATE_LENDING" and self.party["kind"].to_list() == ["individual"]:
            asked.append(_FINAL_USE)  # of a lender by trade less will do
        came = self._came_before(loan, classes)
        if code == "CASH_OUT" and self._is_near_limit(came):
            return True
        fen = money.fen + int(self.around.hop_fen.array[came].sum())
        return all(self._is_as_much(fen, loan, least) for least in asked)

    def _is_as_much(self, fen: int, loan: int, least: _Least) -> bool:
        retail = self.around.records.retail[loan]
        fen_name, share = least.retail if retail else least.company
        is_fen = fen >= self.around.number(fen_name)
        is_share = share is None or self._is_share(fen, loan, share)
        return is_fen or is_share if least.either and not retail else is_fen and is_share

    def _came_before(self, loan: int, classes: tuple[str, ...]) -> Int64:
        """The loan's hops that may have come to the classes, this payment's apart."""
        around, numbers = self.around, class_numbers(self.around, classes)
        hops = around.hops_of_loan.of(loan)
        made = around.hop_transaction.array[hops]
        came = among(around.hop_use.array[hops], numbers)
        came |= among(around.of_class.array[np.maximum(made, 0)], numbers) & (made >= 0)
        return hops[came & ((made < 0) | (made != self.payment.row))]

    def _is_near_limit(self, hops: Int64) -> bool:
        """Whether enough withdrawals, with this, were just under the limit of reporting."""
        around, number = self.around, self.around.number
        limit, least = number("large_value_cash_fen"), number("cash_out_near_limit_least_ppm")
        made = distinct(around.hop_transaction.array[hops])
        drawn = [self._fen, *around.amount_fen.array[made[made >= 0]].tolist()]
        near = sum(fen <= limit and fen * _MILLION >= limit * least for fen in drawn)
        return near >= number("cash_out_near_limit_count")

    def _is_share(self, fen: int, loan: int, name: str) -> bool:
        """Whether the amount may be that share of the loan."""
        # A little less will do, as loan amounts are kept roughly.
        whole = float(self.around.records.loan_amounts[loan]) * (1 - 1e-9) - 1
        return fen * _MILLION >= whole * self.around.number(name)

    def _is_interest(self, loan: int) -> bool:
        disbursed = self.around.records.disbursed_us[loan]
        return (
            disbursed is not None
            and (self.payment.any_class or self.payment.of_class in INTEREST_CLASSES)
            and self._interest.may_be_listed(self._told, loan, disbursed)
        )

    @cached_property
    def _interest(self) -> InterestLike:
        return InterestLike(self.around)

    @cached_property
    def _told(self) -> Told:
        """The payment, to a class that interest may go to."""
        payment, known = self.payment, self.around.classes.known
        return Told(
            debit=np.array([payment.payer], np.int32),
            credit=np.array([payment.payee], np.int32),
            amount_fen=np.array([payment.amount_fen], np.int64),
            at_us=np.array([payment.at_us], np.int64),
            of_class=np.array([max(known(one) for one in INTEREST_CLASSES)], np.int32),
            credit_name=pl.Series("credit_name", [payment.payee_name], dtype=pl.String),
        )

    # The payee ---------------------------------------------------------------------------------------------

    def _of_payee(self, loan: int, money: Moved | None, soon: bool) -> set[str]:
        """Patterns that may list a payment of the loan's money, or one soon after the disbursement, for who is paid."""
        found: set[str] = set()
        if self.owner is not None and self.owner in self._related(loan):
            found.add("RELATED_PARTY")
            if money is not None and loan not in self.from_side:
                found.add("ROUND_TRIP")
        if money is not None and loan in self.to_side and loan not in self.from_side:
            found.add("ROUND_TRIP")
        if self._is_shell:
            found.add("NEW_SHELL_PAYEE")
        if self._is_pool(loan, money, soon):
            found.add("MULTI_BORROWER_POOL")
        return found

    @cached_property
    def _is_shell(self) -> bool:
        around, party = self.around, self.party
        if not len(party) or party["kind"][0] != "company":
            return False
        registered, staff = party["registered_on"][0], party["insured_staff_count"][0]
        # A month more, as months are of different lengths and days those of another time zone.
        young_days = (around.number("young_company_months") + 1) * 31
        young = registered is not None and self.at // DAY_US - (registered - EPOCH.date()).days <= young_days
        no_tax = party["tax_paid_on"][0] is None and staff is not None
        return int(young) + int(staff == 0) + int(no_tax) >= around.number("new_shell_payee_signs")

    def _is_pool(self, loan: int, money: Moved | None, soon: bool) -> bool:
        around, payee = self.around, self.payment.payee
        if self.payment.payee_account is None or not self._may_pool:
            return False
        hops = around.hops_into.of(payee) if payee >= 0 else np.zeros(0, np.int64)
        came = hops[around.hop_loan.array[hops] == loan]
        fen = int(around.hop_fen.array[came].sum()) + (0 if money is None else money.fen)
        if not (
            (money is not None and self._is_share(fen, loan, "multi_borrower_pool_share_ppm"))
            or (soon and self._is_share(self._fen, loan, "near_in_time_share_ppm"))
        ):
            return False
        borrowers = {around.records.borrowers[one] for one in self._met_there}
        return len(borrowers) >= around.number("multi_borrower_pool_borrowers")

    @cached_property
    def _met_there(self) -> set[int]:
        """Loans whose money came to the payee in the days of a pool, or comes with the payment."""
        around, payee = self.around, self.payment.payee
        loans = {*self.payment.moved, *self._handed, *filter(self._pays_soon, self.from_side)}
        if payee < 0:
            return loans
        since = self.at - around.number("multi_borrower_pool_days") * DAY_US
        loans |= self._loans_of(around.reaching(payee, since, self.at))
        return loans | around.handed.got(around.accounts.names[payee], since, self.at)

    @cached_property
    def _may_pool(self) -> bool:
        if not len(self.party) and not self.payment.any_class and self.payment.of_class != "individual":
            return False
        if self.payment.payee >= 0:
            return may_pool(self.around, self.payment.payee)
        return self.kind not in NO_PAYEE_KINDS

    def _related(self, loan: int) -> set[str | None]:
        """Parties that may be related to the borrower, itself apart."""
        records = self.around.records
        borrower = records.loans.frame["borrower_party_id"][loan]
        relations = records.relations.frame[records.related_by_two([borrower])]
        return {*relations["from_party_id"].to_list(), *relations["to_party_id"].to_list()} - {borrower}

    # What began before ---------------------------------------------------------------------------------------

    def _may_be_split(self, loan: int) -> bool:
        """Whether the payment is one of several of the loan up to the limit: just under it, or to one payee and together above."""
        around, records = self.around, self.around.records
        name = LIMIT_OF_PRODUCT.get(records.loans.frame["product"][loan] or "")
        if name is None or records.disbursed_us[loan] is None:
            return False
        limits = [period.number for period in around.parameters.periods(name)]
        if self._fen > max(limits):
            return False
        payees, fen = self._paid_lately(loan)
        fewest = around.number("structuring_payments") - 1
        near = around.number("structuring_near_limit_least_ppm") * min(limits)
        if self._fen * _MILLION >= near and sum(one * _MILLION >= near for one in fen.tolist()) >= fewest:
            return True
        alike = self._same_payee(payees)
        return int(alike.sum()) >= fewest and self._fen + int(fen[alike].sum()) > min(limits)

    def _paid_lately(self, loan: int) -> tuple[Int64, Int64]:
        """To which accounts, and how much, the payments were that moved the loan's money in the working days of splitting."""
        around = self.around
        days = 2 * around.number("structuring_working_days") + _HOLIDAYS_LONGEST
        hops = around.hops_of_loan.of(loan)
        made = around.hop_transaction.array[hops]
        kept = (made >= 0) & (made != self.payment.row) & (around.hop_depth.array[hops] > 0)
        kept &= around.at_us.array[np.maximum(made, 0)] >= self.at - days * DAY_US
        payments, first = np.unique(made[kept], return_index=True)
        return around.hop_to.array[hops[kept]][first].astype(np.int64), around.amount_fen.array[payments]

    def _same_payee(self, accounts: Int64) -> Bool:
        """Which of the accounts may be of whom is paid."""
        records, names, payee = self.around.records, self.around.accounts.names, self.payment.payee
        same = accounts == payee if payee >= 0 else accounts < 0
        if self.owner is not None:
            owned = [
                account >= 0 and records.owner_of(names[account]) == self.owner
                for account in accounts.tolist()
            ]
            same |= np.array(owned, np.bool_)
        return same

    def _may_mismatch(self, loan: int) -> bool:
        """Whether a contract or an invoice names another party."""
        records, document = self.around.records, self.payment.document_no
        if self.owner is None:
            return False
        of_loan = records.loans.frame
        entrusted = of_loan["payment_mode"][loan] == "entrusted_payment"
        if entrusted or len(records.orders.rows([records.loan_ids[loan]])):
            named = records.contract_payees.of([of_loan["contract_id"][loan]])["party_id"].drop_nulls()
            if len(named) and self.owner not in named.to_list():
                return True
        if document is None:
            return False
        invoices = records.invoices.of([of_loan["borrower_party_id"][loan]])
        sellers = invoices.filter(pl.col("invoice_id") == document)["seller_party_id"].to_list()
        return any(seller != self.owner for seller in sellers)

    def _may_loop(self, loan: int, *, begins: bool, ends: bool) -> bool:
        """Whether the payment may be the first, second or third of a circle of payments of about one amount."""
        if begins and self._payee_paid_as_much:
            return True
        if loan in self._after_first and (ends or self._payee_paid(loan)):
            return True
        return ends and self._was_paid_by(self._firsts(self.around.hops_of_loan.of(loan)))

    @cached_property
    def _paid_by_payee(self) -> Int64:
        """What the payee paid in the days of a loop."""
        around, payee = self.around, self.payment.payee
        rows = around.lines.within(payee, self.at - self._loop_us) if payee >= 0 else np.zeros(0, np.int64)
        return rows[around.debit.array[rows] == payee]

    @cached_property
    def _payee_paid_as_much(self) -> bool:
        if self._fen < self.around.number("counterparty_loop_fen"):
            return False
        fen = self.around.amount_fen.array[self._paid_by_payee].tolist()
        return any(self._is_alike(one, self._fen) for one in fen)

    def _payee_paid(self, loan: int) -> bool:
        """Whether the payee paid the loan's side in the days of a loop."""
        paid = self.around.credit.array[self._paid_by_payee]
        return bool(among(paid, self.around.side_accounts(loan)).any())

    def _was_paid_by(self, firsts: Int64) -> bool:
        """Whether somebody who got one of these hops paid the payer in the days of a loop."""
        around, payer = self.around, self.payment.payer
        rows = around.lines.within(payer, self.at - self._loop_us) if len(firsts) else np.zeros(0, np.int64)
        rows = rows[around.credit.array[rows] == payer]
        return bool(among(around.debit.array[rows], distinct(around.hop_to.array[firsts])).any())

    def _firsts(self, hops: Int64) -> Int64:
        """Of these hops those in payments of about as much in the days of a loop."""
        around = self.around
        hops = hops[around.hop_reaches.array[hops] & (around.hop_transaction.array[hops] >= 0)]
        made = around.hop_transaction.array[hops]
        kept = (around.at_us.array[made] >= self.at - self._loop_us) & (made != self.payment.row)
        kept &= around.amount_fen.array[made] >= around.number("counterparty_loop_fen")
        hops = hops[kept]
        fen = around.amount_fen.array[around.hop_transaction.array[hops]].tolist()
        return hops[np.array([self._is_alike(self._fen, one) for one in fen], np.bool_)]

    def _is_alike(self, fen: int, of_first: int) -> bool:
        number = self.around.number
        low, high = number("counterparty_loop_ratio_least_ppm"), number("counterparty_loop_ratio_most_ppm")
        return low * of_first <= fen * _MILLION <= high * of_first
