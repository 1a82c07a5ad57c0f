"""Where in the books to look for what one loan's judgement rests on: row numbers by account, loan and party.

Built once from the full frames, and grown by the lines of each group; slicing never scans all rows.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from loantrail.clock import business_date
from loantrail.early_warning import frames as shapes
from loantrail.early_warning.frames import Frames, fitted
from loantrail.early_warning.view import prepare
from loantrail.errors import InputError
from loantrail.few_rows import empty
from loantrail.monitor.numbered_ends import NumberedEnds, ends_of
from loantrail.monitor.slice_handed import Handed
from loantrail.monitor.slice_records import Records, with_sequence
from loantrail.monitor.slice_rows import Column, Grouped, Ids, Lines, Numbers, Table, among, distinct, filled
from loantrail.parameters import ParameterBook
from loantrail.tracing.codes import code_texts
from loantrail.tracing.model import Bool, Int32, Int64

EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_READ = ("transaction_id", "booked_at", "amount_fen", "destination_class")
_NUMBERED: Final = {name: shapes.TRANSACTIONS[name] for name in _READ}
ENDED_USES: Final = ("overdraft_repaid", "relent")
"""Uses of hops that came to rest, where the hops do not say so themselves."""


class Index:
    """The frames of the books, and row numbers into them. Not for several threads at once: `take` changes it.

    `frames.transactions` may have `sequence`, `class_basis`, `class_confidence_permille` beside its schema, `frames.hops`
    `ended` (Boolean: came to rest for good; without it the use tells). `sequence` orders transactions of one booking
    instant, and nothing else: a later arrival with a larger number goes behind them.
    """

    @classmethod
    def of(cls, frames: Frames, parameters: ParameterBook, ends: NumberedEnds | None = None) -> Index:
        """Everything numbered anew: some seconds for ten million transactions. `ends`: their accounts, where they are numbered."""
        return cls(frames, parameters, ends)

    def __init__(self, frames: Frames, parameters: ParameterBook, ends: NumberedEnds | None = None) -> None:
        self.parameters = parameters
        self.as_of: datetime.datetime = frames.as_of
        self._numbers: dict[str, int] = {}
        self.may_pool: dict[tuple[int, int], bool] = {}
        """Account and months that a company is young -> whether a pool may be in it, where that was asked (slice_pools.py)."""
        self._numbers_of: tuple[datetime.datetime, ParameterBook] | None = None
        self._take_records(frames)
        self._number_transactions(frames.transactions, ends)
        self._number_hops(frames.hops)
        self._find_first_touches()
        self._made_of = len(self.transactions)
        self._made_as_of = frames.as_of
        self.handed = Handed(self)

    def number(self, name: str) -> int:
        """The parameter in force on the business date of the latest booking."""
        if self._numbers_of != (self.as_of, self.parameters):
            self._numbers, self._numbers_of = {}, (self.as_of, self.parameters)
        found = self._numbers.get(name)
        if found is None:
            found = self._numbers[name] = self.parameters.at_or_first(name, business_date(self.as_of)).number
        return found

    # What it is made of --------------------------------------------------------------------------------------

    def _take_records(self, frames: Frames) -> None:
        bare = replace(
            frames, hops=empty(shapes.HOPS), transactions=empty(shapes.TRANSACTIONS), balances=empty(shapes.BALANCES)
        )  # fmt: skip
        view = prepare(bare, self.parameters)
        self.records = Records(frames, view)

    def _number_transactions(self, told: pl.DataFrame, ends: NumberedEnds | None) -> None:
        plain = fitted(told, _NUMBERED)
        told = with_sequence(told, plain["transaction_id"])
        sequence = told["sequence"].cast(pl.Int64).fill_null(0)
        self.at_us = Column(plain["booked_at"].to_physical().fill_null(0).to_numpy().astype(np.int64))
        self.sequence = Column(sequence.to_numpy().astype(np.int64))
        self.amount_fen = Column(plain["amount_fen"].fill_null(0).to_numpy().astype(np.int64))
        sides = self.records.sides
        with ThreadPoolExecutor(1) as beside:
            table, ids = beside.submit(Table, told), beside.submit(Ids, plain["transaction_id"])
            ends = ends_of(told) if ends is None else ends
            self.transactions, self._ids = table.result(), ids.result()
        (classes,), class_names = code_texts([plain["destination_class"]])
        self.accounts = Numbers(ends.names)
        for account in sides["account"].to_list():
            self.accounts.of(account)
        self.classes = Numbers(class_names.to_list())
        self.debit, self.credit = Column(ends.debit), Column(ends.credit)
        self.of_class = Column(classes)
        self.lines = Lines(
            np.stack([ends.debit, ends.credit]), self.at_us.array, self.amount_fen.array, len(self.accounts)
        )
        at, order = self.at_us.array, self.sequence.array
        after = (at[1:] > at[:-1]) | ((at[1:] == at[:-1]) & (order[1:] >= order[:-1]))
        self.in_order = bool(after.all())
        """Whether the transactions came in the order of the trace: then slices have them so."""
        self.on_side = Column(np.zeros(len(self.accounts), np.bool_))
        self._side_keys = np.zeros(0, np.int64)
        self._number_sides()

    def _number_sides(self) -> None:
        sides = self.records.sides
        loans = self.records.numbers_of_loans(sides["loan_id"])
        accounts = np.array([self.accounts.of(account) for account in sides["account"].to_list()], np.int64)
        self.on_side.extend(np.zeros(len(self.accounts) - self.on_side.count, np.bool_))
        self.on_side.array[:] = False
        self.on_side.array[accounts[accounts >= 0]] = True
        self._side_keys = distinct(((loans << 32) | accounts)[(loans >= 0) & (accounts >= 0)])
        by_account = distinct(((accounts << 32) | loans)[(loans >= 0) & (accounts >= 0)])
        self._side_loans = (by_account & 0xFFFFFFFF).astype(np.int64)
        self._side_of = Grouped((by_account >> 32).astype(np.int64), len(self.accounts))

    def loans_of_side(self, account: int) -> Int64:
        """Loans (numbers) on whose borrower's side an account is, ascending."""
        return self._side_loans[self._side_of.of(account)]

    def side_accounts(self, loan: int) -> Int64:
        """The accounts of the borrower's side of a loan, ascending."""
        first, last = np.searchsorted(self._side_keys, [loan << 32, (loan + 1) << 32])
        return self._side_keys[first:last] & 0xFFFFFFFF

    def is_side(self, loans: Int32, accounts: Int32) -> Bool:
        """Whether each account is on the side of the borrower of each loan (numbers)."""
        keys = (loans.astype(np.int64) << 32) | accounts
        if not len(self._side_keys):
            return np.zeros(len(keys), np.bool_)
        places = np.minimum(np.searchsorted(self._side_keys, keys), len(self._side_keys) - 1)
        return (self._side_keys[places] == keys) & (loans >= 0) & (accounts >= 0)

    def _number_hops(self, told: pl.DataFrame) -> None:
        self.hops = Table(told.clear())
        none = np.zeros(0, np.int32)
        self._hop_ids = Ids(pl.Series([], dtype=pl.String))
        self.hop_loan, self.hop_from, self.hop_to = Column(none), Column(none), Column(none)
        self.hop_depth, self.hop_use, self.hop_use_before = Column(none), Column(none), Column(none)
        self.hop_transaction, self.hop_parent = Column(none.astype(np.int64)), Column(none.astype(np.int64))
        self.hop_fen = Column(none.astype(np.int64))
        self.hop_ended, self.hop_reaches = Column(none.astype(np.bool_)), Column(none.astype(np.bool_))
        self.hops_of_loan = self.hops_into = self.hops_from = Grouped(none, 0)
        self._add_hops(told)

    def _add_hops(self, told: pl.DataFrame) -> None:
        """Number hops and put them behind the others."""
        if told.is_empty():
            return
        first = len(self.hops)
        plain = fitted(told, shapes.HOPS)
        loan = self.records.numbers_of_loans(plain["loan_id"]).astype(np.int32)
        ends = [self.numbered(plain[f"{end}_account"]) for end in ("from", "to")]
        use = plain["use"].replace(["none", "0"], [None, None])
        use_codes = np.array([self.classes.of(one) for one in use.to_list()], np.int32)
        depth = plain["depth"].fill_null(-1).to_numpy().astype(np.int32)
        ended = told["ended"] if "ended" in told.columns else use.is_in(ENDED_USES).fill_null(value=False)
        if first == 0:
            self._hop_ids = Ids(plain["hop_id"])
        else:
            for row, hop_id in enumerate(plain["hop_id"].to_list(), first):
                self._hop_ids.add(hop_id, row)
        parent = self._hop_ids.rows(plain["parent_hop_id"])
        self.hops.extend(told)
        self.hop_use.extend(use_codes)
        self.hop_use_before.extend(np.where(parent >= 0, self.hop_use.array[parent], -1).astype(np.int32))
        self.hop_loan.extend(loan)
        self.hop_from.extend(ends[0])
        self.hop_to.extend(ends[1])
        self.hop_depth.extend(depth)
        self.hop_transaction.extend(self._ids.rows(plain["transaction_id"]))
        self.hop_parent.extend(parent)
        self.hop_fen.extend(plain["amount_fen"].fill_null(0).to_numpy().astype(np.int64))
        self.hop_ended.extend(ended.to_numpy().astype(np.bool_))
        reaches = (loan >= 0) & (ends[1] >= 0) & (depth > 0) & ~self.is_side(loan, ends[1])
        self.hop_reaches.extend(reaches)
        if first == 0:
            self.hops_of_loan = Grouped(loan, len(self.records.loans.frame))
            self.hops_into = Grouped(ends[1], len(self.accounts))
            self.hops_from = Grouped(ends[0], len(self.accounts))
            return
        for i in range(len(told)):
            self.hops_of_loan.add(first + i, int(loan[i]))
            self.hops_into.add(first + i, int(ends[1][i]))
            self.hops_from.add(first + i, int(ends[0][i]))

    def numbered(self, accounts: pl.Series) -> Int32:
        """Numbers of accounts, new ones among them."""
        numbers = self.accounts.of_all(accounts)
        self._widen()
        return numbers

    def _widen(self) -> None:
        self.on_side.extend(np.zeros(len(self.accounts) - self.on_side.count, np.bool_))

    def _find_first_touches(self) -> None:
        """`touched_by` [accounts]: the first payment of a borrower's side into each account, -1 where there is none."""
        debit, credit = self.debit.array, self.credit.array
        paid = np.flatnonzero((debit >= 0) & (credit >= 0))
        paid = paid[self.on_side.array[debit[paid]]]
        paid = paid[np.lexsort((self.sequence.array[paid], self.at_us.array[paid]))]
        first = np.full(len(self.accounts), -1, np.int64)
        first[credit[paid[::-1]]] = paid[::-1]  # of several the last one written stays: the earliest
        self.touched_by = Column(first)

    def ordered(self, rows: Int64) -> Int64:
        """Ascending rows in the order of the whole: that of the trace, where the transactions came so."""
        if not self.in_order:
            return rows
        return rows[np.lexsort((self.sequence.array[rows], self.at_us.array[rows]))]

    def _doubt(self, rows: Int64) -> None:
        """Of loans whose way these transactions may have lengthened it is doubted."""
        loans: set[int] = set()
        paid, at = self.debit.array[rows].tolist(), self.at_us.array[rows].tolist()
        for account, instant in zip(paid, at, strict=True):
            if account >= 0:
                loans |= self.handed.changed_by(self.accounts.names[account], instant)
        self.handed.doubt(loans)

    # What is added -------------------------------------------------------------------------------------------

    def take(
        self,
        transactions: pl.DataFrame,
        hops: pl.DataFrame,
        first_hop: int | None = None,
        ended: Mapping[int, bool] | None = None,
        first_transaction: int | None = None,
    ) -> None:
        """More transactions (in the order of arrival) and hops, with the columns of the frames that it was made of.

        `first_transaction`: transactions from this row on are taken out first (a line alone becomes one transfer with
        another); only those that were taken, not those that the index was made of, and with them all hops that they made.
        `first_hop`: hops from this row on are taken out first (a late line made the trace begin again further back);
        None: all go to the end. `ended`: earlier hops, by row, that came to rest or move again.
        """
        if first_hop is not None and first_hop < len(self.hops):
            self._cut_hops(first_hop)
        if first_transaction is not None and first_transaction < len(self.transactions):
            self._cut_transactions(first_transaction)
        self._add_transactions(transactions)
        self._add_hops(hops)
        for row, over in (ended or {}).items():
            self.hop_ended.array[row] = over

    def _cut_hops(self, count: int) -> None:
        gone = self.hops.rows(np.arange(count, len(self.hops)))["hop_id"].to_list()
        self.hops.cut(count)
        self._hop_ids.cut(count, gone)
        for grouped, column in (
            (self.hops_of_loan, self.hop_loan), (self.hops_into, self.hop_to), (self.hops_from, self.hop_from),
        ):  # fmt: skip
            grouped.cut(count, column.array[count:].tolist())
        for column in (
            self.hop_loan, self.hop_from, self.hop_to, self.hop_depth, self.hop_use, self.hop_use_before, self.hop_fen,
            self.hop_transaction, self.hop_parent, self.hop_ended, self.hop_reaches,
        ):  # fmt: skip
            column.cut(count)

    def _cut_transactions(self, count: int) -> None:
        end = len(self.transactions)
        rows = np.arange(count, end)
        self._doubt(rows)
        for text in self.transactions.rows(rows)["transaction_id"].to_list():
            self._ids.drop(text)
        ends = distinct(self.debit.array[rows], self.credit.array[rows])
        for account in ends[ends >= 0].tolist():
            self.lines.drop(account, count)
        self.transactions.cut(count)
        for column in (
            self.at_us, self.sequence, self.amount_fen, self.debit, self.credit, self.of_class,
        ):  # fmt: skip
            column.cut(count)
        for account in ends[ends >= 0].tolist():
            if self.touched_by.array[account] >= count:
                self.touched_by.array[account] = self._first_paid_by_side(account)
        later = self.at_us.array[self._made_of :]
        self.as_of = self._made_as_of
        if len(later):
            self.as_of = max(self.as_of, EPOCH + datetime.timedelta(microseconds=int(later.max())))

    def _first_paid_by_side(self, account: int) -> int:
        rows = self.lines.within(account)
        rows = rows[(self.credit.array[rows] == account) & (self.debit.array[rows] >= 0)]
        rows = rows[self.on_side.array[self.debit.array[rows]]]
        if not len(rows):
            return -1
        return int(rows[np.lexsort((rows, self.sequence.array[rows], self.at_us.array[rows]))[0]])

    def _add_transactions(self, told: pl.DataFrame) -> None:
        if told.is_empty():
            return
        if "sequence" not in told.columns:
            raise InputError(
                "transactions that come later need a `sequence`",
                remedy="Number them in the order of arrival, above all before",
            )
        first = len(self.transactions)
        debit, credit = (
            self.numbered(told[f"{side}_account"].cast(pl.String)) for side in ("debit", "credit")
        )
        at = filled(told["booked_at"].cast(pl.Datetime("us", "UTC")).cast(pl.Int64))
        sequence, amount = (filled(told[name].cast(pl.Int64)) for name in ("sequence", "amount_fen"))
        classes = told["destination_class"].cast(pl.String).to_list()
        self.transactions.extend(told)
        for column, values in (
            (self.at_us, at), (self.sequence, sequence), (self.amount_fen, amount), (self.debit, debit), (self.credit, credit),
            (self.of_class, np.array([self.classes.of(one) for one in classes], np.int32)),
        ):  # fmt: skip
            column.extend(values)
        self.touched_by.extend(np.full(len(self.accounts) - self.touched_by.count, -1, np.int64))
        self._ids.add_all(told["transaction_id"].cast(pl.String).to_list(), first)
        moved = zip(debit.tolist(), credit.tolist(), at.tolist(), amount.tolist(), strict=True)
        for row, (paid, got, at_us, fen) in enumerate(moved, first):
            self.lines.add(row, paid, at_us, -fen)
            self.lines.add(row, got, at_us, fen)
        by_side = (debit >= 0) & (credit >= 0) & self.on_side.array[debit]
        for row, got in zip(
            (np.flatnonzero(by_side) + first).tolist(), credit[by_side].tolist(), strict=True
        ):
            before = int(self.touched_by.array[got])
            if before < 0 or self.comes_before(row, before):
                self.touched_by.array[got] = row
        self._doubt(np.arange(first, first + len(told)))
        self.as_of = max(self.as_of, EPOCH + datetime.timedelta(microseconds=int(at.max())))

    # What is asked -------------------------------------------------------------------------------------------

    @property
    def transaction_count(self) -> int:
        return len(self.transactions)

    @property
    def hop_count(self) -> int:
        return len(self.hops)

    def transaction_rows(self, ids: pl.Series) -> Int64:
        """Rows of the transactions that are known, ascending."""
        rows = self._ids.rows(ids)
        return distinct(rows[rows >= 0])

    def comes_before(self, row: int, other: int) -> bool:
        """Whether a transaction (by row) is before another in the order of the trace."""
        at, sequence = self.at_us.array, self.sequence.array
        return (at[row], sequence[row], row) < (at[other], sequence[other], other)

    def payments_by(self, hops: Int64) -> list[tuple[int, int]]:
        """Transaction and payee of hops, each once."""
        rows, accounts = self.hop_transaction.array[hops].tolist(), self.hop_to.array[hops].tolist()
        return sorted(set(zip(rows, accounts, strict=True)))

    def reaching(self, account: int, first_us: int, last_us: int) -> Int64:
        """Hops of any loan that reached an account between two instants."""
        hops = self.hops_into.of(account)
        hops = hops[self.hop_reaches.array[hops] & (self.hop_transaction.array[hops] >= 0)]
        at = self.at_us.array[self.hop_transaction.array[hops]]
        return hops[(at >= first_us) & (at <= last_us)]

    def first_touch(self, account: int) -> int:
        """The first transaction by which an account met a loan; -1 where it met none."""
        first = int(self.touched_by.array[account]) if account < self.touched_by.count else -1
        hops = self.hops_into.of(account)
        hops = hops[self.hop_reaches.array[hops]]
        rows = self.hop_transaction.array[hops]
        rows = rows[rows >= 0]
        if len(rows):
            at = self.at_us.array[rows]
            rows = rows[at == at.min()]
            reached = int(rows[np.argmin(self.sequence.array[rows])])
            if first < 0 or self.comes_before(reached, first):
                first = reached
        return first

    def loans_of(self, transaction_ids: pl.Series) -> list[str]:
        """The loans whose money moved in these transactions, by the trace or by amount (early_warning/handing_on.py), and
        those whose borrower's side paid or was paid in them."""
        rows = self.transaction_rows(transaction_ids)
        found: set[int] = set()
        for row in rows[self.debit.array[rows] >= 0].tolist():
            paid = self.accounts.names[self.debit.array[row]]
            found |= self.handed.changed_by(paid, int(self.at_us.array[row]))
        accounts = set(self.debit.array[rows].tolist()) | set(self.credit.array[rows].tolist())
        accounts.discard(-1)
        for account in accounts:
            found |= self.records.loans_of_account(self.accounts.names[account])
            for hops in (self.hops_into.of(account), self.hops_from.of(account)):
                moved = hops[among(self.hop_transaction.array[hops], rows)]
                found |= set(self.hop_loan.array[moved].tolist())
        found.discard(-1)
        return [self.records.loan_ids[number] for number in sorted(found)]
