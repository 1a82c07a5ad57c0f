"""What is owed on a loan at an instant or on a day: balance, arrears, the next instalment. Frames in, frames out."""

from __future__ import annotations

import calendar
import datetime
from bisect import bisect_left, bisect_right
from collections import defaultdict
from itertools import accumulate
from typing import Final

import polars as pl

from loantrail.early_warning.view import business_day
from loantrail.few_rows import FewRows

OWED: Final = {
    "days_past_due": pl.Int64, "overdue_count_6m": pl.Int64, "overdue_count_12m": pl.Int64,
    "next_due_fen": pl.Int64, "next_due_days": pl.Int64,
}  # fmt: skip
_OWED: Final = FewRows(OWED)
_INSTALMENTS: Final = FewRows(
    {"loan_id": pl.String, "due_on": pl.Date, "due_fen": pl.Int64, "met_on": pl.Date}
)
_NEVER: Final = datetime.date(9999, 12, 31)
FEW_DAYS: Final = 200
"""Of so few days, and instalments of so few, the figures are found one by one, as joins cost more."""
FEW_INSTALMENTS: Final = 2_000


def balances_of_few(rows: pl.DataFrame, paid_out: pl.DataFrame, repayments: pl.DataFrame) -> pl.DataFrame:
    """`with_balance` over `balance_changes`, of few of all three."""
    changes: defaultdict[str, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    for loan, at, fen in paid_out.select("loan_id", pl.col("at").dt.epoch("us"), "amount_fen").rows():
        changes[loan][at] += fen
    paid = repayments.select(
        "loan_id", pl.col("paid_at").dt.epoch("us"), pl.col("principal_fen").fill_null(0)
    )
    for loan, at, fen in paid.rows():
        if loan is not None and at is not None:
            changes[loan][at] -= fen
    instants = {loan: sorted(of_loan) for loan, of_loan in changes.items()}
    sums = {loan: list(accumulate(changes[loan][at] for at in of_loan)) for loan, of_loan in instants.items()}
    told: list[int] = []
    for loan, at in rows.select("loan_id", pl.col("at").dt.epoch("us")).rows():
        place = bisect_right(instants.get(loan, []), at) - 1
        told.append(max(sums[loan][place], 0) if place >= 0 else 0)
    return rows.with_columns(pl.Series("loan_balance_fen", told, dtype=pl.Int64))


def instalments_of_few(schedules: pl.DataFrame, repayments: pl.DataFrame) -> pl.DataFrame:
    """`instalments`, of few."""
    due_fen = pl.col("principal_fen").fill_null(0) + pl.col("interest_fen").fill_null(0)
    due: defaultdict[str, defaultdict[datetime.date, int]] = defaultdict(lambda: defaultdict(int))
    for loan, day, fen in schedules.select("loan_id", "due_on", due_fen).rows():
        if loan is not None and day is not None:
            due[loan][day] += fen
    paid: defaultdict[str, defaultdict[datetime.date, int]] = defaultdict(lambda: defaultdict(int))
    for loan, day, fen in repayments.select("loan_id", business_day("paid_at"), due_fen).rows():
        if loan is not None and day is not None:
            paid[loan][day] += fen
    rows: list[tuple[str, datetime.date, int, datetime.date | None]] = []
    for loan in sorted(due):
        of_days = sorted(paid[loan].items()) if loan in paid else []
        reached = sorted(zip(accumulate(fen for _, fen in of_days), (day for day, _ in of_days), strict=True))
        sums, owed = [fen for fen, _ in reached], 0
        for day, fen in sorted(due[loan].items()):
            if fen > 0:
                owed += fen
                place = bisect_left(sums, owed)
                rows.append((loan, day, fen, reached[place][1] if place < len(reached) else None))
    return _INSTALMENTS.frame(rows)


def owed_of_few(days: pl.DataFrame, met: pl.DataFrame) -> pl.DataFrame:
    """OWED as `with_owed` gives it, of few days and instalments."""
    of_loan: defaultdict[str, list[tuple[datetime.date, int, datetime.date | None]]] = defaultdict(list)
    for loan, due_on, due_fen, met_on in met.select(*_INSTALMENTS.schema).rows():
        of_loan[loan].append((due_on, due_fen, met_on))
    rows: list[tuple[int | None, ...]] = []
    for loan, day in days.select("loan_id", "business_date").rows():
        due = of_loan.get(loan)
        if due is None:
            rows.append((None,) * len(OWED))
            continue
        coming = min((one for one in due if one[0] > day), default=None)
        unmet = min(
            ((met_on or _NEVER, on) for on, _, met_on in due if (met_on or _NEVER) > day), default=None
        )
        past = 0 if unmet is None else max((day - unmet[1]).days, 0)
        late = [on for on, _, met_on in due if on <= day and (met_on is None or met_on > on)]
        counts = [sum(on > _months_before(day, months) for on in late) for months in (6, 12)]
        rows.append(
            (past, *counts, None, None)
            if coming is None
            else (past, *counts, coming[1], (coming[0] - day).days)
        )
    return _OWED.frame(rows)


def _months_before(day: datetime.date, months: int) -> datetime.date:
    """The same day so many months before, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def balance_changes(paid_out: pl.DataFrame, repayments: pl.DataFrame) -> pl.DataFrame:
    """`loan_id, at, loan_balance_fen` after each disbursement (`loan_id, at, amount_fen`) and repayment of principal
    (`loan_id, paid_at, principal_fen`), at least 0, sorted by instant; of one instant the last."""
    changes = pl.concat(
        [
            paid_out.select("loan_id", "at", change="amount_fen"),
            repayments.drop_nulls(["loan_id", "paid_at"]).select(
                "loan_id", at="paid_at", change=-pl.col("principal_fen").fill_null(0)
            ),
        ]
    )
    return (
        changes.lazy()
        .group_by("loan_id", "at")
        .agg(pl.col("change").sum())
        .sort("at", "loan_id")
        .select(
            "loan_id",
            "at",
            pl.max_horizontal(pl.col("change").cum_sum().over("loan_id"), 0).alias("loan_balance_fen"),
        )
        .collect()
    )


def with_balance(rows: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """`rows` (`loan_id, at`) + loan_balance_fen at `at`, 0 before anything was paid out; the order stays."""
    numbered = rows.lazy().with_row_index("_row").sort("at", "_row")
    return (
        numbered.join_asof(changes.lazy(), on="at", by="loan_id", check_sortedness=False)
        .sort("_row")
        .drop("_row")
        .with_columns(pl.col("loan_balance_fen").fill_null(0))
        .collect()
    )


def instalments(schedules: pl.DataFrame, repayments: pl.DataFrame) -> pl.DataFrame:
    """`loan_id, due_on, due_fen, met_on`: what falls due on a day, and the business date on which all that was due up
    to it had been paid, principal and interest, the oldest first; null while it is not."""
    if len(schedules) <= FEW_INSTALMENTS and len(repayments) <= FEW_INSTALMENTS:
        return instalments_of_few(schedules, repayments)
    due = (
        schedules.lazy()
        .drop_nulls(["loan_id", "due_on"])
        .group_by("loan_id", "due_on")
        .agg(due_fen=pl.col("principal_fen").fill_null(0).sum() + pl.col("interest_fen").fill_null(0).sum())
        .filter(pl.col("due_fen") > 0)
        .sort("loan_id", "due_on")
        .with_columns(owed=pl.col("due_fen").cum_sum().over("loan_id"))
    )
    paid = (
        repayments.lazy()
        .drop_nulls(["loan_id", "paid_at"])
        .group_by("loan_id", met_on=business_day("paid_at"))
        .agg(paid=pl.col("principal_fen").fill_null(0).sum() + pl.col("interest_fen").fill_null(0).sum())
        .sort("loan_id", "met_on")
        .with_columns(owed=pl.col("paid").cum_sum().over("loan_id"))
        .select("loan_id", "owed", "met_on")
        .sort("owed", "met_on")
        .unique(["loan_id", "owed"], keep="first", maintain_order=True)
    )
    return (
        due.sort("owed")
        .join_asof(paid, on="owed", by="loan_id", strategy="forward", check_sortedness=False)
        .sort("loan_id", "due_on")
        .select("loan_id", "due_on", "due_fen", "met_on")
        .collect()
    )


def with_owed(days: pl.DataFrame, met: pl.DataFrame) -> pl.DataFrame:
    """`days` (`loan_id, business_date`) + OWED at the end of the day, in the same order. Null where the loan has no
    schedule; `met` as `instalments` gives it."""
    if len(days) <= FEW_DAYS and len(met) <= FEW_INSTALMENTS:
        return days.hstack(owed_of_few(days, met))
    keyed = days.lazy().select("loan_id", "business_date").with_row_index("_row")
    due = met.lazy()
    loans = due.select("loan_id").unique()
    ahead = due.sort("due_on").select(
        "loan_id", business_date="due_on", next_on="due_on", next_due_fen="due_fen"
    )
    unmet = (
        due.with_columns(pl.col("met_on").fill_null(_NEVER))
        .sort("met_on", "due_on")
        .unique(["loan_id", "met_on"], keep="first", maintain_order=True)
        .select("loan_id", business_date="met_on", late_on="due_on")
    )
    late = due.filter(pl.col("met_on").is_null() | (pl.col("met_on") > pl.col("due_on"))).select(
        "loan_id", "due_on"
    )
    found = (
        keyed.sort("business_date")
        .join_asof(
            ahead, on="business_date", by="loan_id", strategy="forward", allow_exact_matches=False,
            check_sortedness=False,
        )
        .join_asof(
            unmet, on="business_date", by="loan_id", strategy="forward", allow_exact_matches=False,
            check_sortedness=False,
        )
        .join(loans.with_columns(known=pl.lit(value=True)), on="loan_id", how="left")
        .with_columns(
            next_due_days=(pl.col("next_on") - pl.col("business_date")).dt.total_days(),
            days_past_due=pl.max_horizontal(
                (pl.col("business_date") - pl.col("late_on")).dt.total_days().fill_null(0), 0
            ),
        )
    )  # fmt: skip
    counts = (
        found.select("_row", "loan_id", "business_date")
        .join(late, on="loan_id")
        .filter(pl.col("due_on") <= pl.col("business_date"))
        .group_by("_row")
        .agg(
            (pl.col("due_on") > pl.col("business_date").dt.offset_by(f"-{months}mo")).sum().cast(pl.Int64).alias(
                f"overdue_count_{months}m"
            )
            for months in (6, 12)
        )
    )  # fmt: skip
    known = pl.col("known").is_not_null()
    counted = found.join(counts, on="_row", how="left").with_columns(
        pl.when(known).then(pl.col(f"overdue_count_{months}m").fill_null(0)).alias(f"overdue_count_{months}m")
        for months in (6, 12)
    )
    owed = (
        counted.with_columns(pl.when(known).then(pl.col("days_past_due")).alias("days_past_due"))
        .sort("_row")
        .select(pl.col(name).cast(dtype) for name, dtype in OWED.items())
        .collect()
    )
    return pl.concat([days, owed], how="horizontal")
