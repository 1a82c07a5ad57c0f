"""Which rows are wanted of a count, and what is known of each beside the figures."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from loantrail.early_warning.frames import SCHEDULES, Frames, fitted
from loantrail.early_warning.moves import is_few
from loantrail.early_warning.view import View, business_day
from loantrail.signals.catalogue import DAY, DAYS_KEPT, MOVEMENT
from loantrail.signals.facts import (
    loan_facts,
    since_disbursement,
    traced_part,
    with_payee,
)
from loantrail.signals.movements_of_few import movements_of_few
from loantrail.signals.repaying import (
    FEW_INSTALMENTS,
    balance_changes,
    balances_of_few,
    instalments,
    with_balance,
    with_owed,
)

Days = tuple[datetime.date, datetime.date]
"""First and last business date of the `day` rows that are wanted."""
_KEPT: Final = datetime.timedelta(days=DAYS_KEPT)


FEW_WANTED: Final = 1_000
"""So few rows are put in order one by one."""


@dataclass(frozen=True, slots=True)
class Only:
    """Rows of these loans alone, and, where `transactions` (ids) are given, movements of these alone."""

    loans: tuple[str, ...]
    transactions: pl.Series | None = None

    def of_loans(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows of a frame with `loan_id` that are about the loans."""
        return frame.filter(pl.col("loan_id").is_in(self.loans))


def movements(view: View, transactions: pl.DataFrame, only: Only | None = None) -> pl.DataFrame:
    """Wanted rows of transactions with loan money, and of payments by the borrower's side within 90 days, with facts.
    `transactions`: those of the view with `place` and facts.JUDGED."""
    loans, side = loan_facts(view), view.sides
    if only is not None:
        loans, side = only.of_loans(loans), only.of_loans(side)
    if is_few(view):
        chosen = None if only is None else only.transactions
        return _with_balance(movements_of_few(view, transactions, loans, side, chosen), view)
    side = side.unique()
    traced = traced_part(view, None if only is None else only.loans)
    if only is not None and only.transactions is not None:
        chosen = only.transactions.implode()
        transactions = transactions.filter(pl.col("transaction_id").is_in(chosen))
        traced = traced.filter(pl.col("transaction_id").is_in(chosen))
    paid = (
        side.join(loans.select("loan_id", "disbursed_at"), on="loan_id")
        .join(transactions.select("transaction_id", "booked_at", account="debit_account"), on="account")
        .filter(
            (pl.col("booked_at") >= pl.col("disbursed_at"))
            & (pl.col("booked_at") <= pl.col("disbursed_at") + _KEPT)
        )
        .select("loan_id", "transaction_id")
    )
    rows = (
        pl.concat([traced.select("loan_id", "transaction_id"), paid])
        .unique()
        .join(traced, on=["loan_id", "transaction_id"], how="left")
        .join(transactions.rename({"booked_at": "at"}), on="transaction_id")
        .join(loans, on="loan_id")
        .with_columns(
            pl.col("traced_amount_fen").fill_null(0),
            pl.col("is_disbursement").fill_null(value=False),
            occasion=pl.lit(MOVEMENT),
            business_date=business_day("at"),
            row_account="debit_account",
        )
    )  # fmt: skip
    rows = rows.with_columns(since_disbursement())
    for name, key in (("from_borrower_side", "debit_account"), ("to_borrower_side", "credit_account")):
        rows = rows.join(
            side.rename({"account": key}).with_columns(pl.lit(value=True).alias(name)),
            on=["loan_id", key],
            how="left",
        )
    orders = view.orders.select("loan_id", credit_account="payee_account").drop_nulls().unique()
    rows = rows.join(
        orders.with_columns(ordered=pl.lit(value=True)), on=["loan_id", "credit_account"], how="left"
    )
    rows = rows.with_columns(
        pl.col("from_borrower_side", "to_borrower_side", "ordered").fill_null(value=False)
    )
    return _with_balance(with_payee(rows, view), view)


def _with_balance(rows: pl.DataFrame, view: View) -> pl.DataFrame:
    paid_out = view.moves.filter(pl.col("depth") == 0).select("loan_id", "amount_fen", at="booked_at")
    if max(len(rows), len(paid_out), len(view.repayments)) <= FEW_INSTALMENTS:
        return balances_of_few(rows, paid_out, view.repayments)
    return with_balance(rows, balance_changes(paid_out, view.repayments))


def ends_of_days(frames: Frames, view: View, days: Days | None, only: Only | None = None) -> pl.DataFrame:
    """Wanted rows of days, for loans with a balance at the end of the day, with facts."""
    loans = loan_facts(view).filter(pl.col("disbursed_at").is_not_null())
    if only is not None:
        loans = only.of_loans(loans)
    dates = [] if days is None else pl.date_range(days[0], days[1], eager=True).to_list()
    grid = (
        loans.join(pl.DataFrame({"business_date": dates}, schema={"business_date": pl.Date}), how="cross")
        .filter(pl.col("business_date") >= business_day("disbursed_at"))
        .with_columns(
            # The last microsecond of the day in Asia/Shanghai.
            at=(
                pl.col("business_date").cast(pl.Datetime("us")).dt.replace_time_zone("Asia/Shanghai")
                + pl.duration(days=1)
                - pl.duration(microseconds=1)
            ).dt.convert_time_zone("UTC"),
            occasion=pl.lit(DAY),
            row_account="repayment_account",
        )
    )
    rows = _with_balance(grid, view).filter(pl.col("loan_balance_fen") > 0)
    schedules = frames.schedules if frames.out_of_view else fitted(frames.schedules, SCHEDULES)
    due = instalments(schedules, view.repayments)
    return with_owed(rows.with_columns(since_disbursement()), due)


def beside(moved: pl.DataFrame, ends: pl.DataFrame) -> pl.DataFrame:
    """The rows of both, the columns of the first before those that only the second has; null where one lacks a column."""

    def none(types: Mapping[str, pl.DataType], count: int) -> dict[str, pl.Series]:
        return {
            name: pl.Series(name, [None], dtype=dtype).new_from_index(0, count)
            for name, dtype in types.items()
        }

    only_ends = {name: dtype for name, dtype in ends.schema.items() if name not in moved.columns}
    first = moved.hstack(list(none(only_ends, len(moved)).values()))
    known = none(first.schema, len(ends)) | {one.name: one for one in ends.get_columns()}
    return first.vstack(pl.DataFrame([known[name] for name in first.columns]))


def in_order(wanted: pl.DataFrame) -> pl.DataFrame:
    """The rows by event and loan, of which no two are alike."""
    if len(wanted) > FEW_WANTED:
        return wanted.sort("event", "loan_id")
    keys = list(zip(wanted["event"].to_list(), wanted["loan_id"].to_list(), strict=True))
    return wanted[sorted(range(len(keys)), key=keys.__getitem__)]
