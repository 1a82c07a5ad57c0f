"""What one source says about every transaction, worked out on distinct values and spread over the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantrail.destinations.terms import normalised

Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One source's opinion per transaction, shapes [n]: class code (0: none), confidence, evidence texts and
    the index into them."""

    code: Codes
    confidence: NDArray[np.int16]
    texts: pl.Series
    place: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Distinct:
    """A column as its distinct values [v] and, per row [n], the place among them (-1: null)."""

    values: pl.Series
    place: NDArray[np.int32]

    def spread(self, per_value: NDArray[Any], missing: int) -> NDArray[Any]:
        """One entry per value -> one per row, `missing` where the row is null."""
        padded = np.append(per_value, np.array([missing], per_value.dtype))
        return padded[self.place]


def distinct(column: pl.Series) -> Distinct:
    """The column by its distinct values, in no particular order."""
    values = column.drop_nulls().unique()
    table = values.rename("value").to_frame().with_row_index("place")
    joined = column.rename("value").to_frame().join(table, on="value", how="left", maintain_order="left")
    return Distinct(values, joined["place"].cast(pl.Int32).fill_null(-1).to_numpy())


def normalised_distinct(column: pl.Series) -> Distinct:
    """As `distinct`, of the normalised texts; only distinct raw texts are normalised."""
    raw = distinct(column)
    cleaned = distinct(raw.values.rename("value").to_frame().select(normalised("value"))["value"])
    return Distinct(cleaned.values, raw.spread(cleaned.place, -1))


def columns_or_null(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """`frame` with exactly these text columns; one that it lacks is null, empty text is null."""
    return frame.select(
        pl.col(name).cast(pl.String).replace("", None)
        if name in frame.columns
        else pl.lit(None, pl.String).alias(name)
        for name in names
    )


def lookup(keys: Distinct, table: pl.DataFrame, on: str) -> Candidate:
    """`table` has columns `on`, class_code, confidence_permille, evidence, one row per key."""
    indexed = table.with_row_index("place").select(on, "place", "class_code", "confidence_permille")
    joined = keys.values.rename(on).to_frame().join(indexed, on=on, how="left", maintain_order="left")
    return Candidate(
        keys.spread(joined["class_code"].cast(pl.UInt8).fill_null(0).to_numpy(), 0),
        keys.spread(joined["confidence_permille"].cast(pl.Int16).fill_null(0).to_numpy(), 0),
        table["evidence"],
        keys.spread(joined["place"].cast(pl.Int32).fill_null(-1).to_numpy(), -1),
    )
