"""The cash flow of a customer by month, from sums of lines. Pure.

What moves between the customer's own accounts is netted out: it is neither income nor spending. A line that takes an earlier
one back lessens the side that the earlier one stood on, in the month in which it was taken back.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LineSum:
    """Lines of one kind in one month together. `own`: the other side is an account of the customer too."""

    currency: str
    month: datetime.date
    is_credit: bool
    own: bool
    taken_back: bool
    amount_fen: int
    line_count: int


@dataclass(frozen=True, slots=True)
class MonthSum:
    """Something that is told beside the lines: a currency, the first day of a month, fen."""

    currency: str
    month: datetime.date
    amount_fen: int


@dataclass(slots=True)
class Month:
    month: datetime.date
    in_fen: int = 0
    out_fen: int = 0
    own_in_fen: int = 0
    own_out_fen: int = 0
    disbursed_fen: int = 0
    loan_out_fen: int = 0
    repaid_fen: int = 0
    line_count: int = 0

    @property
    def net_fen(self) -> int:
        return self.in_fen - self.out_fen

    @property
    def own_fen(self) -> int:
        """Moved between own accounts. Where both ends have statements each movement stands in two lines: the larger side
        tells it once."""
        return max(self.own_in_fen, self.own_out_fen)


@dataclass(slots=True)
class Beside:
    """What is told beside the lines."""

    disbursed: list[MonthSum] = field(default_factory=list[MonthSum])
    loan_out: list[MonthSum] = field(default_factory=list[MonthSum])
    repaid: list[MonthSum] = field(default_factory=list[MonthSum])


def month_of(day: datetime.date) -> datetime.date:
    """The first day of its month."""
    return day.replace(day=1)


def month_before(month: datetime.date, count: int) -> datetime.date:
    """The first day of the month `count` months before; of January of the year 1 where there is none."""
    place = max(month.year * 12 + month.month - 1 - count, 12)
    return datetime.date(place // 12, place % 12 + 1, 1)


def months_between(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    """The first days of all months from the one of `first` to the one of `last`."""
    found: list[datetime.date] = []
    month = month_of(first)
    while month <= last:
        found.append(month)
        month = month_of(month + datetime.timedelta(days=31))
    return found


def by_month(
    lines: Iterable[LineSum], beside: Beside, first: datetime.date, last: datetime.date
) -> Mapping[str, list[Month]]:
    """Currency -> its months from `first` to `last`, also those without a line; CNY first. Sums of other months are left
    out."""
    found: defaultdict[str, dict[datetime.date, Month]] = defaultdict(
        lambda: {month: Month(month) for month in months_between(first, last)}
    )
    for line in lines:
        month = found[line.currency].get(line.month)
        if month is not None:
            _add(month, line)
    for name, sums in (
        ("disbursed_fen", beside.disbursed),
        ("loan_out_fen", beside.loan_out),
        ("repaid_fen", beside.repaid),
    ):
        for one in sums:
            month = found[one.currency].get(one.month) if one.currency in found else None
            if month is not None:
                setattr(month, name, getattr(month, name) + one.amount_fen)
    currencies = sorted(found, key=lambda one: (one != "CNY", one))
    return {currency: list(found[currency].values()) for currency in currencies}


def _add(month: Month, line: LineSum) -> None:
    month.line_count += line.line_count
    # Taking back a debit is a credit line, and the other way round.
    incoming = line.is_credit != line.taken_back
    amount_fen = -line.amount_fen if line.taken_back else line.amount_fen
    if line.own:
        if incoming:
            month.own_in_fen += amount_fen
        else:
            month.own_out_fen += amount_fen
    elif incoming:
        month.in_fen += amount_fen
    else:
        month.out_fen += amount_fen
