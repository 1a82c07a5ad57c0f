"""Reads the matrix of migration of one group, and what is hidden of it by the matrices on the way to it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from loantrail.http.pages.portfolio import store_migration
from loantrail.http.pages.portfolio.grouping import Grouping
from loantrail.http.pages.portfolio.migration_cover import (
    PERFORMING_ROW,
    Cell,
    Covered,
    Matrix,
    covered_matrix,
    told_by_class,
)
from loantrail.http.pages.portfolio.migration_parts import covered_parts, hidden_parts
from loantrail.http.pages.portfolio.model import PortfolioBy, Within
from loantrail.http.pages.portfolio.ratios import Move
from loantrail.http.pages.portfolio.scope import Scope, value_of
from loantrail.http.pages.store import Row


@dataclass(frozen=True, slots=True)
class Moves:
    """How the loans of a group moved since the earlier day. `new`: those that began since, by their class."""

    cells: Mapping[Cell, Move] = field(default_factory=dict[Cell, Move])
    new: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def matrix(self) -> Matrix:
        return Matrix({cell: move.loan_count for cell, move in self.cells.items()}, self.new)


@dataclass(frozen=True, slots=True)
class Shown:
    """The moves of a group, and what of them is hidden. `new_known`: whether new loans can be told apart; not within a class, which is
    the one of then."""

    moves: Moves
    covered: Covered
    new_known: bool


def read_moves(scope: Scope, within: Sequence[Within], loaded_at: datetime.datetime) -> Shown:
    """The moves of the loans that meet `within` (not by level of warnings). `loaded_at`: when the delivery of the earlier day had been
    taken in. Classes are gone down into last, whatever their place: each then is a row of the matrix."""
    parameters = dict(scope.parameters) | {"loaded_at": loaded_at}
    plain = [one for one in within if one.by is not PortfolioBy.CLASS]
    classes = [one.value for one in within if one.by is PortfolioBy.CLASS]
    if not scope.least:
        shown = Shown(_read(scope, None, plain, parameters).get("", Moves()), Covered(), not classes)
    else:
        shown = Shown(*_way(scope, plain, parameters), not classes)
    for name in classes:
        shown = _row(shown, name)
    return shown


def _way(scope: Scope, within: Sequence[Within], parameters: Row) -> tuple[Moves, Covered]:
    least = scope.least
    here = _read(scope, None, (), parameters).get("", Moves())
    total_hidden = 0 < sum(here.matrix.today().values()) < least
    found = covered_matrix(here.matrix, told_by_class(here.matrix, least, total_hidden=total_hidden), least)
    for place, one in enumerate(within):
        whole, parts = here, _read(scope, one.by, within[:place], parameters)
        name = value_of(one)
        if name not in parts:
            # Not a group right below: nothing but what is hidden above can be said of it.
            here = _read(scope, None, within[: place + 1], parameters).get("", Moves())
            parts = {name: here}
        matrices = {group: part.matrix for group, part in parts.items()}
        below = covered_parts(matrices, whole.matrix, found, least, total_hidden=total_hidden)
        counts = {group: sum(matrix.today().values()) for group, matrix in matrices.items()}
        total_hidden = name in hidden_parts(counts, least, total_hidden)
        here, found = parts[name], below[name]
    return here, found


def _read(
    scope: Scope, by: PortfolioBy | None, within: Sequence[Within], parameters: Row
) -> dict[str, Moves]:
    """Group -> its moves; one group without a name for the whole."""
    grouping = Grouping(by, within, scope.units) if by else None
    cells: dict[str, dict[Cell, Move]] = {}
    new: dict[str, dict[str, int]] = {}
    for row in store_migration.migration(scope.connection, by, within, parameters):
        group = grouping.value(row["code"]) if grouping else ""
        of, began = cells.setdefault(group, {}), new.setdefault(group, {})
        then, now = row["class_then"], row["class_now"]
        if then is None:
            began[now] = began.get(now, 0) + row["loan_count"]
            continue
        before = of.get((then, now), Move(then, now, 0, 0, 0, 0))
        of[then, now] = Move(
            then,
            now,
            before.loan_count + row["loan_count"],
            before.balance_fen + int(row["balance_fen"]),
            before.balance_now_fen + int(row["balance_now_fen"]),
            before.reduced_fen + int(row["reduced_fen"]),
        )
    return {group: Moves(of, new[group]) for group, of in cells.items()}


def _row(shown: Shown, name: str) -> Shown:
    """What is left of a matrix within one class then: its row."""
    cells = {cell: move for cell, move in shown.moves.cells.items() if cell[0] == name}
    covered = replace(shown.covered, moves=frozenset(cell for cell in shown.covered.moves if cell[0] == name))
    if any(cell in cells for cell in covered.moves):
        # It would be the part of one row of what the matrix tells of two.
        covered = replace(covered, rates=covered.rates | {PERFORMING_ROW})
    return Shown(Moves(cells), covered, new_known=False)
