"""What is owed on a loan at an instant or on a day: balance, arrears, the next instalment. Frames in, frames out."""

from __future__ import annotations

import datetime
from typing import Final

import polars as pl

from loantrail.early_warning.view import business_day

OWED: Final = {
    "days_past_due": pl.Int64, "overdue_count_6m": pl.Int64, "overdue_count_12m": pl.Int64,
    "next_due_fen": pl.Int64, "next_due_days": pl.Int64,
}  # fmt: skip
_NEVER: Final = datetime.date(9999, 12, 31)


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
