"""Debits and credits that agree on everything that is asked: which goes with which. Pure: frames in, frames out."""

from __future__ import annotations

import datetime
from typing import Final

import polars as pl

from loantrail.working_days import statutory

_FIRST_DAY: Final = datetime.date(1970, 1, 1)


def working_days(dates: pl.Series) -> pl.Series:
    """A number (`day`) that grows by one with every working day by law; a day off counts as the next working day. Null of null."""
    numbers = statutory().numbers(dates.fill_null(_FIRST_DAY).to_numpy())
    day = pl.Series("day", numbers, pl.Int32)
    return (
        day.zip_with(dates.is_not_null(), pl.Series("day", [None], pl.Int32)) if dates.null_count() else day
    )


def no_pairs() -> pl.DataFrame:
    return pl.DataFrame(schema={"debit": pl.UInt32, "credit": pl.UInt32, "basis": pl.String})


def none_ambiguous() -> pl.DataFrame:
    return pl.DataFrame(schema={"row": pl.UInt32, "group": pl.UInt32, "reason": pl.String})


def without(frame: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    gone = pl.concat([pairs.get_column("debit"), pairs.get_column("credit")]).alias("row")
    return frame.join(gone.to_frame(), on="row", how="anti", maintain_order="left")


def match_sides(
    frame: pl.DataFrame, keys: list[str], window: int, lead: int, one_source: str | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pair debits and credits that agree on `keys`. `frame` is in time order and has `row, is_debit, booked_at`, their
    `date` and `day` (number of the working day) and the keys.

    `one_source` names a column of which the lines paired together in a group may hold only one value.
    Returns pairs without basis, and the ambiguous rows.
    """
    found: list[pl.DataFrame] = []
    needed: dict[str, None] = dict.fromkeys([*keys, one_source] if one_source else keys)
    left = facing(frame.select("row", "is_debit", "day", "date", "booked_at", *needed), keys)
    while len(left):
        left = clustered(left, keys, window)
        before = len(left)
        for narrowing in ([], ["date"], ["booked_at"], []):
            if left.is_empty():
                break
            pairs = _equal_counts(left, ["cluster", *narrowing], window, lead, one_source)
            if len(pairs):
                found.append(pairs)
                left = without(left, pairs)
        # What was taken out may have held two halves of a cluster together: divide again.
        left = facing(left, ["cluster"])
        if len(left) == before:
            break
    pairs = pl.concat(found) if found else no_pairs().drop("basis")
    return pairs, _still_facing(left, window, lead)


def facing(frame: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Only rows of groups that hold both directions."""
    both = frame.group_by(keys).agg(
        pl.col("is_debit").any().alias("any"), pl.col("is_debit").all().alias("all")
    )
    both = both.filter(pl.col("any") & ~pl.col("all")).select(keys)
    return frame.join(both, on=keys, how="semi", maintain_order="left")


def clustered(frame: pl.DataFrame, keys: list[str], window: int) -> pl.DataFrame:
    """`cluster` numbers runs of rows that agree on `keys` and follow each other within the window."""
    ordered = frame.sort(*keys, maintain_order=True)
    changes = pl.any_horizontal([pl.col(key).ne_missing(pl.col(key).shift(1)) for key in keys])
    gap = (pl.col("day") - pl.col("day").shift(1)) > window
    starts = (changes | gap.fill_null(value=False)).cast(pl.UInt32)
    ordered = ordered.with_columns(starts.cum_sum().alias("cluster"))
    return facing(ordered, ["cluster"])


def _equal_counts(
    frame: pl.DataFrame, within: list[str], window: int, lead: int, one_source: str | None
) -> pl.DataFrame:
    """In each group with as many debits as credits, the first with the first, the second with the second, ..."""
    numbered = frame.with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32).over([*within, "is_debit"]).alias("rank")
    )
    debits = numbered.filter("is_debit")
    credits = numbered.filter(~pl.col("is_debit"))
    sizes = (
        debits.group_by(within)
        .agg(pl.len().alias("debits"))
        .join(credits.group_by(within).agg(pl.len().alias("credits")), on=within)
        .filter(pl.col("debits") == pl.col("credits"))
        .select(within)
    )
    pairs = (
        debits.join(sizes, on=within, how="semi", maintain_order="left")
        .join(credits, on=[*within, "rank"], how="inner", suffix="_credit", maintain_order="left")
        .with_columns((pl.col("day_credit") - pl.col("day")).alias("later"))
    )
    fits = pl.col("later").is_between(-lead, window).all().over(within)
    if one_source:
        source = pl.coalesce(one_source, f"{one_source}_credit")
        fits = fits & (source.n_unique().over(within) == 1)
    return pairs.filter(fits).select(pl.col("row").alias("debit"), pl.col("row_credit").alias("credit"))


def _still_facing(left: pl.DataFrame, window: int, lead: int) -> pl.DataFrame:
    """Rows that still have a possible partner within the window: ambiguous."""
    if left.is_empty():
        return none_ambiguous()
    debit_days = left.filter("is_debit").select("cluster", pl.col("day").alias("debit_day")).unique()
    credit_days = (
        left.filter(~pl.col("is_debit")).select("cluster", pl.col("day").alias("credit_day")).unique()
    )
    near = debit_days.join(credit_days, on="cluster").filter(
        (pl.col("credit_day") - pl.col("debit_day")).is_between(-lead, window)
    )
    left = left.with_columns(pl.col("row").min().over("cluster").alias("group"))
    doubtful = pl.concat(
        [
            left.filter("is_debit").join(
                near, left_on=["cluster", "day"], right_on=["cluster", "debit_day"], how="semi"
            ),
            left.filter(~pl.col("is_debit")).join(
                near, left_on=["cluster", "day"], right_on=["cluster", "credit_day"], how="semi"
            ),
        ]
    )
    return doubtful.select(
        "row",
        "group",
        pl.lit("several_equal_partners").alias("reason"),
    )
