"""What a rule costs those who work at its warnings: threads per 1,000 loans a month. The list of rules and back-tests count it
alike, by the functions of this file.

    threads     loans that the rule hits for the first time in the period; one that was hit before has its thread already
    loans       those that the bank had in the period: paid out by its end and not paid back before it began
    days        those of the period within the history of the books; a month is a twelfth of 365 days

Rates are in thousandths.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

import polars as pl

from loantrail.early_warning.view import View, business_day

SILENT_DAYS: Final = 31
"""More days than these without a single line part what the books hold."""
STRAY: Final = 100
"""A part at either end that holds fewer than one in so many of all lines is stray (a wrong date), no history."""


@dataclass(frozen=True, slots=True)
class Span:
    """Business dates from the first to the last."""

    first: datetime.date
    last: datetime.date

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1

    def within(self, other: Span) -> Span | None:
        """Those that lie in the other as well; None where none does."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        return Span(first, last) if first <= last else None


def span_of_books(transactions: pl.DataFrame) -> Span | None:
    """From the first to the last business date with data (`booked_at`), without stray lines at either end; None without data."""
    lines = (
        transactions.drop_nulls("booked_at")
        .group_by(day=business_day("booked_at"))
        .agg(lines=pl.len())
        .sort("day")
    )
    if lines.is_empty():
        return None
    silent = (pl.col("day").diff().dt.total_days() > SILENT_DAYS + 1).fill_null(value=False)
    parts = (
        lines.with_columns(part=silent.cast(pl.Int64).cum_sum())
        .group_by("part", maintain_order=True)
        .agg(first=pl.col("day").min(), last=pl.col("day").max(), lines=pl.col("lines").sum())
    )
    standing = parts.filter(pl.col("lines") * STRAY >= pl.col("lines").sum())
    ends = parts if standing.is_empty() else standing
    return Span(ends["first"][0], ends["last"][-1])


def loans_had(view: View, span: Span) -> frozenset[str]:
    """The loans that the bank had in these days: paid out by the last of them, and not paid back before the first."""
    paid_out = view.moves.filter(pl.col("depth") == 0).select(
        "loan_id", fen="amount_fen", day=business_day("booked_at")
    )
    # Of what was paid out without a line the record alone tells.
    told = (
        view.loans.filter(pl.col("disbursed_at").is_not_null())
        .join(paid_out, on="loan_id", how="anti")
        .select("loan_id", fen="amount_fen", day=business_day("disbursed_at"))
    )
    repaid = view.repayments.drop_nulls(["loan_id", "paid_at"]).select(
        "loan_id", fen=-pl.col("principal_fen").fill_null(0), day=business_day("paid_at")
    )
    lent = pl.concat([paid_out, told])
    owed = (
        pl.concat([lent, repaid])
        .filter(pl.col("day") < span.first)
        .group_by("loan_id")
        .agg(pl.col("fen").sum())
        .filter(pl.col("fen") > 0)
    )
    begun = lent.filter(pl.col("day").is_between(span.first, span.last))
    return frozenset([*owed["loan_id"], *begun["loan_id"]])
