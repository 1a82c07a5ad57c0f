"""What transfers are told in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
TRANSACTION_COLUMNS: Final = (
    "transaction_id",
    "booked_at",
    "sequence",
    "debit_account",
    "credit_account",
    "amount_fen",
    "currency",
    "reverses",
    "document_no",
    "purpose_text",
    "credit_name",
)
PAIR_COLUMNS: Final = (
    "transaction_id",
    "basis",
    "debit_source_file",
    "debit_position",
    "debit_booked_at",
    "credit_source_file",
    "credit_position",
    "credit_booked_at",
    "debit_account",
    "credit_account",
    "amount_fen",
    "currency",
)
PROBLEM_SCHEMA: Final = {
    "source_file": pl.String,
    "position": pl.Int64,
    "transaction_id": pl.String,
    "problem": pl.String,
    "message": pl.String,
}
CONTRADICTS: Final = (
    "two statements put this transfer and another in opposite order; the order of booking times is kept"
)
"""`message` of a transfer that was put before one that should precede it."""
UNKNOWN_ORIGINAL: Final = "takes back {}, which cannot be told among the lines; it counts as a plain transfer"
"""`message` of a reversal, with the name of what it takes back."""


@dataclass(frozen=True, slots=True)
class Transfers:
    transactions: pl.DataFrame
    """`TRANSACTION_COLUMNS`, in their order. A null account is the outside world."""
    transaction_of_line: pl.Series
    """Shape `[lines]`: id of the transfer that each line belongs to."""
    circle: Int64
    """`[transactions]`, in their order: of those that statements put each before the others, the place of the first; -1 of all
    that nothing contradicts."""
    problems: pl.DataFrame
    """`PROBLEM_SCHEMA`: statements that contradict each other, reversals whose original is not there."""
    lines: pl.DataFrame
    """As given, numbered in `row`."""
    nodes: pl.DataFrame
    """One row per transfer: `transaction_id`, `debit` and `credit` (rows of `lines` or null), `basis`."""

    def __post_init__(self) -> None:
        assert len(self.circle) == len(self.transactions)

    def pairs(self) -> pl.DataFrame:
        """`PAIR_COLUMNS`, one row per transfer of two lines."""
        pairs = self.nodes.filter(pl.col("basis").is_not_null())
        told = self.lines.select("source_file", "position", "booked_at", "account", "amount_fen", "currency")
        debit = told.select(pl.all().gather(pairs.get_column("debit")).name.prefix("debit_"))
        credit = told.select(pl.all().gather(pairs.get_column("credit")).name.prefix("credit_"))
        both = pl.concat([pairs.select("transaction_id", "basis"), debit, credit], how="horizontal")
        return both.rename({"debit_amount_fen": "amount_fen", "debit_currency": "currency"}).select(
            PAIR_COLUMNS
        )

    def unpaired(self) -> pl.DataFrame:
        """`transaction_id` and all columns of each line that has no partner."""
        alone = self.nodes.filter(pl.col("basis").is_null())
        rows = alone.select(pl.coalesce("debit", "credit")).to_series()
        told = self.lines.drop("row", "line_id").select(pl.all().gather(rows))
        return pl.concat([alone.select("transaction_id"), told], how="horizontal")
