"""The folded graph of a loan's money: nothing is lost, whatever is hidden."""

from __future__ import annotations

import datetime
from collections import defaultdict

import hypothesis
import pytest
from hypothesis import strategies as st

from loantrail.http.pages.flow.folding import BRANCHES, LOAN, Folded, Holders, HopRow, View, fold, node_id

START = datetime.date(2025, 1, 1)
NOBODY = Holders({})


def day(number: int) -> datetime.date:
    return START + datetime.timedelta(number)


def hop(
    name: str, parent: str | None, to: str | None, fen: int, depth: int, use: str = "", on: int = 0
) -> HopRow:
    return name, parent, f"t-{name}", day(on), to, fen, depth, use, to is None


def picture(folded: Folded) -> dict[tuple[str, str], int]:
    return {(edge.source, edge.target): edge.amount_fen for edge in folded.edges}


LADDER = [
    hop("d", None, "A", 100, 0),
    hop("b", "d", "B", 60, 1, on=1),
    hop("c", "b", "C", 60, 2, on=2),
    hop("e", "c", "E", 50, 3, on=3),
    hop("f", "e", "A", 20, 4, on=4),
    hop("x", "e", None, 30, 4, "cash", on=5),
]
"""A pays B pays C; behind C, E pays 20 back to A and draws 30 in cash."""


def test_two_hops_are_shown_and_what_lies_behind_is_summed_up() -> None:
    folded = fold(LADDER, View(), NOBODY)
    assert picture(folded) == {
        (LOAN, "=A"): 100,
        ("=A", "=B"): 60,
        ("=B", "=C"): 60,
        ("=C", "+=C"): 50,
        ("+=C", "=A"): 20,
    }
    behind = folded.nodes["+=C"]
    assert (behind.kind, behind.members, dict(behind.entering)) == ("folded", {"=E", "~cash"}, {"=E": 50})
    assert dict(behind.resting) == {"cash": 30}


def test_an_opened_node_shows_what_it_paid() -> None:
    folded = fold(LADDER, View(opened=frozenset({"=C"})), NOBODY)
    assert picture(folded)["=C", "=E"] == 50
    assert picture(folded)["=E", "=A"] == 20  # to a shown account, though E is closed
    assert picture(folded)["=E", "+=E"] == 30
    folded = fold(LADDER, View(opened=frozenset({"=C", "=E"})), NOBODY)
    assert picture(folded)["=E", "~cash"] == 30


def test_a_closed_node_hides_what_it_paid() -> None:
    folded = fold(LADDER, View(closed=frozenset({"=A"})), NOBODY)
    assert picture(folded) == {(LOAN, "=A"): 100, ("=A", "+=A"): 60, ("+=A", "=A"): 20}


def test_by_hop_money_that_came_round_stands_again() -> None:
    folded = fold(LADDER, View(by_account=False, levels=6), NOBODY)
    assert picture(folded)["3/=E", "4/=A"] == 20
    assert folded.nodes["0/=A"].in_fen == 100
    assert folded.nodes["4/=A"].resting_fen == 20


def test_a_hub_shows_its_largest_and_sums_up_the_rest() -> None:
    hops = [hop("d", None, "A", 5000, 0)]
    hops += [hop(f"p{n}", "d", f"P{n:02}", 100 + n, 1) for n in range(20)]
    folded = fold(hops, View(), NOBODY)
    rest = folded.nodes["+=A"]
    assert (rest.kind, len(rest.members), rest.in_fen) == ("rest", 20 - BRANCHES, sum(range(100, 112)))
    assert {"=P19", "=P12"} <= folded.nodes.keys()
    assert "=P11" not in folded.nodes
    assert "=P03" in fold(hops, View(shown=frozenset({"=P03"})), NOBODY).nodes
    assert len(fold(hops, View(more={"=A": 1}), NOBODY).nodes["+=A"].members) == 20 - 2 * BRANCHES


def test_a_single_account_is_never_summed_up_alone() -> None:
    hops = [hop("d", None, "A", 5000, 0)]
    hops += [hop(f"p{n}", "d", f"P{n}", 100 + n, 1) for n in range(BRANCHES + 1)]
    assert "+=A" not in fold(hops, View(), NOBODY).nodes


