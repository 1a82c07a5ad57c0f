"""The pure parts of the portfolio: what is hidden in a table of two ways, shares, the Herfindahl index, rates of migration."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from loantrail.http.pages.portfolio.cells import covered
from loantrail.http.pages.portfolio.ratios import (
    PPM,
    Move,
    down_rates,
    hhi_of,
    hhi_ppm,
    share_ppm,
    turned_bad_rate,
)
from loantrail.ledger.model import FIVE_CLASSES

LEAST = 3
TABLES = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 8), min_size=width, max_size=width), min_size=1, max_size=5
    )
)


def _told(
    counts: list[list[int]], cells: list[list[bool]], columns: list[bool], rows: list[bool]
) -> set[tuple[int, int]]:
    """Hidden cells whose value the shown cells and the shown totals leave one answer for, by the rank of the equations."""
    behind = [
        (row, column)
        for row, column in product(range(len(counts)), range(len(counts[0])))
        if cells[row][column] and counts[row][column]
    ]
    equations = [[float(cell[0] == row) for cell in behind] for row in range(len(counts)) if not rows[row]]
    equations += [
        [float(cell[1] == column) for cell in behind]
        for column in range(len(counts[0]))
        if not columns[column]
    ]
    matrix = np.array(equations).reshape(len(equations), len(behind))
    rank = np.linalg.matrix_rank(matrix) if matrix.size else 0
    found = set[tuple[int, int]]()
    for place, cell in enumerate(behind):
        alone = np.zeros((1, len(behind)))
        alone[0, place] = 1
        if matrix.size and np.linalg.matrix_rank(np.vstack([matrix, alone])) == rank:
            found.add(cell)
    return found


@settings(max_examples=400, deadline=None)
@given(counts=TABLES, apart=st.booleans(), data=st.data())
def test_no_small_cell_is_told_by_the_totals(
    counts: list[list[int]], apart: bool, data: st.DataObject
) -> None:
    # A row whose loans are too few is hidden whole, and its total with it.
    forced = [
        0 < sum(line) < LEAST or (0 < max(line) < LEAST and sum(map(bool, line)) == 1) for line in counts
    ]
    above = data.draw(st.lists(st.booleans(), min_size=len(counts[0]), max_size=len(counts[0])))
    # The totals are a row of their own, and hidden as one.
    own = covered([[sum(column) for column in zip(*counts, strict=True)]], LEAST, alone=True, apart=apart)
    columns = [one or other for one, other in zip(above, own.cells[0], strict=True)]

    table = covered(counts, LEAST, forced=forced, columns=columns, apart=apart)

    small = {
        (row, column)
        for row, line in enumerate(counts)
        for column, count in enumerate(line)
        if 0 < count < LEAST
    }
    assert all(table.cells[row][column] for row, column in small)
    assert _told(counts, table.cells, table.columns, table.rows) & small == set()
    assert all(hidden or not was for hidden, was in zip(table.columns, columns, strict=True))
    for column, was in enumerate(columns):
        shown = all(not line[column] for line in table.cells)
        # What is hidden above is not the sum of what is shown below.
        assert not (was and shown and any(line[column] for line in counts))


@given(counts=TABLES)
def test_a_table_without_small_cells_is_shown_whole(counts: list[list[int]]) -> None:
    large = [[count + LEAST if count else 0 for count in line] for line in counts]
    table = covered(large, LEAST)
    assert not any(map(any, table.cells)) and not any(table.columns)
    assert not any(map(any, covered(counts, 0).cells))


def test_the_other_way_of_adding_up_is_closed_too() -> None:
    # One small cell: its row hides a second, its column a third, and their crossing a fourth.
    table = covered([[1, 7, 9], [6, 8, 9], [9, 9, 9]], LEAST)
    assert table.cells == [[True, True, False], [True, True, False], [False, False, False]]


def test_one_row_alone_hides_no_less_than_two() -> None:
    assert covered([[1, 5, 9]], LEAST, alone=True, apart=False).cells == [[True, True, False]]
    # Both may be money of the same two loans: the next is hidden with them.
    assert covered([[2, 2, 9]], LEAST, alone=True, apart=False).cells == [[True, True, True]]
    assert covered([[2, 2, 9]], LEAST, alone=True).cells == [[True, True, False]]


def test_the_herfindahl_index_of_the_domain_facts() -> None:
    assert hhi_ppm([40, 30, 20, 10]) == 300_000
    assert (hhi_ppm([7]), hhi_ppm([]), hhi_ppm([0])) == (PPM, None, None)


@given(balances=st.lists(st.integers(0, 2**62), max_size=30))
def test_the_index_lies_between_equal_shares_and_one_alone(balances: list[int]) -> None:
    index = hhi_ppm(balances)
    assert index == hhi_of(sum(one**2 for one in balances), sum(balances))
    if index is not None:
        owing = sum(one > 0 for one in balances)
        assert PPM // owing <= index <= PPM
    split = hhi_ppm([part for one in balances for part in (one, one)])
    assert index is None or split is None or split <= index


def test_shares_round_halves_up() -> None:
    assert (share_ppm(1, 3), share_ppm(2, 3), share_ppm(1, 2_000_000), share_ppm(1, 0)) == (
        333_333,
        666_667,
        1,
        None,
    )


def test_the_rates_of_the_domain_facts() -> None:
    # 1,000 normal at the beginning, 50 repaid, 50 moved down.
    moves = [Move("normal", "normal", 9, 950, 900, 50), Move("normal", "special_mention", 1, 50, 50, 0)]
    assert down_rates(moves)["normal"].ppm == 52_632
    # From normal 10 turned bad, from special mention 12 of 100, of which 10 were reduced.
    moves = [
        Move("normal", "normal", 9, 990, 940, 50),
        Move("normal", "substandard", 1, 10, 10, 0),
        Move("special_mention", "special_mention", 3, 88, 78, 10),
        Move("special_mention", "doubtful", 1, 12, 12, 0),
    ]
    assert turned_bad_rate(moves).ppm == 21_154


def test_who_is_written_off_was_reduced_and_did_not_move_down() -> None:
    moves = [
        Move("substandard", "written_off", 2, 400, 0, 400),
        Move("substandard", "loss", 1, 600, 500, 100),
    ]
    rate = down_rates(moves)["substandard"]
    assert (rate.down_count, rate.down_fen, rate.opening_fen, rate.reduced_fen, rate.ppm) == (
        1,
        500,
        1_000,
        500,
        PPM,
    )


@given(
    st.lists(
        st.tuples(st.sampled_from(FIVE_CLASSES), st.sampled_from((*FIVE_CLASSES, "settled")), st.integers(1, 9),
                  st.integers(0, 10**15), st.integers(0, 10**15)),
        max_size=25,
    )
)  # fmt: skip
def test_a_rate_never_exceeds_the_whole(drawn: list[tuple[str, str, int, int, int]]) -> None:
    moves = [
        Move(then, now, count, balance, 0 if now == "settled" else min(left, balance),
             balance if now == "settled" else balance - min(left, balance))
        for then, now, count, balance, left in drawn
    ]  # fmt: skip
    rates = down_rates(moves)
    assert set(rates) == {move.class_then for move in moves} - {"loss"}
    for rate in (*rates.values(), turned_bad_rate(moves)):
        assert rate.ppm is None or 0 <= rate.ppm <= PPM
        assert rate.down_fen <= rate.opening_fen - rate.reduced_fen
