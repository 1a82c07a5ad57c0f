"""What one source says about every transaction, worked out on distinct values and spread over the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantrail.destinations.terms import normalised

Codes = NDArray[np.uint8]
FEW: Final = 256
"""So few values are looked up one by one: setting a join of frames in motion takes longer."""


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
    if len(column) <= FEW:
        places: dict[Any, int] = {}
        numbers = [
            -1 if value is None else places.setdefault(value, len(places)) for value in column.to_list()
        ]
        return Distinct(pl.Series(column.name, list(places), dtype=column.dtype), np.array(numbers, np.int32))
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
    if len(keys.values) <= FEW and len(table) <= FEW:
        return _looked_up(keys, table, on)
    indexed = table.with_row_index("place").select(on, "place", "class_code", "confidence_permille")
    joined = keys.values.rename(on).to_frame().join(indexed, on=on, how="left", maintain_order="left")
    return Candidate(
        keys.spread(joined["class_code"].cast(pl.UInt8).fill_null(0).to_numpy(), 0),
        keys.spread(joined["confidence_permille"].cast(pl.Int16).fill_null(0).to_numpy(), 0),
        table["evidence"],
        keys.spread(joined["place"].cast(pl.Int32).fill_null(-1).to_numpy(), -1),
    )


def _looked_up(keys: Distinct, table: pl.DataFrame, on: str) -> Candidate:
    places: dict[Any, int] = {}
    for place, key in enumerate(table[on].to_list()):
        if key is not None:
            places.setdefault(key, place)
    found = np.array([places.get(value, -1) for value in keys.values.to_list()], np.int32)
    # The last entry stands for keys that the table does not hold.
    codes, confidences = (
        np.append(table[name].cast(dtype).fill_null(0).to_numpy(), np.zeros(1, numpy_dtype))[found]
        for name, dtype, numpy_dtype in (
            ("class_code", pl.UInt8, np.uint8),
            ("confidence_permille", pl.Int16, np.int16),
        )
    )
    return Candidate(
        keys.spread(codes, 0), keys.spread(confidences, 0), table["evidence"], keys.spread(found, -1)
    )
