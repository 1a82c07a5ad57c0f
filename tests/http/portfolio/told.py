"""What somebody who is told the migration of classes and the table of groups by class can work out: every equation over every cell,
written down anew, and solved by numpy."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, Final

import numpy as np

CLASSES: Final = ("normal", "special_mention", "substandard", "doubtful", "loss")
NOW: Final = (*CLASSES, "settled", "written_off", "transferred")
NEW: Final = "new"
Cell = tuple[str, str]
PLACES: Final[list[Cell]] = [*product(CLASSES, NOW), *((NEW, name) for name in CLASSES)]


class Reader:
    """Collects equations, each a set of cells of which the sum is told."""

    def __init__(self, truth: Mapping[Cell, int]) -> None:
        """An empty cell is taken as known: counts are not negative, so a sum of 0 tells each of its cells."""
        self._rows = [_vector([cell]) for cell in PLACES if not truth.get(cell)]

    def is_told(self, cells: list[Cell]) -> None:
        self._rows.append(_vector(cells))

    def rate(self, name: str) -> None:
        """A rate tells of its rows, and what of them moved down."""
        rows = CLASSES[:2] if name == "performing" else (name,)
        self.is_told([(then, now) for then in rows for now in NOW])
        worse = [
            (then, now)
            for then in rows
            for now in CLASSES
            if CLASSES.index(now) > (1 if name == "performing" else CLASSES.index(then))
        ]
        self.is_told(worse)

    def knows(self, cells: list[Cell]) -> bool:
        """Whether the sum of some cells follows."""
        matrix = np.array(self._rows)
        both = np.vstack([matrix, _vector(cells)])
        return bool(np.linalg.matrix_rank(both) == np.linalg.matrix_rank(matrix))

    def known(self) -> list[Cell]:
        """The cells that follow, by the space that the equations leave open."""
        matrix = np.array(self._rows)
        _, values, axes = np.linalg.svd(matrix)
        rank = int((values > 1e-9).sum())
        free = axes[rank:]
        return [cell for place, cell in enumerate(PLACES) if np.abs(free[:, place]).max(initial=0) < 1e-9]


def row(name: str) -> list[Cell]:
    return [(name, now) for now in NOW]


def column(name: str) -> list[Cell]:
    return [(then, name) for then in (*CLASSES, NEW)]


def reader_of(truth: Mapping[Cell, int], migration: Mapping[str, Any], groups: Mapping[str, Any]) -> Reader:
    """Who has read both answers. `truth`: what they are about."""
    reader = Reader(truth)
    told = {(one["class_then"], one["class_now"]): one["loan_count"] for one in migration["moves"]}
    for cell in product(CLASSES, NOW):
        if told.get(cell, 0) is not None:
            reader.is_told([cell])
    for rate in migration["rates"]:
        if rate["cover"] is None:
            reader.rate(rate["class_then"])
    if migration["new_count"] is not None:
        reader.is_told([(NEW, name) for name in CLASSES])
    for group in groups["groups"]:
        if group["loan_count"] is not None:
            reader.is_told(column(group["value"]))
        if group["before"]["loan_count"] is not None:
            reader.is_told(row(group["value"]))
    if groups["total"]["loan_count"] is not None:
        reader.is_told([cell for name in CLASSES for cell in column(name)])
    if groups["total"]["before"]["loan_count"] is not None:
        reader.is_told([cell for name in CLASSES for cell in row(name)])
    return reader


def _vector(cells: list[Cell]) -> np.ndarray[Any, np.dtype[np.float64]]:
    vector = np.zeros(len(PLACES))
    for cell in cells:
        vector[PLACES.index(cell)] = 1
    return vector
