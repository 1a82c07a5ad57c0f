"""Which transactions a statement line rests on, from the hops alone."""

from __future__ import annotations

import datetime

from loantrail.http.pages.paths import Hop, LineArrival, LoanTrail, TracedPath

START = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)


def hop(
    name: str, parent: str | None, to: str, fen: int, use: str = "", ended: bool = False, transfer: str = ""
) -> Hop:
    return Hop(name, parent, transfer or name, START, None, to, fen, 0, use, ended)


def summary(hops: list[Hop], use: str, held: dict[str, str] | None = None) -> list[tuple[str, int]]:
    return [(one.hop.transfer_id, one.counted_fen) for one in LoanTrail(hops).arrivals(use, held or {})]


def only_arrival(hops: list[Hop], use: str) -> tuple[LineArrival, list[TracedPath]]:
    trail = LoanTrail(hops)
    (arrival,) = trail.arrivals(use, {})
    return arrival, trail.paths(arrival)


def test_money_that_a_payee_passed_on_still_counts_where_its_use_was_decided() -> None:
    hops = [
        hop("d", None, "A", 100),
        hop("pay", "d", "S", 80, "supplier"),
        hop("on", "pay", "T", 30, "supplier"),
        hop("out", "on", "", 10, "supplier", ended=True),
    ]
    assert summary(hops, "supplier") == [("pay", 80)]
    assert summary(hops, "held", {"A": "held"}) == [("d", 20)]


def test_money_that_came_back_is_not_counted_at_the_payee_it_left() -> None:
    hops = [
        hop("d", None, "A", 100),
        hop("pay", "d", "S", 80, "supplier"),
        hop("back", "pay", "A", 30),
        hop("shares", "back", "X", 30, "securities", ended=True),
    ]
    assert summary(hops, "supplier") == [("pay", 50)]
    assert summary(hops, "securities") == [("shares", 30)]
    _, paths = only_arrival(hops, "securities")
    assert [one.hop_id for one in paths[0].hops] == ["d", "pay", "back", "shares"]


def test_slices_of_one_transaction_over_different_ways_are_paths_of_one_arrival() -> None:
    hops = [
        hop("d", None, "A", 100),
        hop("b", "d", "B", 30),
        hop("c", "d", "C", 70),
        hop("b2", "b", "D", 30),
        hop("c2", "c", "D", 70),
        hop("x1", "b2", "X", 30, "futures", transfer="x"),
        hop("x2", "c2", "X", 70, "futures", transfer="x"),
    ]
    arrival, paths = only_arrival(hops, "futures")
    assert arrival.counted_fen == 100
    assert [(path.counted_fen, path.moved_fen) for path in paths] == [
        (70, (100, 70, 70, 70)),
        (30, (100, 30, 30, 30)),
    ]


def test_slices_over_the_same_way_are_one_path() -> None:
    hops = [
        hop("d", None, "A", 100),
        hop("b", "d", "B", 60, transfer="t1"),
        hop("c", "d", "B", 40, transfer="t1"),
        hop("x1", "b", "X", 60, "cash", True, transfer="t2"),
        hop("x2", "c", "X", 40, "cash", True, transfer="t2"),
    ]
    _, paths = only_arrival(hops, "cash")
    assert [(path.counted_fen, path.moved_fen) for path in paths] == [(100, (100, 100, 100))]


def test_largest_arrivals_come_first() -> None:
    hops = [hop("d", None, "A", 100), hop("p", "d", "", 10, "tax", True), hop("q", "d", "", 90, "tax", True)]
    assert summary(hops, "tax") == [("q", 90), ("p", 10)]


def test_money_that_ended_without_a_use_is_outside_or_in_a_pool() -> None:
    hops = [hop("d", None, "A", 100), hop("p", "d", "POOL", 60, "", True), hop("o", "d", "", 40, "", True)]
    assert summary(hops, "pooled") == [("p", 60)]
    assert summary(hops, "outside") == [("o", 40)]
