"""Which transfer paid each disbursement out. Pure: frames in, frames out."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loantrail.ledger.clusters import match_sides, working_days
from loantrail.ledger.pairing import BUSINESS_ZONE, PairingParameters


@dataclass(frozen=True, slots=True)
class DisbursementLinks:
    links: pl.DataFrame
    """`row` (of the disbursement), `line` (row of the credit line that brought it)."""
    unlinked: pl.DataFrame
    """`row`, `problem`: `disbursement_without_line` or `disbursement_ambiguous`."""


def link_disbursements(
    disbursements: pl.DataFrame, lines: pl.DataFrame, parameters: PairingParameters | None = None
) -> DisbursementLinks:
    """Find the credit line of each disbursement: in its account, of its amount and currency; first by the same
    reference, else within the window of working days, by the same counting as lines pair with lines.

    `disbursements` has `account, amount_fen, currency, booked_at` and may have `reference`; `lines` those,
    `direction` and `sequence`.
    """
    limits = parameters or PairingParameters()
    wanted = _common(disbursements.with_row_index("row"), is_debit=True)
    credits = _common(lines.with_row_index("row").filter(pl.col("direction") == "credit"), is_debit=False)
    # Places of their own for both: disbursements first, so that row numbers do not collide.
    offset = len(disbursements)
    credits = credits.with_columns((pl.col("row") + offset).cast(pl.UInt32))
    both = pl.concat([wanted, credits]).with_columns(
        pl.col("booked_at").dt.convert_time_zone(BUSINESS_ZONE).dt.date().alias("date")
    )
    both = both.with_columns(working_days(both.get_column("date"))).sort("booked_at", "row")
    keys = ["account", "currency", "amount_fen"]
    with_reference = both.filter(pl.col("reference").is_not_null())
    first, _ = match_sides(
        with_reference, [*keys, "reference"], limits.reference_window_days, limits.reference_window_days
    )
    taken = pl.concat([first.get_column("debit"), first.get_column("credit")]).alias("row")
    left = both.join(taken.to_frame(), on="row", how="anti", maintain_order="left")
    second, unclear = match_sides(left, keys, limits.window_days, limits.window_days)
    found = pl.concat([first, second])
    unlinked = (
        wanted.select("row")
        .join(found, left_on="row", right_on="debit", how="anti", maintain_order="left")
        .with_columns(
            pl.when(pl.col("row").is_in(unclear.get_column("row").implode()))
            .then(pl.lit("disbursement_ambiguous"))
            .otherwise(pl.lit("disbursement_without_line"))
            .alias("problem")
        )
    )
    links = found.select(pl.col("debit").alias("row"), (pl.col("credit") - offset).alias("line"))
    return DisbursementLinks(links.sort("row"), unlinked)


def _common(frame: pl.DataFrame, *, is_debit: bool) -> pl.DataFrame:
    reference = (
        pl.col("reference").str.strip_chars().replace("", None)
        if "reference" in frame.columns
        else pl.lit(None, pl.String).alias("reference")
    )
    return frame.select(
        pl.col("row").cast(pl.UInt32),
        pl.lit(is_debit).alias("is_debit"),
        *("account", "currency", "amount_fen", "booked_at"),
        reference,
    )
