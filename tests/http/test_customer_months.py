"""The parts of a customer's page that need no database: the graph that is shown, months of the cash flow, words of the search."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from loantrail.http.pages.customers.graph import Around, around
from loantrail.http.pages.customers.months import (
    Beside,
    LineSum,
    MonthSum,
    by_month,
    month_before,
    months_between,
)
from loantrail.http.pages.search.words import words_of

MARCH, APRIL, MAY = (datetime.date(2025, month, 1) for month in (3, 4, 5))


# The graph -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Link:
    source: str
    target: str
    kind: str = "shareholder"
    share_ppm: int | None = None


def graph(links: Collection[Link], depth: int = 2, most: int = 100) -> Around[Link]:
    asked: list[str] = []

    def links_of(parties: Collection[str]) -> tuple[list[Link], bool]:
        assert not set(parties) & set(asked), "a party is asked about once"
        asked.extend(parties)
        return [link for link in links if {link.source, link.target} & set(parties)], True

    return around("甲", depth, most, links_of)


LINE = [Link("甲", "乙"), Link("乙", "丙"), Link("丙", "丁"), Link("甲", "丙", "guarantees")]


def test_parties_stand_as_far_as_the_fewest_relations_to_them() -> None:
    assert graph(LINE).distance == {"甲": 0, "乙": 1, "丙": 1, "丁": 2}
    assert graph(LINE, depth=1).distance == {"甲": 0, "乙": 1, "丙": 1}


def test_what_lies_between_the_outermost_is_shown_and_what_lies_beyond_is_counted() -> None:
    near = graph(LINE, depth=1)
    assert {(link.source, link.target) for link in near.links} == {("甲", "乙"), ("乙", "丙"), ("甲", "丙")}
    assert near.further == {"甲": 0, "乙": 0, "丙": 1}
    assert near.complete


def test_too_many_are_cut_the_weightiest_stay_and_the_answer_says_so() -> None:
    links = [
        Link("甲", "地址", "same_address"),
        Link("大", "甲", share_ppm=600_000),
        Link("小", "甲", share_ppm=50_000),
    ]
    links += [Link("控", "甲", "controller")]
    found = graph(links, most=3)
    assert list(found.distance) == ["甲", "控", "大"]
    assert not found.complete
    assert found.further["甲"] == 2
    assert {link.source for link in found.links} == {"控", "大"}


@given(
    st.sets(
        st.tuples(st.sampled_from("甲乙丙丁戊"), st.sampled_from("甲乙丙丁戊")).filter(
            lambda one: one[0] != one[1]
        )
    ),
    st.integers(1, 4),
)
@settings(max_examples=200, deadline=None)
def test_distances_are_shortest_ways(pairs: set[tuple[str, str]], depth: int) -> None:
    found = graph([Link(*pair) for pair in sorted(pairs)], depth)
    near = {one: {other for pair in pairs if one in pair for other in pair} for one in "甲乙丙丁戊"}
    expected = {"甲": 0}
    for step in range(1, depth + 1):
        for one in [party for party, distance in expected.items() if distance == step - 1]:
            for other in near[one]:
                expected.setdefault(other, step)
    assert found.distance == expected
    assert {(link.source, link.target) for link in found.links} == {
        pair for pair in pairs if set(pair) <= set(expected)
    }


# Months --------------------------------------------------------------------------------------------------------


def lines(*told: tuple[datetime.date, str, int]) -> list[LineSum]:
    """`(month, what, fen)`: `in`, `out`, `own in`, `own out`, each also with `back` behind it."""
    return [
        LineSum("CNY", month, (("in" in what) != ("back" in what)), "own" in what, "back" in what, fen, 1)
        for month, what, fen in told
    ]


def test_own_transfers_are_netted_out_and_told_once() -> None:
    found = by_month(
        lines((MARCH, "in", 900), (MARCH, "out", 400), (MARCH, "own out", 300), (MARCH, "own in", 300)),
        Beside(),
        MARCH,
        MARCH,
    )["CNY"]
    assert [(month.in_fen, month.out_fen, month.net_fen, month.own_fen) for month in found] == [
        (900, 400, 500, 300)
    ]


def test_what_was_taken_back_lessens_the_side_it_stood_on_in_its_own_month() -> None:
    found = by_month(lines((MARCH, "out", 400), (APRIL, "out back", 150)), Beside(), MARCH, APRIL)["CNY"]
    assert [(month.in_fen, month.out_fen) for month in found] == [(0, 400), (0, -150)]


def test_months_without_a_line_are_there_and_months_outside_are_not() -> None:
    found = by_month(lines((MARCH, "in", 1), (MAY, "in", 3)), Beside(), MARCH, APRIL)["CNY"]
    assert [(month.month, month.in_fen) for month in found] == [(MARCH, 1), (APRIL, 0)]


def test_what_stands_beside_keeps_to_its_currency_and_month() -> None:
    beside = Beside(
        disbursed=[MonthSum("CNY", MARCH, 7), MonthSum("USD", MARCH, 9)],
        loan_out=[MonthSum("CNY", APRIL, 5)],
        repaid=[MonthSum("CNY", APRIL, 2), MonthSum("CNY", MAY, 4)],
    )
    found = by_month(lines((MARCH, "in", 10)), beside, MARCH, APRIL)
    assert list(found) == ["CNY"]
    assert [(month.disbursed_fen, month.loan_out_fen, month.repaid_fen) for month in found["CNY"]] == [
        (7, 0, 0),
        (0, 5, 2),
    ]


@given(
    st.lists(st.tuples(st.sampled_from((MARCH, APRIL)), st.booleans(), st.booleans(), st.integers(1, 10**15)))
)
def test_nothing_is_lost_between_the_lines_and_the_months(
    told: list[tuple[datetime.date, bool, bool, int]],
) -> None:
    sums = [LineSum("CNY", month, credit, False, back, fen, 1) for month, credit, back, fen in told]
    months = by_month(sums, Beside(), MARCH, APRIL).get("CNY", [])
    assert sum(month.net_fen for month in months) == sum(
        fen if credit else -fen for _, credit, _, fen in told
    )
    assert sum(month.line_count for month in months) == len(told)


@pytest.mark.parametrize(
    ("month", "count", "before"),
    [
        (datetime.date(2025, 3, 1), 2, datetime.date(2025, 1, 1)),
        (datetime.date(2025, 3, 1), 3, datetime.date(2024, 12, 1)),
        (datetime.date(2025, 12, 1), 11, datetime.date(2025, 1, 1)),
        (datetime.date(1, 2, 1), 30, datetime.date(1, 1, 1)),
    ],
)
def test_months_before(month: datetime.date, count: int, before: datetime.date) -> None:
    assert month_before(month, count) == before
    if before.year > 1:
        assert len(months_between(before, month)) == count + 1


# Words of the search ---------------------------------------------------------------------------------------------


def test_words_are_folded_and_sound_like_their_pinyin() -> None:
    assert [word.text for word in words_of("　ＪＪ２０２５　甲纺织 ")] == ["jj2025", "甲纺织"]
    assert [word.sound for word in words_of("甲紡織 ABC")] == ["jiafangzhi", "abc"]
    assert [word.has_sound for word in words_of("紡織 王 fz")] == [True, False, False]


def test_a_single_letter_finds_nothing_a_single_character_does() -> None:
    assert words_of("y") == words_of("  ") == words_of("1 2") == ()
    assert [word.text for word in words_of("王")] == ["王"]
