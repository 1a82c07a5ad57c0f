"""Chains of ownership: products and sums against walking every way by hand, circles, and what is not on record."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from math import prod

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from loantrail.parties import chain
from loantrail.parties.chain import (
    CHAINS_MAX,
    LENGTH_MAX,
    WHOLE_PPM,
    Holding,
    circles_through,
    holdings_of,
    owners,
)

PARTIES = "ABCDE"


def shares(*told: str) -> list[Holding]:
    """`"A 60 B"`: A holds 60% of B; `"A ? B"`: nobody knows how much."""
    found: list[Holding] = []
    for one in told:
        holder, share, held = one.split()
        found.append(Holding(holder, held, None if share == "?" else int(float(share) * 10_000)))
    return found


def told(stakes: chain.Stakes) -> dict[str, int]:
    return {stake.party: stake.share_ppm for stake in stakes.stakes}


def test_shares_are_multiplied_along_a_chain_and_added_over_chains() -> None:
    books = shares("王 60 甲", "甲 50 丙", "王 10 丙", "李 40 甲")
    assert told(owners(books, "丙")) == {"甲": 500_000, "王": 400_000, "李": 200_000}
    largest = owners(books, "丙").stakes[1]
    assert largest.direct_ppm == 100_000
    assert [(one.parties, one.share_ppm) for one in largest.chains] == [
        (("王", "甲", "丙"), 300_000),
        (("王", "丙"), 100_000),
    ]


def test_what_a_party_holds_is_told_the_other_way_round() -> None:
    books = shares("王 60 甲", "甲 50 丙", "王 10 丙")
    assert told(holdings_of(books, "王")) == {"甲": 600_000, "丙": 400_000}
    assert holdings_of(books, "王").stakes[1].chains[0].parties == ("丙", "甲", "王")


def test_nothing_is_rounded_before_the_end() -> None:
    books = [
        Holding("王", "甲", 333_333),
        Holding("甲", "丙", 333_333),
        Holding("王", "乙", 333_333),
        Holding("乙", "丙", 333_333),
    ]
    # 2 x 0.333333^2 = 0.222221777778: each chain alone would be rounded down to 111110.
    assert told(owners(books, "丙"))["王"] == 222_221
    assert [one.share_ppm for one in owners(books, "丙").stakes[0].chains if len(one.parties) == 2] == [
        333_333
    ]


def test_a_holding_of_unknown_size_leaves_the_sum_the_least() -> None:
    books = shares("王 ? 甲", "甲 50 丙", "王 10 丙")
    king = next(stake for stake in owners(books, "丙").stakes if stake.party == "王")
    assert (king.share_ppm, king.partly_unknown) == (100_000, True)
    assert [one.share_ppm for one in king.chains] == [100_000, None]
    assert not owners(shares("王 10 丙"), "丙").stakes[0].partly_unknown


def test_holdings_that_run_in_a_circle_are_named_and_counted_once() -> None:
    books = shares("甲 60 乙", "乙 30 甲", "王 40 甲")
    found = owners(books, "乙")
    assert told(found) == {"甲": 600_000, "王": 240_000}
    assert found.circles == (("乙", "甲"),)
    # A circle that the party itself does not stand in is named too.
    further = owners(shares("甲 60 乙", "乙 30 甲", "甲 50 丙"), "丙")
    assert further.circles == (("乙", "甲"),)
    assert told(further) == {"甲": 500_000, "乙": 150_000}


def test_a_party_that_holds_itself_holds_nothing_of_itself() -> None:
    assert owners(shares("甲 30 甲", "王 70 甲"), "甲") == owners(shares("王 70 甲"), "甲")


def test_what_is_too_long_or_too_much_is_cut_and_said() -> None:
    line = [Holding(str(place + 1), str(place), WHOLE_PPM) for place in range(LENGTH_MAX + 3)]
    found = owners(line, "0")
    assert not found.complete
    assert max(len(one.parties) for stake in found.stakes for one in stake.chains) == LENGTH_MAX + 1
    assert owners(line[:LENGTH_MAX], "0").complete
    many = [
        Holding(f"{layer + 1}-{one}", f"{layer}-{other}", 100_000)
        for layer in range(6)
        for one in range(6)
        for other in range(6)
    ]
    wide = owners(many, "0-0")
    assert not wide.complete
    assert sum(len(stake.chains) for stake in wide.stakes) == CHAINS_MAX


@st.composite
def holding_books(draw: st.DrawFn) -> list[Holding]:
    pairs = draw(
        st.lists(
            st.tuples(st.sampled_from(PARTIES), st.sampled_from(PARTIES)).filter(
                lambda pair: pair[0] != pair[1]
            ),
            unique=True,
            max_size=14,
        )
    )
    return [Holding(*pair, draw(st.none() | st.integers(0, WHOLE_PPM))) for pair in pairs]


def by_hand(books: list[Holding], party: str) -> dict[str, tuple[int, int, bool]]:
    """Party -> (sum of all ways in millionths, ways, whether one is of unknown size), by trying every order of every set of
    parties."""
    share = {(one.holder, one.held): one.share_ppm for one in books}
    found: dict[str, list[Fraction | None]] = {}
    others = [one for one in PARTIES if one != party]
    for count in range(1, len(others) + 1):
        for way in permutations(others, count):
            steps = list(zip(way, (*way[1:], party), strict=True))
            if all(step in share for step in steps):
                sizes = [share[step] for step in steps]
                known = [Fraction(size, WHOLE_PPM) for size in sizes if size is not None]
                found.setdefault(way[0], []).append(
                    prod(known, start=Fraction(1)) if len(known) == len(sizes) else None
                )
    return {
        holder: (
            int(sum((way for way in ways if way is not None), Fraction(0)) * WHOLE_PPM),
            len(ways),
            None in ways,
        )
        for holder, ways in found.items()
    }


@given(holding_books())
@settings(max_examples=300, deadline=None)
def test_every_way_is_found_and_none_goes_over_a_party_twice(books: list[Holding]) -> None:
    found = owners(books, "A")
    assert {
        stake.party: (stake.share_ppm, len(stake.chains), stake.partly_unknown) for stake in found.stakes
    } == by_hand(books, "A")
    for stake in found.stakes:
        for one in stake.chains:
            assert len(set(one.parties)) == len(one.parties)
            assert (one.parties[0], one.parties[-1]) == (stake.party, "A")
    turned = [Holding(one.held, one.holder, one.share_ppm) for one in books]
    assert holdings_of(turned, "A").stakes == found.stakes


@given(holding_books(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_the_records_changes_nothing(books: list[Holding], chance: object) -> None:
    shuffled = list(books)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert owners(shuffled, "A") == owners(books, "A")


@given(holding_books())
@settings(max_examples=200, deadline=None)
def test_who_owns_no_more_than_the_whole_anywhere_holds_no_more_than_the_whole(books: list[Holding]) -> None:
    held: dict[str, int] = {}
    fair: list[Holding] = []
    for one in books:
        share = min(one.share_ppm or 0, WHOLE_PPM - held.get(one.held, 0))
        held[one.held] = held.get(one.held, 0) + share
        fair.append(Holding(one.holder, one.held, share))
    assert all(0 <= stake.share_ppm <= WHOLE_PPM for stake in owners(fair, "A").stakes)


def circles_by_hand(links: set[tuple[str, str]], party: str) -> set[tuple[str, ...]]:
    others = [one for one in PARTIES if one != party]
    return {
        (party, *way)
        for count in range(1, len(others) + 1)
        for way in permutations(others, count)
        if all(step in links for step in zip((party, *way), (*way, party), strict=True))
    }


@given(st.sets(st.tuples(st.sampled_from(PARTIES), st.sampled_from(PARTIES)), max_size=12))
@settings(max_examples=300, deadline=None)
def test_circles_of_guarantees_are_all_those_through_the_party(links: set[tuple[str, str]]) -> None:
    found, complete = circles_through(links, "A")
    expected = circles_by_hand(links, "A")
    assert complete or len(expected) >= chain.CIRCLES_MAX == len(found)
    assert set(found) == expected if complete else set(found) < expected or len(expected) == len(found)
    assert [len(one) for one in found] == sorted(len(one) for one in found)


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([("甲", "乙"), ("乙", "甲")], [("甲", "乙")]),
        ([("甲", "乙"), ("乙", "丙"), ("丙", "甲")], [("甲", "乙", "丙")]),
        ([("甲", "甲")], []),
        ([("乙", "丙"), ("丙", "乙"), ("甲", "乙")], []),
    ],
)
def test_mutual_guarantees_are_a_circle(
    links: list[tuple[str, str]], expected: list[tuple[str, ...]]
) -> None:
    assert list(circles_through(links, "甲")[0]) == expected
