"""What one state of the tail says other than the one before. Pure."""

from __future__ import annotations

import polars as pl

from loantrail.ledger.transfers import TRANSACTION_COLUMNS
from loantrail.monitor.tail import Lines, Ordered


def as_frames(transactions: pl.DataFrame) -> pl.DataFrame:
    """Transactions of the tail with the columns that frames of the books have (`tracing.books.bank_frames`)."""
    return transactions.select(
        *TRANSACTION_COLUMNS,
        pl.col("destination_class").cast(pl.String),
        "documented",
        pl.col("basis").cast(pl.String).alias("class_basis"),
        pl.col("confidence_permille").cast(pl.Int64).alias("class_confidence_permille"),
    )


def first_other(one: pl.DataFrame, other: pl.DataFrame) -> int:
    """The first row in which two frames differ; where one is longer, what it has more."""
    shared = min(len(one), len(other))
    if not shared:
        return 0
    left, right = one.head(shared), other.head(shared)
    differs = pl.Series([False]).new_from_index(0, shared)
    for name in one.columns:
        differs |= left[name].ne_missing(right[name])
    places = differs.arg_true()
    return int(places[0]) if len(places) else shared


def fresh_of(one: pl.DataFrame, other: pl.DataFrame, row: int) -> set[str]:
    """Transactions from `row` on that the other frame does not have in these words, wherever they stand."""
    said = [name for name in one.columns if name != "sequence"]
    before = other.slice(row)
    new = (
        one.slice(row)
        if before.is_empty()
        else one.slice(row).join(before, on=said, how="anti", nulls_equal=True)
    )
    return set(new["transaction_id"].to_list())


def waiting_of(judged: pl.DataFrame, found: Ordered, lines: Lines, own: set[str]) -> frozenset[str]:
    """Transactions of one line whose other one is yet to come: it names an account that statements are given of."""
    half = judged.filter(pl.col("debit_account").is_null() | pl.col("credit_account").is_null())
    told = (
        found.of_line.join(half.select("transaction_id"), on="transaction_id", how="semi")
        .join(lines.lines.select("line_id", "counterparty_account"), on="line_id")
        .drop_nulls("counterparty_account")
    )
    return frozenset(
        transaction
        for transaction, other in told.select("transaction_id", "counterparty_account").iter_rows()
        if other in own
    )
