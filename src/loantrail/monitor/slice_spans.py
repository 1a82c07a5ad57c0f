"""Which transactions, hops and loans the judgement of a few loans can depend on.

Derived from what the patterns (early_warning/patterns_*.py, near_in_time.py) and the signals (signals/) look at:

- of the borrower's side: everything since the disbursement, or since the windows of the first wanted row and the sources of
  the last instalments began, where that is earlier; before it only what a sweep account or a person that is paid like
  interest paid and got, whenever that was;
- of a payee: what it passed on within the days of a loop, all that came and went within the hours of rapid in and out, and
  the windows of the wanted rows;
- of the payer of a wanted row: its windows, the longest of 90 days;
- of other loans: what reached the same payees in 30 days, and where so many borrowers' money met that it may be a pool, all of
  it that came there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from loantrail.clock import business_date, microseconds
from loantrail.early_warning.patterns_lending import INTEREST_CLASSES
from loantrail.monitor.slice_index import Index
from loantrail.monitor.slice_pools import pools_around
from loantrail.monitor.slice_rows import among, distinct
from loantrail.parameters import ParameterBook
from loantrail.signals.catalogue import DAYS_KEPT, FIELDS
from loantrail.signals.kernel_state import DAY_US
from loantrail.tracing.model import Int32, Int64

NEVER_EMPTY_FEN: Final = 1 << 60
"""A balance that no payment leaves next to nothing of."""
_HOUR_US: Final = 3_600_000_000
_END_US: Final = np.iinfo(np.int64).max
_PAYEE_DAYS: Final = 7
"""The longest window of what went into and out of the account that a row pays (catalogue: payee_in_fen)."""
_REACH_DAYS: Final = 30
_SWEEP_CLASSES: Final = ("wealth_management", "securities")


@dataclass(slots=True)
class Chosen:
    """By row and number of the index."""

    loans: Int64
    """The loans judged, others of the same borrowers, and those that pools are compared with; ascending."""
    hops: Int64
    """Ascending."""
    transactions: Int64
    """In the order of the whole."""
    transactions_by_row: Int64
    """The same, ascending."""
    sides: Int64
    """Accounts of the borrowers' sides."""
    windowed: list[int]
    """Accounts whose windows are read: payers and payees of wanted rows."""
    payers: list[int]
    spans: dict[int, tuple[int, int]]
    """From when to when all transactions of an account stand in the slice."""
    balances: dict[int, int]
    """Accounts whose balance matters, and the instant from which on all their transactions stand in the slice."""
    exact: set[int]
    """Those whose balance rows tell."""
    handed: pl.DataFrame
    """What others handed on of first payments, as `handing_on.handed_on` gives it."""
    emptied: set[int] = field(default_factory=set)
    """Those that may have passed on what they got, and been left nearly empty."""
    never_empty: set[int] = field(default_factory=set)
    """Those that were not."""
    reached: dict[int, Int64] = field(default_factory=dict)
    """Payees of wanted rows -> hops that reached them."""


def chosen(
    around: Index,
    loans: list[int],
    parameters: ParameterBook,
    wanted: pl.Series | None,
    asked: Collection[str] | None = None,
) -> Chosen:
    """What stands in the slice of the loans (numbers); `wanted` and `asked` as in `slice_of`."""
    return _Choosing(around, loans, parameters, wanted, asked).chosen()


def _days_asked(asked: Collection[str] | None) -> tuple[int, int, int]:
    """How many days of what the payer and the payee of a wanted row moved the fields look back on, and of loan money that
    reached the payee."""
    if asked is None:
        return DAYS_KEPT, _PAYEE_DAYS, _REACH_DAYS
    payer = [
        int(one.window[:-1]) for one in FIELDS if one.name in asked and one.group == "payer" and one.window
    ]
    payee = [
        int(one.window[:-1]) for one in FIELDS if one.name in asked and one.group == "payee" and one.window
    ]
    handed_on = _PAYEE_DAYS if "payee_handed_on_ppm_3d" in asked else 0
    reach = _REACH_DAYS if "payee_borrower_count_30d" in asked else 0
    return max(payer, default=0), max(*payee, handed_on, 0), reach


