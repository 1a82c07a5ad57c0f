"""Figures of too few loans are hidden from who may not see single loans, and cannot be had from what is shown."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.http.portfolio.asking import LEAST, Json, read_portfolio

from loantrail.http.pages.portfolio.disclosure import hidden, hidden_counts
from loantrail.http.pages.portfolio.grouping import COUNTS
from loantrail.http.pages.portfolio.model import PortfolioBy

pytestmark = pytest.mark.database


def _shown_small(groups: list[Json]) -> list[tuple[str, str]]:
    return [
        (group["value"], name)
        for group in groups
        for name in COUNTS
        if group[name] is not None and 0 < group[name] < LEAST
    ]


@pytest.mark.parametrize("by", list(PortfolioBy))
@pytest.mark.parametrize("within", [[], ["unit:1000"], ["unit:1000", "unit:1001"], ["product:mortgage_loan"]])
def test_figures_of_too_few_loans_are_hidden_from_who_may_not_see_single_loans(
    drawn: httpx.Client, by: str, within: list[str]
) -> None:
    seen, true = (
        read_portfolio(drawn, "boss", by=by, within=within),
        read_portfolio(drawn, by=by, within=within),
    )
    assert seen["fewest_loans"] == LEAST
    assert _shown_small([*seen["groups"], seen["total"]]) == []
    full = {group["value"]: group for group in true["groups"]}
    for group in seen["groups"]:
        own = full[group["value"]]
        for name, amounts in COUNTS.items():
            for figure in (name, *amounts):
                if group[figure] is None:
                    assert own[figure] is None or figure in (*group["few"], *group["withheld"])
                else:
                    assert group[figure] == own[figure]
            if name in group["few"]:
                assert 0 < own[name] < LEAST
                assert all(group[amount] is None for amount in amounts)


@pytest.mark.parametrize("by", list(PortfolioBy))
def test_what_is_hidden_cannot_be_had_by_taking_the_shown_from_the_total(
    drawn: httpx.Client, by: str
) -> None:
    for within in ([], ["unit:1000"], ["industry:C"]):
        seen, true = (
            read_portfolio(drawn, "boss", by=by, within=within),
            read_portfolio(drawn, by=by, within=within),
        )
        for name in COUNTS:
            if seen["total"][name] is None:
                continue
            rest = seen["total"][name] - sum(group[name] or 0 for group in seen["groups"])
            cells = [group for group in seen["groups"] if group[name] is None]
            truly = {group["value"]: group[name] for group in true["groups"]}
            small = [group["value"] for group in cells if 0 < truly[group["value"]] < LEAST]
            assert rest == 0 or rest >= LEAST, (name, within)
            assert not small or len(cells) > 1, (name, within)


def test_a_figure_hidden_above_is_not_told_below(drawn: httpx.Client) -> None:
    """A group whose figure is withheld because it would give another away: gone down into, its total stays hidden."""
    for by in PortfolioBy:
        for group in read_portfolio(drawn, "boss", by=by)["groups"]:
            if group["value"].endswith("."):
                continue
            below = read_portfolio(
                drawn, "boss", by="product" if by != "product" else "class", within=f"{by}:{group['value']}"
            )
            hidden_above = {
                name for name in COUNTS if group[name] is None and name in (*group["few"], *group["withheld"])
            }
            assert {name for name in hidden_above if below["total"][name] is not None} == set(), (
                by,
                group["value"],
            )
            for name in hidden_above:
                cells = [one[name] for one in below["groups"]]
                truly = sum(
                    one[name] or 0
                    for one in read_portfolio(drawn, by=below["by"], within=f"{by}:{group['value']}")[
                        "groups"
                    ]
                )
                assert truly == 0 or None in cells, (by, group["value"], name)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counts=st.lists(st.integers(0, 9), max_size=8), total_hidden=st.booleans())
def test_cells_are_hidden_until_their_sum_gives_nothing_away(counts: list[int], total_hidden: bool) -> None:
    marks = hidden(counts, LEAST, (), total_hidden)
    assert all(mark for count, mark in zip(counts, marks, strict=True) if 0 < count < LEAST)
    behind = sum(count for count, mark in zip(counts, marks, strict=True) if mark)
    left = any(count > 0 and not mark for count, mark in zip(counts, marks, strict=True))
    small = any(0 < count < LEAST for count in counts)
    if small and left and not total_hidden:
        assert behind >= LEAST and sum(marks) > 1
    if total_hidden and sum(counts):
        assert behind > 0
    if not small and not total_hidden:
        assert not any(marks)


def test_a_group_of_too_few_loans_hides_all_of_its_figures() -> None:
    groups = {
        "a": {"loan_count": 2, "red_count": 0},
        "b": {"loan_count": 5, "red_count": 4},
        "c": {"loan_count": 9, "red_count": 4},
    }
    marks = hidden_counts(groups, ("loan_count", "red_count"), LEAST)
    assert marks["a"] == marks["b"] == {"loan_count", "red_count"}
    assert marks["c"] == set()
