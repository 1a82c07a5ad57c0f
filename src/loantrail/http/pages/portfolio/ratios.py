"""Shares, the Herfindahl index and rates of migration, in whole millionths. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loantrail.ledger.model import FIVE_CLASSES

PPM: Final = 1_000_000
PERFORMING: Final = FIVE_CLASSES[:2]
"""Classes above the non-performing three."""


def share_ppm(part_fen: int, whole_fen: int) -> int | None:
    """Part over whole in millionths, halves up; None without a whole."""
    return (2 * part_fen * PPM + whole_fen) // (2 * whole_fen) if whole_fen > 0 else None


def hhi_ppm(balances_fen: Iterable[int]) -> int | None:
    """Herfindahl-Hirschman index, the sum of the squared shares, in millionths: 40, 30, 20 and 10 percent are 300,000 (3,000 in
    the usual count to 10,000). None where nothing is owed. Source: domain facts H1."""
    balances = list(balances_fen)
    return hhi_of(sum(one * one for one in balances), sum(balances))


def hhi_of(squares: int, whole_fen: int) -> int | None:
    """The same from the sum of the squared balances."""
    return (2 * squares * PPM + whole_fen**2) // (2 * whole_fen**2) if whole_fen > 0 else None


@dataclass(frozen=True, slots=True)
class Move:
    """The loans that were in one class on the earlier day and are in another today, or gone by a state. `balance_fen` of the
    earlier day; `balance_now_fen` of today, 0 of loans that are gone; `reduced_fen`: by what the balances of those that fell
    fell, the whole of those that are gone."""

    class_then: str
    class_now: str
    loan_count: int
    balance_fen: int
    balance_now_fen: int
    reduced_fen: int

    @property
    def is_down(self) -> bool:
        """Whether the class is a worse one. Who is gone did not move down: it is a reduction."""
        return (
            self.class_now in FIVE_CLASSES
            and self.class_then in FIVE_CLASSES
            and FIVE_CLASSES.index(self.class_now) > FIVE_CLASSES.index(self.class_then)
        )

    @property
    def turned_bad(self) -> bool:
        """Whether the loans were performing and are not."""
        return self.class_then in PERFORMING and self.is_down and self.class_now not in PERFORMING


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate of migration: `down_fen` over what was owed on the earlier day less what was reduced since."""

    opening_fen: int
    reduced_fen: int
    down_count: int
    down_fen: int

    @property
    def ppm(self) -> int | None:
        return share_ppm(self.down_fen, self.opening_fen - self.reduced_fen)


def down_rates(moves: Sequence[Move]) -> Mapping[str, Rate]:
    """Class -> its rate of downward migration (迁徙率), of the classes that there is a worse one to: what is owed today by loans
    that were in the class and are in a worse one, over the balance of the class then less what it was reduced by. Source:
    domain facts H1 (核心指标: 期初某类贷款向下迁徙金额 / (期初余额 − 期间减少金额))."""
    return {
        name: _rate([move for move in moves if move.class_then == name], [m for m in moves if m.is_down])
        for name in FIVE_CLASSES[:-1]
        if any(move.class_then == name for move in moves)
    }


def turned_bad_rate(moves: Sequence[Move]) -> Rate:
    """正常贷款迁徙率: of what was normal or special mention, what is non-performing today. Source: domain facts H1."""
    return _rate(
        [move for move in moves if move.class_then in PERFORMING], [m for m in moves if m.turned_bad]
    )


def _rate(within: Sequence[Move], down: Sequence[Move]) -> Rate:
    fallen = [move for move in within if move in down]
    return Rate(
        opening_fen=sum(move.balance_fen for move in within),
        reduced_fen=sum(move.reduced_fen for move in within),
        down_count=sum(move.loan_count for move in fallen),
        down_fen=sum(move.balance_now_fen for move in fallen),
    )
