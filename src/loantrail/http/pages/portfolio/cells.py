"""Which cells of a table of two ways are hidden from people who may not see single loans. Pure.

Rows and columns both add up to totals that are shown elsewhere, so a hidden cell can be had from either. A cell is told where
it is the only way between its row and its column in the graph whose points are rows and columns and whose lines are the
hidden cells (a bridge): then the totals have one answer alone. Source: complementary cell suppression by cycles (Hundepool et
al., Statistical Disclosure Control, 2012, chapter 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_FREE: Final = -1
"""The point of all lines whose total is hidden: nothing can be taken from those."""

Table = Sequence[Sequence[int]]
Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Covered:
    """`cells[row][column]`, and the totals of rows and columns: whether each is hidden."""

    cells: list[list[bool]]
    rows: list[bool]
    columns: list[bool]


def covered(
    counts: Table,
    least: int,
    *,
    forced: Sequence[bool] = (),
    columns: Sequence[bool] = (),
    also: Sequence[Cell] = (),
    alone: bool = False,
    apart: bool = True,
) -> Covered:
    """What is hidden of `counts[row][column]`, loans that each cell stands for.

    `forced`: rows of which every cell and the total are hidden. `columns`: those whose total is hidden already: their cells must
    not add up to it. `also`: more cells that must not be told. `alone`: the totals of columns are told nowhere. `apart`: whether the cells of a row stand for different
    loans; those of a column always do. Empty cells hide nothing, and `least` 0 hides none.
    """
    table = _Table(counts, least, forced, columns, also, alone, apart)
    if least:
        while table.close_lines() or table.close_bridges():
            pass
    return Covered(table.marks, *table.totals)


class _Table:
    def __init__(
        self,
        counts: Table,
        least: int,
        forced: Sequence[bool],
        columns: Sequence[bool],
        also: Sequence[Cell],
        alone: bool,
        apart: bool,
    ) -> None:
        self._counts, self._least, self._alone, self._apart = counts, least, alone, apart
        self._height, self._width = len(counts), len(counts[0]) if counts else 0
        self.totals = (list(forced) or [False] * self._height, list(columns) or [False] * self._width)
        self._forced = list(self.totals[0])
        self._also = frozenset(also)
        self.marks = [
            [
                least > 0 and (self._forced[row] or 0 < count < least or (row, column) in self._also)
                for column, count in enumerate(line)
            ]
            for row, line in enumerate(counts)
        ]
        self._lines = [
            (0, row, [(row, column) for column in range(self._width)]) for row in range(self._height)
        ]
        if not alone:
            self._lines += [
                (1, column, [(row, column) for row in range(self._height)]) for column in range(self._width)
            ]

    def close_lines(self) -> bool:
        """Hide more in every line whose total tells what is hidden; whether anything was."""
        changed = False
        for way, place, cells in self._lines:
            full = [cell for cell in cells if self._count(cell)]
            behind = [cell for cell in full if self._hidden(cell)]
            if self.totals[way][place]:
                enough = bool(behind) or not full
            else:
                counts = [self._count(cell) for cell in behind]
                stands = sum(counts) if way == 1 or self._apart else max(counts, default=0)
                enough = not any(map(self._guarded, behind)) or (
                    len(behind) > 1 and (stands >= self._least or len(behind) == len(full))
                )
            if not enough:
                self._hide_one(full, way, place)
                changed = True
        return changed

    def close_bridges(self) -> bool:
        """Hide one more cell in the line of the first guarded cell that the totals tell; whether there was one."""
        told = self._bridge()
        if told is None:
            return False
        row, column = told
        # What joins the two sides again closes a ring with one cell.
        near, far = (_reached(end, self._ends(without=told)) for end in self._end(told))
        ring = [cell for _, _, cells in self._lines for cell in cells if self._joins(cell, near, far)]
        beside = [cell for _, _, cells in self._lines if told in cells for cell in cells if self._count(cell)]
        way = 0 if self.totals[1][column] else 1
        self._hide_one(ring or beside, way, row if way == 0 else column)
        return True

    def _joins(self, cell: Cell, near: set[int], far: set[int]) -> bool:
        one, other = self._end(cell)
        joins = (one in near and other in far) or (one in far and other in near)
        return joins and not self._hidden(cell) and self._count(cell) > 0

    def _hide_one(self, cells: Sequence[Cell], way: int, place: int) -> None:
        """The smallest cell that is shown, of a row with others first; without one the total of the line."""
        shown = [cell for cell in cells if not self._hidden(cell)]
        if not shown:
            self.totals[way][place] = True
            return
        row, column = min(shown, key=lambda cell: (self._bare(cell[0]), self._count(cell), cell))
        self.marks[row][column] = True

    def _guarded(self, cell: Cell) -> bool:
        """Whether the cell must not be told; others are hidden only for the sake of those."""
        small = 0 < self._count(cell) < self._least
        return small or cell in self._also or self._forced[cell[0]] or self.totals[1][cell[1]]

    def _bare(self, row: int) -> bool:
        return sum(count > 0 for count in self._counts[row]) < 2

    def _count(self, cell: Cell) -> int:
        return self._counts[cell[0]][cell[1]]

    def _hidden(self, cell: Cell) -> bool:
        return self.marks[cell[0]][cell[1]]

    def _end(self, cell: Cell) -> tuple[int, int]:
        """The points of a cell: its row and its column, as far as their totals are told."""
        row, column = cell
        return (
            _FREE if self.totals[0][row] else row,
            _FREE if self._alone or self.totals[1][column] else self._height + column,
        )

    def _ends(self, without: Cell | None = None) -> list[tuple[int, int]]:
        return [
            self._end((row, column))
            for row, marks in enumerate(self.marks)
            for column, mark in enumerate(marks)
            if mark and self._counts[row][column] and (row, column) != without
        ]

    def _bridge(self) -> Cell | None:
        """The first guarded cell without another way between its row and its column."""
        for row, marks in enumerate(self.marks):
            for column, mark in enumerate(marks):
                cell = row, column
                if mark and self._count(cell) and self._guarded(cell):
                    one, other = self._end(cell)
                    if other not in _reached(one, self._ends(without=cell)):
                        return cell
        return None


def _reached(start: int, pairs: Sequence[tuple[int, int]]) -> set[int]:
    """The points that lines lead to from one, itself among them."""
    reached, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for pair in pairs:
            if here in pair:
                for there in pair:
                    if there not in reached:
                        reached.add(there)
                        waiting.append(there)
    return reached
