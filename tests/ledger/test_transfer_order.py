"""All transfers in one order, where statements contradict each other too."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

import numpy as np
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.ledger.statement_lines import lines

from loantrail.ids import seeded_random
from loantrail.ledger.kernel_order import order_transfers
from loantrail.ledger.pairing import pair_lines
from loantrail.ledger.transfers import build_transfers, line_ids

CROSSING = """
    03-01 09:00 | A | debit  | 100 | to=B
    03-01 10:00 | B | credit | 100 | to=A
    03-01 09:00 | B | debit  | 200 | to=A
    03-01 10:00 | A | credit | 200 | to=B
    03-05 09:00 | A | debit  | 300 | to=D
    03-05 09:00 | D | credit | 300 | to=A
"""
YEAR_END = "    12-31 09:00 | C | debit | 700 | to=X"


def ordered(text: str) -> pl.DataFrame:
    frame = lines(text)
    frame = frame.with_columns(line_ids(frame))
    return build_transfers(frame, pair_lines(frame).pairs).transactions


def test_payments_that_cross_on_their_way_move_nothing_else():
    alone, with_others = ordered(CROSSING), ordered(CROSSING + YEAR_END)
    assert with_others.head(3).rows() == alone.rows()
    assert alone["amount_fen"].to_list() == [100, 200, 300]
    assert alone["booked_at"].dt.day().to_list() == [1, 1, 5]
    assert with_others["booked_at"].dt.month().to_list() == [3, 3, 3, 12]


class Statements:
    """Transfers between few accounts, some of them long on their way, numbered by when they left."""

    def __init__(self, seed: int, accounts: int = 6, transfers: int = 24) -> None:
        dice: random.Random = seeded_random(seed)
        slow = dice.choice((0, 1, 4, 40))
        self.left = sorted(dice.randrange(60) for _ in range(transfers))
        statements: dict[int, list[tuple[int, int, int]]] = {}
        for number, at in enumerate(self.left):
            payer, payee = dice.sample(range(accounts), 2)
            statements.setdefault(payer, []).append((at, number, 0))
            statements.setdefault(payee, []).append((at + dice.randrange(slow + 1), number, 1))
        self.before = np.full((transfers, 2), -1, np.int64)
        self.statements: list[list[int]] = []
        for statement in statements.values():
            statement.sort()
            self.statements.append([number for _, number, _ in statement])
            for (_, one, side), (_, other, other_side) in pairwise(statement):
                self.before[other, other_side] = 2 * one + side

    def edges(self) -> list[tuple[int, int]]:
        return [
            (int(one) // 2, number) for number, both in enumerate(self.before) for one in both if one >= 0
        ]


def reachable(edges: list[tuple[int, int]], count: int) -> np.ndarray:
    """[i, j] whether j stands somewhere behind i."""
    there = np.zeros((count, count), np.bool_)
    for one, other in edges:
        there[one, other] = True
    for middle in range(count):
        there |= np.outer(there[:, middle], there[middle])
    return there


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
@example(0)
def test_only_what_should_each_precede_the_others_breaks_a_statement(seed: int):
    told = Statements(seed)
    count = len(told.left)
    order, forced, circle = order_transfers(told.before)
    place = np.argsort(order)

    behind = reachable(told.edges(), count)
    each_other = behind & behind.T
    assert sorted(order.tolist()) == list(range(count))
    for one in range(count):
        assert (circle[one] >= 0) == each_other[one].any()
        together = circle == circle[one]
        assert not each_other[one].any() or np.array_equal(
            together, each_other[one] | (np.arange(count) == one)
        )
    broken = [(one, other) for one, other in told.edges() if place[one] > place[other]]
    assert all(forced[other] and each_other[one, other] for one, other in broken)
    assert forced.any() == each_other.any()
    for statement in told.statements:
        for one, other in combinations(statement, 2):
            assert place[one] < place[other] or each_other[one, other], (
                "what contradicts nobody keeps its place"
            )
    for number in np.unique(circle[circle >= 0]).tolist():
        members = np.flatnonzero(circle == number)
        assert forced[members.min()], "the first by booking time goes first"


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_nothing_stands_later_than_what_precedes_it_demands(seed: int):
    told = Statements(seed)
    count = len(told.left)
    order, _, _ = order_transfers(told.before)
    place = np.argsort(order)
    left = np.array(told.left)

    behind = reachable(told.edges(), count)
    latest = np.maximum.accumulate(left[order])
    for number in range(count):
        precede = np.append(left[behind[:, number]], left[number])
        assert latest[place[number]] <= precede.max()


def test_where_all_contradicts_all_booking_time_decides():
    # One statement has them as they left, the other the other way round: far more circles than are looked at one by one.
    count = 1_000
    before = np.full((count, 2), -1, np.int64)
    before[1:, 0] = 2 * np.arange(count - 1)
    before[:-1, 1] = 2 * np.arange(1, count) + 1
    order, forced, circle = order_transfers(before)
    assert order.tolist() == list(range(count))
    assert forced.any() and (circle == circle[0]).all()
