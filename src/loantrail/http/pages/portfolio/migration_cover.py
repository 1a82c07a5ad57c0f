"""What of one matrix of migration is hidden from people who may not see single loans, by a complete check. Pure.

All that the reader is told of the matrix is written down as linear equations over what is hidden: the moves shown, the rows,
columns and totals that the table of groups by class tells (of then, and of today with the loans that began since), the openings
and the parts that moved down of the rates shown, and the number of new loans. A figure is told exactly where it is a combination
of these equations; that is decided by elimination in whole numbers. Counts stand for amounts too: whatever amounts are told of, the
counts are told of as well, so what is open in counts is open in amounts. Empty cells are taken as known, hidden or not, since no
count is negative. Source: secondary suppression with an audit of the linear system (Hundepool et al., Statistical Disclosure
Control, 2012, chapter 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import gcd
from typing import Final

from loantrail.http.pages.portfolio.disclosure import WHOLE, hidden_counts
from loantrail.http.pages.portfolio.ratios import PERFORMING
from loantrail.ledger.model import FIVE_CLASSES

Cell = tuple[str, str]
"""The class then, and the class or state now."""
NEW: Final = "new"
"""In place of the class then: loans that began since. They are in no row, and each class of them is a cell that is never shown."""
PERFORMING_ROW: Final = "performing"
RATES: Final = (PERFORMING_ROW, *FIVE_CLASSES[:-1])
_Vector = dict[int, int]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Loans by their move, and by class those that are new; no cell is 0."""

    moves: Mapping[Cell, int]
    new: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def new_count(self) -> int:
        return sum(self.new.values())

    def rows(self) -> dict[str, int]:
        """Class then -> its loans."""
        return _sums((then, count) for (then, _), count in self.moves.items())

    def today(self) -> dict[str, int]:
        """Class today -> its loans, new ones among them."""
        live = ((now, count) for (_, now), count in self.moves.items() if now in FIVE_CLASSES)
        return _sums([*live, *self.new.items()])


@dataclass(frozen=True, slots=True)
class Told:
    """What the table of groups by class tells of the same loans."""

    rows: frozenset[str]
    columns: frozenset[str]
    then_total: bool
    total: bool


@dataclass(frozen=True, slots=True)
class Covered:
    """What is hidden. `whole`: every cell, empty ones too, every rate and the number of new loans."""

    moves: frozenset[Cell] = frozenset()
    rates: frozenset[str] = frozenset()
    new: bool = False
    whole: bool = False

    def __or__(self, other: Covered) -> Covered:
        return Covered(
            self.moves | other.moves,
            self.rates | other.rates,
            self.new or other.new,
            self.whole or other.whole,
        )


def is_down(cell: Cell, rate: str) -> bool:
    """Whether loans of a move count as moved down in a rate."""
    then, now = cell
    if then not in FIVE_CLASSES or now not in FIVE_CLASSES:
        return False
    if rate == PERFORMING_ROW:
        return then in PERFORMING and now not in PERFORMING
    return then == rate and FIVE_CLASSES.index(now) > FIVE_CLASSES.index(then)


def rows_of(rate: str) -> Sequence[str]:
    """The classes then that a rate is of."""
    return PERFORMING if rate == PERFORMING_ROW else (rate,)


def told_by_class(matrix: Matrix, least: int, *, total_hidden: bool) -> Told:
    """What the table of groups by class shows of then and of today. `total_hidden`: the number of all loans of today is."""
    today, then = matrix.today(), matrix.rows()
    above = (WHOLE,) if total_hidden else ()
    now = _hidden_groups(today, least, above)
    before = _hidden_groups(then, least, ())
    total = not total_hidden and not _small(sum(today.values()), least)
    return Told(
        rows=frozenset(FIVE_CLASSES) - before - now,
        columns=frozenset(FIVE_CLASSES) - now,
        then_total=total and not _small(sum(then.values()), least),
        total=total,
    )


def covered_matrix(
    matrix: Matrix,
    told: Told,
    least: int,
    start: Covered = Covered(),
    known: frozenset[Cell] = frozenset(),
) -> Covered:
    """What is hidden of a matrix, `least` being the fewest loans that a figure may stand for; 0 hides nothing.

    `start`: what is hidden anyhow; full cells of it are not told either. `known`: cells that are told elsewhere.
    """
    if not least:
        return Covered()
    check = _Check(matrix, told, least, start, known)
    return check.covered()


