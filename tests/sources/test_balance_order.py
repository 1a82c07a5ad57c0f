"""The order of a day's lines, found from the balances after them."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as some

from loantrail.sources.balance_order import order_within_days


def sequence(*lines: tuple[str, str, int | None, int | None]) -> list[int]:
    """Lines are (account, day, moved_fen, balance_fen)."""
    frame = pl.DataFrame(lines, schema=["account", "day", "moved", "balance"], orient="row")
    return order_within_days(frame["account"], frame["day"], frame["moved"], frame["balance"]).to_list()


def test_each_next_line_starts_where_the_balance_stands() -> None:
    assert sequence(
        ("A", "01", 500, 500),
        ("A", "02", -100, 450),
        ("A", "02", -50, 400),
        ("A", "02", 50, 550),
        ("B", "02", -10, 90),
        ("B", "02", 100, 100),
    ) == [1, 3, 4, 2, 2, 1]


def test_the_first_day_begins_with_the_line_that_no_other_leads_to() -> None:
    assert sequence(("A", "01", -30, 70), ("A", "01", 20, 120), ("A", "01", -20, 100)) == [3, 1, 2]


def test_a_rounded_balance_or_a_missing_line_does_not_upset_the_order() -> None:
    assert sequence(("A", "01", 1000, 1000), ("A", "02", -300, 690), ("A", "02", -10, 991)) == [1, 3, 2]
    assert sequence(("A", "01", 5, None), ("A", "01", 5, 5), ("A", "02", None, 9), ("A", "02", 1, 6)) == [
        2,
        1,
        4,
        3,
    ]


@settings(max_examples=30, deadline=None)
@given(
    some.lists(some.tuples(some.integers(0, 2), some.integers(1, 9)), min_size=1, max_size=25),
    some.randoms(),
)
def test_any_shuffled_statement_chains_again(moves: list[tuple[int, int]], shuffler: object) -> None:
    # the account is opened on a day of its own: of a circle of balances alone nobody can say where it began
    balance, day = 1000, 1
    lines = [("A", "0000", 1000, 1000)]
    for next_day, amount in moves:
        day += next_day == 0
        moved = amount if amount % 2 else -amount
        balance += moved
        lines.append(("A", f"{day:04}", moved, balance))
    shuffler.shuffle(lines)  # type: ignore[attr-defined]  hypothesis types it as object
    order = sequence(*lines)
    assert sorted(order) == list(range(1, len(lines) + 1))
    stands = 0
    for _, (_, _, moved, balance_after) in sorted(zip(order, lines, strict=True)):
        assert stands + moved == balance_after
        stands = balance_after
