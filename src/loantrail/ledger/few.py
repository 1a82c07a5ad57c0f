"""Frames of few rows, read as lists: for some hundreds of rows, setting operations of frames in motion takes far longer than
the work itself. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import polars as pl

FEW: Final = 2_048
"""So many lines at most are paired and ordered one by one: frames take more time for them."""
INSTANT: Final = pl.Datetime("us", "UTC")


def plain_columns(
    frame: pl.DataFrame, types: Mapping[str, Any], nullable: Collection[str], absent: Collection[str] = ()
) -> dict[str, list[Any]] | None:
    """The values of the columns that `types` names, instants as microseconds UTC since 1970.

    None where a column has another type, is not there (but for those of `absent`: nulls) or has nulls (but for those of
    `nullable`): then the road of frames says what that means.
    """
    found: dict[str, list[Any]] = {}
    for name, wanted in types.items():
        column = frame.get_column(name, default=None)
        if column is None:
            if name not in absent:
                return None
            found[name] = [None] * len(frame)
        elif column.dtype != wanted or (name not in nullable and column.null_count()):
            return None
        elif wanted == INSTANT:
            found[name] = column.to_numpy().view("int64").tolist()
        else:
            found[name] = column.to_list()
    return found