class _Check:
    def __init__(
        self, matrix: Matrix, told: Told, least: int, start: Covered, known: frozenset[Cell]
    ) -> None:
        self._matrix, self._told, self._known = matrix, told, known
        new = {(NEW, name): count for name, count in matrix.new.items()}
        self._counts = dict(matrix.moves) | new
        self._order = sorted(self._counts)
        self._small = frozenset(cell for cell in self._order if _small(self._counts[cell], least))
        self._new = frozenset(new)
        self._guarded = (self._small | start.moves) & frozenset(self._order) - known
        self._hidden = set(start.moves) | (self._small - self._new)
        self._rates = {
            rate for rate in RATES if rate not in start.rates and not any(
                _small(self._count(part), least) for part in self._parts(rate)
            )
        }  # fmt: skip
        self._shows_new = not start.new and not _small(matrix.new_count, least)
        self._whole = start.whole or not told.total
        sums: list[frozenset[Cell]] = [
            *(self._row([name]) for name, count in matrix.rows().items() if _small(count, least)),
            *(self._column([name]) for name, count in matrix.today().items() if _small(count, least)),
            *([self._new] if _small(matrix.new_count, least) else []),
        ]
        self._must_not = [*(frozenset((cell,)) for cell in self._order if cell in self._guarded), *sums]

    def covered(self) -> Covered:
        while not self._whole and (lines := self._telling()):
            self._hide_one(lines)
        if self._whole:
            return Covered(frozenset(self._hidden), frozenset(RATES), new=True, whole=True)
        return Covered(frozenset(self._hidden), frozenset(RATES) - self._rates, new=not self._shows_new)

    def _row(self, names: Iterable[str]) -> frozenset[Cell]:
        wanted = frozenset(names)
        return frozenset(cell for cell in self._order if cell[0] in wanted)

    def _column(self, names: Iterable[str]) -> frozenset[Cell]:
        wanted = frozenset(names)
        return frozenset(cell for cell in self._order if cell[1] in wanted)

    def _parts(self, rate: str) -> list[frozenset[Cell]]:
        """What a rate divides its rows into."""
        row = self._row(rows_of(rate))
        down = frozenset(cell for cell in row if is_down(cell, rate))
        return [down, row - down]

    def _lines(self) -> list[tuple[str, frozenset[Cell]]]:
        """What is told as a sum: the rate that it is told by, `new`, or nothing for the table of groups; and its cells."""
        told = self._told
        lines = [("", self._row([name])) for name in FIVE_CLASSES if name in told.rows]
        lines += [("", self._column([name])) for name in FIVE_CLASSES if name in told.columns]
        if told.then_total:
            lines.append(("", self._row(FIVE_CLASSES)))
        if told.total:
            lines.append(("", self._column(FIVE_CLASSES)))
        if self._shows_new:
            lines.append((NEW, self._new))
        for rate in RATES:
            if rate in self._rates:
                lines += [(rate, part) for part in (self._row(rows_of(rate)), self._parts(rate)[0])]
        return lines

    def _telling(self) -> list[tuple[str, frozenset[Cell]]]:
        """The sums out of which something can be had that must not be; none where nothing can."""
        lines = self._lines()
        behind = (self._hidden | self._new) & frozenset(self._order) - self._known
        places = {cell: place for place, cell in enumerate(cell for cell in self._order if cell in behind)}
        basis: list[tuple[int, _Vector]] = []
        for number, (_, cells) in enumerate(lines):
            vector = _reduced({places[cell]: 1 for cell in cells & behind} | {-number - 1: 1}, basis)
            pivot = max(vector)
            if pivot >= 0:
                basis.append((pivot, vector))
        for cells in self._must_not:
            vector = _reduced({places[cell]: 1 for cell in cells & behind}, basis)
            if max(vector, default=-1) < 0:
                return [lines[-place - 1] for place in sorted(vector, reverse=True)] or [("", cells)]
        for line in lines:
            unknown = line[1] & behind
            # Cells that are said to be few lie between 1 and the least: a sum of such alone bounds each of them.
            if unknown and unknown <= self._small and self._candidates([line]):
                return [line]
        return []

    def _candidates(self, lines: Sequence[tuple[str, frozenset[Cell]]]) -> list[Cell]:
        shown = [cell for cell in self._order if cell not in self._hidden | self._new | self._known]
        taking_part = frozenset(cell for _, cells in lines for cell in cells)
        return [cell for cell in shown if cell in taking_part]

    def _hide_one(self, lines: Sequence[tuple[str, frozenset[Cell]]]) -> None:
        """The smallest shown figure that takes part: a rate, else the number of new loans, else a move."""
        names = {name for name, _ in lines}
        rates = sorted(names & self._rates, key=lambda rate: (self._count(self._parts(rate)[0]), rate))
        if rates:
            self._rates.discard(rates[0])
        elif NEW in names and self._shows_new:
            self._shows_new = False
        else:
            cells = self._candidates(lines) or self._candidates([("", frozenset(self._order))])
            if cells:
                self._hidden.add(min(cells, key=lambda cell: (self._counts[cell], cell)))
            else:
                self._whole = True

    def _count(self, cells: Iterable[Cell]) -> int:
        return sum(self._counts[cell] for cell in cells)


def _reduced(vector: _Vector, basis: Sequence[tuple[int, _Vector]]) -> _Vector:
    """The vector without the pivots of a basis, which each later vector of it is free of. Places below 0 keep the account of the
    equations that were used."""
    for pivot, other in basis:
        if factor := vector.get(pivot, 0):
            scale = other[pivot]
            common = gcd(factor, scale)
            factor, scale = factor // common, scale // common
            combined = {place: value * scale for place, value in vector.items()}
            for place, value in other.items():
                combined[place] = combined.get(place, 0) - value * factor
            vector = {place: value for place, value in combined.items() if value}
    return vector


def _hidden_groups(counts: Mapping[str, int], least: int, above: Sequence[str]) -> frozenset[str]:
    marks = hidden_counts({name: {WHOLE: count} for name, count in counts.items()}, (WHOLE,), least, above)
    return frozenset(name for name, hidden in marks.items() if hidden)


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, count in pairs:
        sums[name] = sums.get(name, 0) + count
    return sums


def _small(count: int, least: int) -> bool:
    return 0 < count < least