class _Choosing:
    def __init__(
        self,
        around: Index,
        loans: list[int],
        parameters: ParameterBook,
        wanted: pl.Series | None,
        asked: Collection[str] | None,
    ) -> None:
        self._payer_days, self._payee_days, self._reach_days = _days_asked(asked)
        self._around = around
        self._loans = loans
        self._parameters = parameters
        self._on_date = business_date(around.as_of)
        self._wanted = None if wanted is None else around.transaction_rows(wanted)
        self._rows: list[Int64] = []
        self._spans: dict[int, list[int]] = {}
        self._hops = distinct(*(around.hops_of_loan.of(loan) for loan in loans))
        self._known = {row["loan_id"]: row for row in around.records.loans.frame[loans].to_dicts()}

    def _number(self, name: str) -> int:
        return self._parameters.at_or_first(name, self._on_date).number

    def _span(self, account: int, first_us: int, last_us: int) -> None:
        """All transactions of the account from one instant to the other are needed, and what lies between two spans."""
        if account < 0:
            return
        span = self._spans.setdefault(account, [first_us, last_us])
        span[0], span[1] = min(span[0], first_us), max(span[1], last_us)

    # What is chosen ------------------------------------------------------------------------------------------

    def chosen(self) -> Chosen:
        around = self._around
        siblings = around.records.siblings_of(self._loans)
        of_loan = {loan: around.side_accounts(loan).tolist() for loan in siblings.tolist()}
        asked = {loan: self._asked(loan, of_loan[loan]) for loan in self._loans}
        rows = distinct(*asked.values())
        hop_rows = around.hop_transaction.array[self._hops]
        self._rows.append(hop_rows[hop_rows >= 0])
        first_us = int(around.at_us.array[rows].min()) if len(rows) else microseconds(around.as_of)
        started = first_us - DAYS_KEPT * DAY_US
        for accounts in of_loan.values():
            for account in accounts:
                self._span(account, started, _END_US)
        for loan in self._loans:
            self._side(loan, of_loan[loan])
        payers, payees = self._windows(rows)
        self._loops()
        self._instalments()
        handed = self._handed()
        repaid = self._accounts([one["repayment_account"] for one in self._known.values()])
        exact = {*payers, *repaid} - {-1}
        emptied, never_empty = self._emptied(exact)
        reached = self._reached(rows)
        pools = pools_around(around, self._loans, self._hops, handed)
        self._rows.append(pools.transactions)
        for account in repaid:
            self._span(account, _END_US, _END_US)  # its balance at the end of the day
        for account, (first, last) in self._spans.items():
            self._rows.append(around.lines.within(account, first, last))
        all_rows = distinct(*self._rows)
        balances = {account: self._spans[account][0] for account in exact | emptied if account in self._spans}
        balances |= dict.fromkeys(never_empty - exact - emptied, 0)
        return Chosen(
            loans=distinct(siblings, pools.loans),
            hops=distinct(self._hops, pools.hops),
            transactions=around.ordered(all_rows),
            transactions_by_row=all_rows,
            sides=np.array(sorted({one for accounts in of_loan.values() for one in accounts}), np.int64),
            windowed=sorted({*payers, *payees} - {-1}),
            payers=sorted(payers - {-1}),
            spans={account: (first, last) for account, (first, last) in self._spans.items()},
            balances=balances,
            exact=exact,
            emptied=emptied,
            never_empty=never_empty,
            reached=reached,
            handed=pl.concat([handed, pools.handed]),
        )

    def _accounts(self, names: Sequence[str | None]) -> list[int]:
        return [number for name in names if (number := self._around.accounts.known(name)) >= 0]

    def _asked(self, loan: int, side: list[int]) -> Int64:
        """Transactions that rows of the loan are wanted of: with its money, or paid by its side within 90 days."""
        around = self._around
        hops = around.hop_transaction.array[around.hops_of_loan.of(loan)]
        parts = [hops[hops >= 0]]
        disbursed = around.records.disbursed_us[loan]
        if disbursed is not None:
            for account in side:
                rows = around.lines.within(account, disbursed, disbursed + DAYS_KEPT * DAY_US)
                parts.append(rows[around.debit.array[rows] == account])
        rows = distinct(*parts)
        return rows if self._wanted is None else rows[among(rows, self._wanted)]

    def _side(self, loan: int, accounts: list[int]) -> None:
        """What patterns look for in the accounts of the borrower's side."""
        around = self._around
        disbursed = around.records.disbursed_us[loan]
        if disbursed is not None:
            for account in accounts:
                self._span(account, disbursed, _END_US)
        window = self._number("repay_source_odd_window")
        days = self._number("repay_source_odd_days")
        last, paying = around.records.instalments_of(loan, window)
        payers = set(self._accounts([*paying, around.records.repayment_accounts[loan]]))
        for instant in last:
            for account in payers & set(accounts):
                self._span(account, instant - days * DAY_US, instant)
        self._long_ago(loan, accounts)

    def _long_ago(self, loan: int, accounts: list[int]) -> None:
        """Before the span of a side's account: sweep accounts, and persons that are paid like interest."""
        around = self._around
        hops = around.hops_of_loan.of(loan)
        sweep = self._classes(_SWEEP_CLASSES)
        rows = around.hop_transaction.array[hops]
        swept = among(around.hop_use.array[hops], sweep) | among(around.hop_use_before.array[hops], sweep)
        swept[rows >= 0] |= among(around.of_class.array[rows[rows >= 0]], sweep)
        others = {*around.hop_from.array[hops[swept]].tolist(), *around.hop_to.array[hops[swept]].tolist()}
        interest = self._classes(INTEREST_CLASSES)
        for account in accounts:
            rows = around.lines.within(account, self._spans[account][0])
            rows = rows[(around.debit.array[rows] == account) & among(around.of_class.array[rows], interest)]
            others |= set(around.credit.array[rows].tolist())
        others.discard(-1)
        if not others:
            return
        far = np.array(sorted(others), np.int64)
        for account in accounts:
            rows = around.lines.within(account, None, self._spans[account][0])
            paid = among(around.debit.array[rows], far) | among(around.credit.array[rows], far)
            self._rows.append(rows[paid])

    def _classes(self, names: tuple[str, ...]) -> Int32:
        """Numbers of classes, as far as any transaction or hop has them."""
        known = [self._around.classes.known(name) for name in names]
        return np.array(sorted(number for number in known if number >= 0), np.int32)

    def _instalments(self) -> None:
        """What came in before loan money repaid another loan here."""
        around = self._around
        days = self._number("repay_source_odd_days")
        repaid = among(around.hop_use.array[self._hops], self._classes(("other_debt_repaid",)))
        for hop in self._hops[repaid].tolist():
            row = int(around.hop_transaction.array[hop])
            if row >= 0:
                at = int(around.at_us.array[row])
                self._take_span(int(around.hop_from.array[hop]), at - days * DAY_US, at)

    def _take_span(self, account: int, first_us: int, last_us: int) -> None:
        """The transactions of one span, and not what lies between it and others."""
        if account >= 0:
            self._rows.append(self._around.lines.within(account, first_us, last_us))

    def _handed(self) -> pl.DataFrame:
        """What others handed on of the loans' first payments; their transactions, and what related parties paid since."""
        around, records = self._around, self._around.records
        around.handed.settle()
        handed = around.handed.of_loans(self._loans)
        if handed.is_empty():
            return handed
        ids = handed["transaction_ids"].explode(empty_as_null=False).drop_nulls().unique()
        self._rows.append(around.transaction_rows(ids))
        days = self._number("round_trip_days")
        near = records.relations.frame[
            records.related_by_two([one["borrower_party_id"] for one in self._known.values()])
        ]
        related = {*near["from_party_id"].to_list(), *near["to_party_id"].to_list()}
        since: dict[str, int] = {}
        for name, at in handed.select("credit_account", pl.col("booked_at").to_physical()).iter_rows():
            if name is not None and records.owner_of(name) in related:
                since[name] = min(at, since.get(name, at))
        for name, at in since.items():
            latest = max(handed.filter(pl.col("credit_account") == name)["booked_at"].to_physical().to_list())
            self._take_span(around.accounts.known(name), at, latest + days * DAY_US)
        return handed

    def _windows(self, rows: Int64) -> tuple[set[int], set[int]]:
        """Payers and payees of wanted rows, and their windows."""
        around = self._around
        payers: set[int] = set()
        payees: set[int] = set()
        for row in rows.tolist():
            at = int(around.at_us.array[row])
            paid, got = int(around.debit.array[row]), int(around.credit.array[row])
            payers.add(paid)
            payees.add(got)
            self._span(paid, at - self._payer_days * DAY_US, at)
            self._span(got, at - self._payee_days * DAY_US, at)
        return payers, payees

    def _payments(self) -> Int64:
        """Hops by which the side paid loan money to others."""
        around, hops = self._around, self._hops
        loan = around.hop_loan.array[hops]
        paid, got = around.hop_from.array[hops], around.hop_to.array[hops]
        kept = around.is_side(loan, paid) & ~around.is_side(loan, got) & (got >= 0)
        return hops[kept & (around.hop_depth.array[hops] > 0) & (around.hop_transaction.array[hops] >= 0)]

    def _loops(self) -> None:
        """What payees passed on, like in sum and near in time."""
        around = self._around
        least, days = self._number("counterparty_loop_fen"), self._number("counterparty_loop_days")
        low = self._number("counterparty_loop_ratio_least_ppm") / 1_000_000
        high = self._number("counterparty_loop_ratio_most_ppm") / 1_000_000
        for row, account in around.payments_by(self._payments()):
            fen, at = int(around.amount_fen.array[row]), int(around.at_us.array[row])
            if fen < least:
                continue
            rows = around.lines.within(account, at - days * DAY_US, at + days * DAY_US)
            amount = around.amount_fen.array[rows]
            # A little wider than the pattern, which compares exactly.
            near = (amount >= fen * low - 1) & (amount <= fen * high + 1)
            self._rows.append(rows[near & (around.debit.array[rows] == account)])

    def _emptied(self, exact: set[int]) -> tuple[set[int], set[int]]:
        """Payees that may be left nearly empty within the hours of rapid in and out, and those that never are. `exact`:
        accounts whose balance must be that of the books."""
        around = self._around
        least, hours = self._number("rapid_in_out_fen"), self._number("rapid_in_out_hours")
        share = self._number("rapid_in_out_end_balance_ppm") / 1_000_000
        spans: dict[int, list[int]] = {}
        emptied: set[int] = set()
        for row, account in around.payments_by(self._payments()):
            fen, at = int(around.amount_fen.array[row]), int(around.at_us.array[row])
            if fen < least:
                continue
            until = at + hours * _HOUR_US
            span = spans.setdefault(account, [at, until])
            span[0], span[1] = min(span[0], at), max(span[1], until)
            opening = around.records.opening_fen.get(around.accounts.names[account])
            # Where no opening balance is known, the account may be as empty as it ever was.
            if (
                account in exact
                or opening is None
                or opening + around.lines.sum_before(account, until + 1) <= fen * share + 1
            ):
                emptied.add(account)
        for account in emptied:
            self._span(account, *spans[account])
        return emptied, set(spans) - emptied

    def _reached(self, rows: Int64) -> dict[int, Int64]:
        """Hops that reached the payees of wanted rows in 30 days, with their transactions."""
        around = self._around
        spans: dict[int, list[int]] = {}
        if not self._reach_days:
            return {}
        for row in rows.tolist():
            account, at = int(around.credit.array[row]), int(around.at_us.array[row])
            if account >= 0:
                span = spans.setdefault(account, [at, at])
                span[0], span[1] = min(span[0], at), max(span[1], at)
        found: dict[int, Int64] = {}
        for account, (first, last) in spans.items():
            hops = around.reaching(account, first - self._reach_days * DAY_US, last)
            if len(hops):
                found[account] = hops
                self._rows.append(around.hop_transaction.array[hops])
        return found
