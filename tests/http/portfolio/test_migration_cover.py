"""What is hidden of a matrix of migration: no cell of too few loans follows from anything that is told, by another solver."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.http.portfolio.told import CLASSES, NEW, NOW, Cell, Reader, column, row

from loantrail.http.pages.portfolio.migration_cover import (
    RATES,
    Covered,
    Matrix,
    covered_matrix,
    told_by_class,
)
from loantrail.http.pages.portfolio.migration_parts import covered_parts

LEAST = 3
COUNTS = st.sampled_from((0, 0, 0, 1, 2, 3, 4, 7, 40, 1_000))
MATRICES = st.builds(
    lambda moves, new: Matrix(
        {cell: count for cell, count in moves.items() if count},
        {name: count for name, count in new.items() if count},
    ),
    st.dictionaries(st.tuples(st.sampled_from(CLASSES), st.sampled_from(NOW)), COUNTS, max_size=14),
    st.dictionaries(st.sampled_from(CLASSES), COUNTS, max_size=3),
)


def _truth(matrix: Matrix) -> dict[Cell, int]:
    return dict(matrix.moves) | {(NEW, name): count for name, count in matrix.new.items()}


def _reader(matrix: Matrix, covered: Covered, *, total_hidden: bool = False) -> Reader:
    reader = Reader(_truth(matrix))
    told = told_by_class(matrix, LEAST, total_hidden=total_hidden)
    if not covered.whole:
        for cell in matrix.moves.keys() - covered.moves:
            reader.is_told([cell])
    for rate in RATES:
        if rate not in covered.rates:
            reader.rate(rate)
    if not covered.new:
        reader.is_told([(NEW, name) for name in CLASSES])
    for name in CLASSES:
        if name in told.rows:
            reader.is_told(row(name))
        if name in told.columns:
            reader.is_told(column(name))
    if told.total:
        reader.is_told([cell for name in CLASSES for cell in column(name)])
    if told.then_total:
        reader.is_told([cell for name in CLASSES for cell in row(name)])
    return reader


def _small(counts: Mapping[Cell, int]) -> set[Cell]:
    return {cell for cell, count in counts.items() if 0 < count < LEAST}


@settings(max_examples=250, deadline=None)
@given(matrix=MATRICES)
def test_no_cell_of_too_few_loans_follows_from_what_is_told(matrix: Matrix) -> None:
    covered = covered_matrix(matrix, told_by_class(matrix, LEAST, total_hidden=False), LEAST)

    assert _small(matrix.moves) <= covered.moves or covered.whole
    if covered.whole:
        return
    reader = _reader(matrix, covered)
    assert not _small(_truth(matrix)) & set(reader.known())
    for name, count in matrix.rows().items():
        assert not (0 < count < LEAST and reader.knows(row(name)))
    for name, count in matrix.today().items():
        assert not (0 < count < LEAST and reader.knows(column(name)))
    if 0 < matrix.new_count < LEAST:
        assert covered.new and not reader.knows([(NEW, name) for name in CLASSES])


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(MATRICES, min_size=1, max_size=4))
def test_parts_hide_what_is_hidden_above_and_no_part_is_the_only_one_to_hide(parts: list[Matrix]) -> None:
    moves: dict[Cell, int] = {}
    new: dict[str, int] = {}
    for part in parts:
        for cell, count in part.moves.items():
            moves[cell] = moves.get(cell, 0) + count
        for name, count in part.new.items():
            new[name] = new.get(name, 0) + count
    whole = Matrix(moves, new)
    above = covered_matrix(whole, told_by_class(whole, LEAST, total_hidden=False), LEAST)
    named = {str(place): part for place, part in enumerate(parts)}

    below = covered_parts(named, whole, above, LEAST, total_hidden=False)

    for name, part in named.items():
        assert above.moves <= below[name].moves and above.rates <= below[name].rates
        assert below[name].whole or not _small(part.moves) - below[name].moves
        if not below[name].whole and not above.whole:
            reader = _reader(part, below[name])
            assert not (_small(_truth(part)) | (above.moves & part.moves.keys())) & set(reader.known())
    if above.whole:
        return
    for cell, count in moves.items():
        behind = [
            part.moves[cell] for name, part in named.items()
            if cell in part.moves and (below[name].whole or cell in below[name].moves)
        ]  # fmt: skip
        if cell not in above.moves and any(own < LEAST for own in behind):
            assert len(behind) > 1 and sum(behind) >= LEAST, (cell, count)
    for rate in RATES:
        own_rows = CLASSES[:2] if rate == "performing" else (rate,)
        full = [name for name, part in named.items() if any(then in own_rows for then, _ in part.moves)]
        hidden = [name for name in full if rate in below[name].rates]
        assert rate in above.rates or len(hidden) != 1 or len(full) == 1, rate


def test_a_row_hidden_in_the_table_of_groups_does_not_follow_from_the_grand_total() -> None:
    """Normal 100, special mention 10, substandard 2 (few), doubtful 5 (withheld): doubtful shown, substandard were 117 - 115."""
    matrix = Matrix(
        {
            ("normal", "normal"): 100, ("special_mention", "special_mention"): 10,
            ("substandard", "substandard"): 2, ("doubtful", "doubtful"): 5,
        }
    )  # fmt: skip
    covered = covered_matrix(matrix, told_by_class(matrix, LEAST, total_hidden=False), LEAST)
    assert ("doubtful", "doubtful") in covered.moves and "normal" not in covered.rates
    assert ("normal", "normal") not in covered.moves


def test_the_sums_of_a_rate_do_not_give_its_parts_away() -> None:
    """Of 45 normal, 2 became substandard, 2 were settled: with what moved down both would follow."""
    matrix = Matrix(
        {
            ("normal", "normal"): 41, ("normal", "substandard"): 2, ("normal", "settled"): 2,
            ("special_mention", "special_mention"): 30, ("substandard", "substandard"): 20,
            ("special_mention", "settled"): 4, ("substandard", "settled"): 5,
        },
        {"normal": 6},
    )  # fmt: skip
    covered = covered_matrix(matrix, told_by_class(matrix, LEAST, total_hidden=False), LEAST)
    assert not covered.whole
    assert "normal" in covered.rates and "performing" in covered.rates
    reader = _reader(matrix, covered)
    assert not _small(matrix.moves) & set(reader.known())


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    matrix = Matrix(
        {("normal", "normal"): 40, ("normal", "substandard"): 3, ("loss", "loss"): 9}, {"normal": 5}
    )
    assert covered_matrix(matrix, told_by_class(matrix, LEAST, total_hidden=False), LEAST) == Covered()
    one = Matrix({("normal", "normal"): 1})
    assert covered_matrix(one, told_by_class(one, 0, total_hidden=False), 0) == Covered()
