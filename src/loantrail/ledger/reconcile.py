"""Whether the running balances that a source gives add up, account by account. Pure: frames in, frames out."""

from __future__ import annotations

from typing import Final

import polars as pl

ACCOUNT_ORDER: Final = ("booked_at", "sequence", "source_file", "position")
"""The order of an account's own statement. Lines of one file keep the file's order."""

REPORT_SCHEMA: Final = {
    "account": pl.String(),
    "currency": pl.String(),
    "state": pl.String(),
    "line_count": pl.Int64(),
    "balance_count": pl.Int64(),
    "difference_count": pl.Int64(),
    "first_source_file": pl.String(),
    "first_position": pl.Int64(),
    "first_booked_at": pl.Datetime("us", "UTC"),
    "expected_fen": pl.Int64(),
    "actual_fen": pl.Int64(),
    "opening_fen": pl.Int64(),
}
REPORT_COLUMNS: Final = tuple(REPORT_SCHEMA)


def with_expected_balance(lines: pl.DataFrame) -> pl.DataFrame:
    """`lines` in account order with `expected_fen`: the balance that follows from the last one given before.

    Null where the account gave no balance before. Lines need `account, currency, booked_at, sequence,
    source_file, position, direction, amount_fen, balance_fen`.
    """
    group = ["account", "currency"]
    signed = pl.when(pl.col("direction") == "credit").then("amount_fen").otherwise(-pl.col("amount_fen"))
    return (
        lines.sort([*group, *ACCOUNT_ORDER])
        .with_columns(signed.alias("_signed"))
        .with_columns(pl.col("_signed").cum_sum().over(group).alias("_moved"))
        # The balance less all that moved so far stays the same as long as the statement is right.
        .with_columns((pl.col("balance_fen") - pl.col("_moved")).alias("_start"))
        .with_columns(pl.col("_start").forward_fill().shift(1).over(group).alias("_start_before"))
        .with_columns((pl.col("_start_before") + pl.col("_moved")).alias("expected_fen"))
    )


def reconcile(lines: pl.DataFrame) -> pl.DataFrame:
    """One row per account and currency: whether balance before ± amount = balance after, for every line.

    Returns `REPORT_COLUMNS`. `state` is `reconciled`, `differs` or `no_balances`; a difference is counted where it
    starts, not on the lines after it that carry it on; `first_*` name the first such line, `expected_fen` and
    `actual_fen` what its balance should be and is. `opening_fen` is the balance before the first line as the
    first balance given implies it, null without balances. Columns needed: see `with_expected_balance`.
    """
    differs = pl.col("expected_fen").is_not_null() & (pl.col("balance_fen") != pl.col("expected_fen"))
    checked = with_expected_balance(lines).with_columns(differs.fill_null(value=False).alias("_differs"))

    def first_where_different(name: str) -> pl.Expr:
        return pl.col(name).filter(pl.col("_differs")).first()

    return (
        checked.group_by("account", "currency", maintain_order=True)
        .agg(
            line_count=pl.len().cast(pl.Int64),
            balance_count=pl.col("balance_fen").count().cast(pl.Int64),
            difference_count=pl.col("_differs").sum().cast(pl.Int64),
            first_source_file=first_where_different("source_file"),
            first_position=first_where_different("position"),
            first_booked_at=first_where_different("booked_at"),
            expected_fen=first_where_different("expected_fen"),
            actual_fen=first_where_different("balance_fen"),
            opening_fen=pl.col("_start").drop_nulls().first(),
        )
        .with_columns(
            pl.when(pl.col("balance_count") == 0)
            .then(pl.lit("no_balances"))
            .when(pl.col("difference_count") > 0)
            .then(pl.lit("differs"))
            .otherwise(pl.lit("reconciled"))
            .alias("state")
        )
        .select(REPORT_COLUMNS)
    )
