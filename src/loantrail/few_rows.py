"""Frames made of few rows: setting one up takes longer than what is done with it, and some ways take ten times as long. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

_ROW_BY_ROW: Final = 128
"""So many rows at most are handed over with the names of their values, which sets up a frame soonest."""
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
            return pl.DataFrame(rows, schema=self.schema, orient="row")
        names = self._names
        return pl.DataFrame([dict(zip(names, row, strict=True)) for row in rows], schema=self.schema)
