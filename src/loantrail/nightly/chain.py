"""History-chain tables (拉链表): one row per record and period of validity. Pure.

A row is valid from `start_date` to the day before `end_date`; 9999-12-31 is the open end. Of a record, the row valid on the
business date is what it says now, the others are what it said before.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class ChainParts:
    """Row numbers of a chain table by what becomes of them."""

    current: list[int]
    """Valid on the business date."""
    earlier: list[int]
    """Ended on or before it."""
    ended: list[int]
    """The last rows of records that have no row valid on the business date and none that begins later."""
    later: list[int]
    """Begin after it."""


def broken_keys(keys: pl.Series, start: pl.Series, end: pl.Series) -> list[str]:
    """Keys whose periods end before they begin, are not known, or overlap; each once, sorted."""
    periods = pl.DataFrame({"key": keys, "start": start, "end": end}).sort("key", "start", "end")
    wrong = (
        pl.col("start").is_null()
        | pl.col("end").is_null()
        | (pl.col("end") <= pl.col("start"))
        | (pl.col("start") < pl.col("end").shift(1).over("key"))
    )
    return periods.filter(wrong.fill_null(value=False)).get_column("key").unique().sort().to_list()


def chain_parts(keys: pl.Series, start: pl.Series, end: pl.Series, day: datetime.date) -> ChainParts:
    """Cut sound periods (see `broken_keys`) by the business date."""
    rows = pl.DataFrame({"key": keys, "start": start, "end": end}).with_row_index("row")
    current = rows.filter(pl.col("start") <= day, pl.col("end") > day)
    earlier = rows.filter(pl.col("end") <= day)
    later = rows.filter(pl.col("start") > day)
    gone = (
        earlier.filter(
            ~pl.col("key").is_in(current.get_column("key").implode()),
            ~pl.col("key").is_in(later.get_column("key").implode()),
        )
        .sort("key", "end")
        .unique("key", keep="last", maintain_order=True)
    )
    return ChainParts(*(_rows(part) for part in (current, earlier, gone, later)))


def _rows(part: pl.DataFrame) -> list[int]:
    return part.get_column("row").to_list()


def joined_key(rows: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """The key fields of each row as one text."""
    return rows.select(
        pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in key], separator="\x1f").alias(
            "key"
        )
    ).to_series()
