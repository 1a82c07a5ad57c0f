"""What of the matrices of migration of the parts of a group is hidden: what the group hides, and whatever the parts, taken
together, would tell of each other. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loantrail.http.pages.portfolio.cells import covered
from loantrail.http.pages.portfolio.disclosure import WHOLE, hidden_counts
from loantrail.http.pages.portfolio.migration_cover import (
    RATES,
    Cell,
    Covered,
    Matrix,
    covered_matrix,
    rows_of,
    told_by_class,
)


def covered_parts(
    parts: Mapping[str, Matrix], whole: Matrix, above: Covered, least: int, *, total_hidden: bool
) -> dict[str, Covered]:
    """Part -> what is hidden of it. `above`: what is hidden of the `whole` that the parts add up to. `total_hidden`: the number of
    its loans today is.

    A cell that is hidden above is hidden in every part. Of a cell that is shown above, no part may be the only hidden one: the others
    would tell it. Both hold for rates and for the number of new loans."""
    if not least:
        return dict.fromkeys(parts, Covered())
    order = sorted(parts)
    small = hidden_parts(
        {name: sum(part.today().values()) for name, part in parts.items()}, least, total_hidden
    )
    told = {name: told_by_class(parts[name], least, total_hidden=name in small) for name in order}
    known = {
        name: frozenset(
            cell for cell, count in parts[name].moves.items()
            if cell not in above.moves and not above.whole and count == whole.moves.get(cell)
        )
        for name in order
    }  # fmt: skip
    found = dict.fromkeys(order, above)
    open_parts = list(order)
    while open_parts:
        for name in open_parts:
            found[name] = covered_matrix(parts[name], told[name], least, found[name], known[name])
        closed = _closed(parts, order, found, above, least, known)
        open_parts = [name for name in order if closed[name] != found[name]]
        found = closed
    return found


def hidden_parts(counts: Mapping[str, int], least: int, total_hidden: bool) -> frozenset[str]:
    """The parts whose number of loans the table of groups hides."""
    groups = {name: {WHOLE: count} for name, count in counts.items()}
    marks = hidden_counts(groups, (WHOLE,), least, (WHOLE,) if total_hidden else ())
    return frozenset(name for name, hidden in marks.items() if hidden)


def _closed(
    parts: Mapping[str, Matrix],
    order: Sequence[str],
    found: Mapping[str, Covered],
    above: Covered,
    least: int,
    known: Mapping[str, frozenset[Cell]],
) -> dict[str, Covered]:
    """What is hidden of all parts, until none is told by the others."""
    cells = sorted({cell for part in parts.values() for cell in part.moves})
    counts = [
        [0 if cell in known[name] else parts[name].moves.get(cell, 0) for cell in cells] for name in order
    ]
    table = covered(
        counts,
        least,
        forced=[found[name].whole for name in order],
        columns=[above.whole or cell in above.moves for cell in cells],
        also=[
            (row, column)
            for row, name in enumerate(order)
            for column, cell in enumerate(cells)
            if cell in found[name].moves
        ],
    )
    moves = {
        name: frozenset(
            cell for cell, mark in zip(cells, marks, strict=True) if mark and cell not in known[name]
        )
        for name, marks in zip(order, table.cells, strict=True)
    }
    closed = {name: found[name] | Covered(moves[name]) for name in order}
    for rate in RATES:
        size = {name: sum(parts[name].rows().get(row, 0) for row in rows_of(rate)) for name in order}
        if another := _another(
            size, [name for name in order if rate in found[name].rates], rate in above.rates
        ):
            closed[another] |= Covered(rates=frozenset((rate,)))
    size = {name: parts[name].new_count for name in order}
    if another := _another(size, [name for name in order if found[name].new], above.new):
        closed[another] |= Covered(new=True)
    return closed


def _another(size: Mapping[str, int], hidden: Sequence[str], hidden_above: bool) -> str | None:
    """The smallest part to hide a figure of as well, where only one full one is hidden and the whole is shown."""
    full = [name for name in hidden if size[name]]
    shown = [name for name, count in size.items() if count and name not in hidden]
    if hidden_above or len(full) != 1 or not shown:
        return None
    return min(shown, key=lambda name: (size[name], name))
