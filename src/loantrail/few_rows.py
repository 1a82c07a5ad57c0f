"""Frames made of few rows: setting one up takes longer than what is done with it, and some ways take ten times as long. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

_ROW: Final = pl.get_index_type()
_ROW_BY_ROW: Final = 96
"""So many rows at most are handed over with the names of their values, which sets up a frame soonest; more of them column by column."""
_KEPT_MOST: Final = 128
"""Schemas are declared by modules, and are not so many."""
_KEPT: Final[dict[int, tuple[Mapping[str, Any], pl.DataFrame]]] = {}


def empty(schema: Mapping[str, Any]) -> pl.DataFrame:
    """A frame of that schema without rows. The schema stays as it is."""
    kept = _KEPT.get(id(schema))
    if kept is None or kept[0] is not schema:
        # Making one takes as long as one of something. Held with its schema, so that no other one can have that number.
        kept = schema, pl.DataFrame(schema=schema)
        if len(_KEPT) < _KEPT_MOST:
            _KEPT[id(schema)] = kept
    return kept[1].clone()


def instants_us(column: pl.Series) -> np.ndarray[Any, np.dtype[np.int64]]:
    """[rows] instants (to the microsecond, no nulls) in microseconds UTC since 1970, without a query over the column."""
    return column.to_numpy().view(np.int64)


def picked(column: pl.Series, rows: np.ndarray[Any, Any]) -> pl.Series:
    """Those rows of a column, in that order, without a query over it."""
    return column[pl.Series(rows, dtype=_ROW)]


class FewRows:
    """Makes frames of one schema, for a module to hold."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = dict(schema)
        self._names = tuple(self.schema)

    def nothing(self) -> pl.DataFrame:
        """No rows."""
        return empty(self.schema)

    def frame(self, rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
        """Values in the order of the schema; instants may be microseconds UTC since 1970."""
        if not rows:
            return self.nothing()
        if len(rows) > _ROW_BY_ROW:
            columns = zip(self.schema.items(), zip(*rows, strict=True), strict=True)
            return pl.DataFrame([pl.Series(name, values, dtype=dtype) for (name, dtype), values in columns])
        names = self._names
        return pl.DataFrame([dict(zip(names, row, strict=True)) for row in rows], schema=self.schema)