def test_a_range_of_dates_counts_what_lay_there_before() -> None:
    folded = fold(LADDER, View(levels=6, since=day(3), until=day(4)), NOBODY)
    assert picture(folded) == {("=C", "=E"): 50, ("=E", "=A"): 20}
    assert (folded.nodes["=C"].before_fen, folded.nodes["=C"].resting_fen) == (60, 10)
    assert (folded.nodes["=A"].before_fen, folded.nodes["=A"].resting_fen) == (40, 60)
    assert folded.nodes["=E"].resting_fen == 30
    assert folded.nodes.keys() == fold(LADDER, View(levels=6), NOBODY).nodes.keys()


def test_unused_money_stands_in_the_line_of_its_holder() -> None:
    holders = Holders({"A": "held_by_borrower"}, frozenset({"A", "B"}), frozenset({"C"}))
    lines = fold(LADDER, View(), holders).lines
    assert lines == {"held_by_borrower": 60, "held_by_related_party": 10, "cash": 30}
    earlier = fold(LADDER, View(until=day(1)), holders).lines
    assert earlier == {"held_by_borrower": 100}


@st.composite
def histories(draw: st.DrawFn) -> list[HopRow]:
    """Hops as a trace leaves them: each carries on part of what an earlier one brought."""
    hops: list[HopRow] = []
    left: list[int] = []
    for number in range(draw(st.integers(1, 40))):
        to = draw(st.sampled_from(["A", "B", "C", "D", "E", "F", "G", None]))
        open_parents = [n for n in range(number) if left[n] and hops[n][4] is not None]
        if number and open_parents and draw(st.booleans() | st.just(True)):
            parent = draw(st.sampled_from(open_parents))
            fen = draw(st.integers(1, left[parent]))
            left[parent] -= fen
            depth, on = hops[parent][6] + 1, (hops[-1][3] - START).days + draw(st.integers(0, 2))
            hops.append(
                hop(f"h{number}", f"h{parent}", to, fen, depth, draw(st.sampled_from(["", "cash"])), on)
            )
        else:
            fen = draw(st.integers(1, 1000))
            hops.append(hop(f"h{number}", None, "A", fen, 0, on=(hops[-1][3] - START).days if hops else 0))
        left.append(fen)
    return hops


@hypothesis.given(
    hops=histories(),
    by_account=st.booleans(),
    levels=st.integers(0, 3),
    opened=st.frozensets(st.sampled_from(["=A", "=B", "=C", "1/=B", "2/=C"])),
    closed=st.frozensets(st.sampled_from(["=A", "=D", "0/=A"])),
    since=st.none() | st.integers(0, 30),
    until=st.none() | st.integers(0, 30),
)
@hypothesis.settings(max_examples=150, deadline=None)
def test_at_every_node_what_came_is_what_went_and_what_rests(
    hops: list[HopRow],
    by_account: bool,
    levels: int,
    opened: frozenset[str],
    closed: frozenset[str],
    since: int | None,
    until: int | None,
) -> None:
    view = View(
        by_account,
        levels,
        opened,
        closed,
        since=None if since is None else day(since),
        until=None if until is None else day(until),
    )
    if view.since and view.until and view.since > view.until:
        view = View(by_account, levels, opened, closed, since=view.until, until=view.since)
    folded = fold(hops, view, NOBODY)
    flows: defaultdict[str, int] = defaultdict(int)
    for edge in folded.edges:
        assert edge.source != edge.target
        flows[edge.target] += edge.amount_fen
        flows[edge.source] -= edge.amount_fen
    for key, node in folded.nodes.items():
        if key != LOAN:
            assert node.before_fen + flows[key] == node.resting_fen
            assert node.before_fen + node.in_fen == node.out_fen + node.resting_fen
            assert min(node.before_fen, node.resting_fen) >= 0
    paid = sum(row[5] for row in hops if row[1] is None and (view.until is None or row[3] <= view.until))
    assert sum(folded.lines.values()) == paid
    assert sum(node.resting_fen for node in folded.nodes.values()) == paid


@pytest.mark.parametrize(("by_account", "expected"), [(True, "=A"), (False, "2/=A")])
def test_ids_of_nodes(by_account: bool, expected: str) -> None:
    assert node_id("A", "cash", 2, by_account) == expected
    assert node_id(None, "", 0, True) == "~outside"
