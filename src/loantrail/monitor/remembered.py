"""What is remembered of loans between two judgements: leads, what rules found, and the ends of their days.

A loan's leads are those of the last time that all of it was looked at; `affected.py` tells what makes them doubtful. The end
of a day says of a loan whose money did not move what it said before, but for the date, what is owed, and the balance of
its repayment account.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from loantrail.clock import BUSINESS_ZONE, business_date, microseconds
from loantrail.early_warning.frames import LEADS
from loantrail.early_warning.view import prepare
from loantrail.few_rows import FewRows
from loantrail.ids import derived_ids
from loantrail.monitor.slice_index import Index
from loantrail.monitor.slice_rows import ByText
from loantrail.parameters import ParameterBook
from loantrail.signals.catalogue import DAY, FIELDS, ROW_COLUMNS, SINCE_DISBURSEMENT, no_rows, row_schema
from loantrail.signals.counting import share_ppm
from loantrail.signals.inputs import prepare_count
from loantrail.signals.kernel_state import DAY_US
from loantrail.signals.repaying import OWED, instalments, with_owed
from loantrail.signals.rows import ID_PREFIX, signal_rows
from loantrail.signals.wanted import Only
from loantrail.tracing.ground import Ground
from loantrail.tracing.model import Int64

HOUR_US: Final = 3_600_000_000
_DATED: Final = (
    "days_since_disbursement", "hours_since_disbursement", "loan_balance_fen", "repayment_balance_fen", "liquidity_ppm", *OWED,
)  # fmt: skip
"""What the end of a day says anew every day."""
_STAYING: Final = tuple(
    field.name
    for field in FIELDS
    if field.grain in ("both", "day")
    and field.window in ("", SINCE_DISBURSEMENT)
    and field.group in ("context", "loan", "day")
    and field.name not in _DATED
)
"""What it says of a loan as long as its money does not move."""
SAID_OF_DAYS: Final = frozenset((*_STAYING, *_DATED))
SAID: Final = (*ROW_COLUMNS, *sorted({*SAID_OF_DAYS, "destination_class"}))
"""The columns of `Remembered.ends_of_day`."""
RAPID: Final = "RAPID_IN_OUT"
_LEADS: Final = FewRows(LEADS)
_IDS: Final = list(LEADS).index("transaction_ids")
KEPT: Final = ("loan_id", *_STAYING)
"""What is kept of the end of a day."""


class Remembered:
    """Loans by id. What is not known of a loan is found out by looking at all of it."""

    def __init__(
        self,
        leads: pl.DataFrame | None,
        days: pl.DataFrame | None,
        as_of: datetime.datetime,
        parameters: ParameterBook,
    ) -> None:
        """`leads` (LEADS) and `days` (KEPT of row_schema, rows of days) of all loans as the books gave them at `as_of`; None where
        they are not known."""
        self._parameters = parameters
        self._leads: dict[str, list[tuple[Any, ...]]] = {}
        self._days: dict[str, tuple[Any, ...]] = {}
        self._as_of = as_of
        self._as_of_loan: dict[str, datetime.datetime] = {}
        self._knows_all = leads is not None and days is not None
        self._unknown: set[str] = set()
        self._met: ByText | None = None
        if leads is not None:
            self._put_leads(leads)
        if days is not None:
            self._put_days(days)

    def stands(self, around: Index, loan: str) -> bool:
        """Whether what is remembered of the loan still is all that is to be said of it, as far as time alone can change it."""
        if loan in self._unknown or not (self._knows_all or loan in self._as_of_loan):
            return False
        since, records, number = (
            self._as_of_loan.get(loan, self._as_of),
            around.records,
            around.records.number_of(loan),
        )
        if number < 0 or since > around.as_of or self._parameters_changed(since, around.as_of):
            return False
        disbursed = records.disbursed_us[number]
        if disbursed is None:
            return True
        seen, now = microseconds(since), microseconds(around.as_of)
        idle = disbursed + around.number("idle_funds_days") * DAY_US
        return disbursed <= seen and (records.retail[number] or not seen < idle <= now)

    def _parameters_changed(self, since: datetime.datetime, now: datetime.datetime) -> bool:
        return self._parameters.changes_between(business_date(since), business_date(now))

    def judge_by(self, parameters: ParameterBook) -> None:
        """Take these parameters in place of those before."""
        self._parameters = parameters

    def doubt(self, loans: Iterable[str]) -> None:
        """Look at all of these loans next time."""
        self._unknown.update(loans)

    def keep(
        self, loans: Collection[str], leads: pl.DataFrame, days: pl.DataFrame, as_of: datetime.datetime
    ) -> None:
        """All of these loans was looked at: their leads and ends of the day."""
        for loan in loans:
            self._leads.pop(loan, None)
            self._days.pop(loan, None)
            self._as_of_loan[loan] = as_of
        self._unknown.difference_update(loans)
        self._put_leads(leads)
        self._put_days(days)

    def leads_of(self, loans: Iterable[str]) -> pl.DataFrame:
        """LEADS."""
        rows = [row for loan in loans for row in self._leads.get(loan, ())]
        return _LEADS.frame(rows)

    def drains(self, loan: str) -> bool:
        """Whether money of the loan was passed on rapidly: what payees pay later may say that it was not."""
        return any(row[1] == RAPID for row in self._leads.get(loan, ()))

    def mentions(self, loan: str, transactions: frozenset[str]) -> bool:
        """Whether a lead of the loan rests on any of these."""
        return any(not transactions.isdisjoint(row[_IDS]) for row in self._leads.get(loan, ()))

    def _put_leads(self, leads: pl.DataFrame) -> None:
        for row in leads.select(*LEADS).iter_rows():
            self._leads.setdefault(row[0], []).append(row)

    def _put_days(self, days: pl.DataFrame) -> None:
        for row in days.select(*KEPT).iter_rows():
            self._days[row[0]] = row

    # The end of the day --------------------------------------------------------------------------------------

    def ends_of_day(self, around: Index, loans: Sequence[str], on_date: datetime.date) -> pl.DataFrame:
        """What the end of the day says of loans whose money did not move since: the columns SAID of row_schema."""
        schema = row_schema()
        end = _end_of(on_date)
        numbers = {loan: around.records.number_of(loan) for loan in loans if loan in self._days}
        left = self._balances(around, list(numbers.values()), end).tolist()
        balances = {loan: fen for loan, fen in zip(numbers, left, strict=True) if fen > 0}
        if not balances:
            return pl.DataFrame(schema={name: schema[name] for name in SAID})
        ids = list(balances)
        figures: dict[str, Any] = dict(
            zip(KEPT, zip(*(self._days[loan] for loan in ids), strict=True), strict=True)
        )
        disbursed = [around.records.disbursed_us[numbers[loan]] for loan in ids]
        hours = [None if at is None else max((microseconds(end) - at) // HOUR_US, 0) for at in disbursed]
        figures |= {
            "occasion": [DAY] * len(ids),
            "occasion_id": derived_ids([ID_PREFIX], [DAY] * len(ids), ids, [on_date.isoformat()] * len(ids)),
            "business_date": [on_date] * len(ids),
            "at": pl.repeat(end, len(ids), dtype=schema["at"], eager=True),
            "loan_balance_fen": list(balances.values()),
            "hours_since_disbursement": hours,
            "days_since_disbursement": [None if one is None else one // 24 for one in hours],
            "repayment_balance_fen": [_repayment_balance(around, numbers[loan]) for loan in ids],
        }
        days = pl.DataFrame({"loan_id": ids, "business_date": figures["business_date"]})
        owed = with_owed(days, self._due(around).of(ids))
        figures |= {name: owed[name] for name in OWED}
        figures["liquidity_ppm"] = _liquidity(
            figures["repayment_balance_fen"], owed["next_due_fen"].to_list()
        )
        nothing = [None] * len(ids)
        return pl.DataFrame(
            {name: figures.get(name, nothing) for name in SAID}, schema={name: schema[name] for name in SAID}
        )

    def _balances(self, around: Index, numbers: Sequence[int], end: datetime.datetime) -> Int64:
        """What was paid out less the principal repaid up to the instant, at least 0."""
        end_us = microseconds(end)
        found = np.zeros(len(numbers), np.int64)
        for place, number in enumerate(numbers):
            hops = around.hops_of_loan.of(number)
            found[place] = int(around.hop_fen.array[hops[around.hop_depth.array[hops] == 0]].sum())
        ids = [around.records.loan_ids[number] for number in numbers]
        repaid: dict[str, int] = {}
        paid = around.records.repayments.of(ids).select(
            "loan_id", pl.col("paid_at").to_physical(), "principal_fen"
        )
        for loan, at_us, fen in paid.iter_rows():
            if at_us is not None and at_us <= end_us:
                repaid[loan] = repaid.get(loan, 0) + (fen or 0)
        found -= np.array([repaid.get(loan, 0) for loan in ids], np.int64)
        return np.maximum(found, 0)

    def _due(self, around: Index) -> ByText:
        """What falls due on each loan, and when it was met; as long as the records stay."""
        if self._met is None:
            records = around.records
            self._met = ByText(instalments(records.schedules.frame, records.repayments.frame), "loan_id")
        return self._met


def _end_of(day: datetime.date) -> datetime.datetime:
    """The last microsecond of the day in Asia/Shanghai."""
    begins = datetime.datetime.combine(day, datetime.time(), BUSINESS_ZONE).astimezone(datetime.UTC)
    return begins + datetime.timedelta(days=1) - datetime.timedelta(microseconds=1)


def _repayment_balance(around: Index, number: int) -> int | None:
    """Of the loan's repayment account now; None where there is none, or where its opening balance is not on record."""
    name = around.records.repayment_accounts[number]
    if name is None or name not in around.records.opening_fen:
        return None
    account = around.accounts.known(name)
    opening = around.records.opening_fen[name] or 0
    return opening + (0 if account < 0 else around.lines.sum_of(account))


def _liquidity(balance: Sequence[int | None], due: Sequence[int | None]) -> list[int | None]:
    share, defined = share_ppm(
        np.array([fen or 0 for fen in balance], np.int64), np.array([fen or 0 for fen in due], np.int64)
    )
    return [
        ppm if known and one is not None and other is not None else None
        for ppm, known, one, other in zip(share.tolist(), defined.tolist(), balance, due, strict=True)
    ]


def ends_of_last_day(ground: Ground) -> pl.DataFrame:
    """What a run says of all loans at the end of its last day (row_schema), counted anew."""
    frames, parameters = ground.frames(), ground.books.parameters
    day = business_date(frames.as_of)
    nothing = Only(tuple(frames.loans["loan_id"].unique().to_list()), pl.Series([], dtype=pl.String))
    prepared = prepare_count(frames, prepare(frames, parameters), (day, day), ground.over, nothing)
    return pl.concat([no_rows(), *signal_rows(prepared)])
