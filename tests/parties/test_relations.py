"""Relations hold between two days, the last not included."""

from __future__ import annotations

import datetime

import polars as pl
import pytest

from loantrail.parties.model import PARTY_RELATION
from loantrail.parties.relations import related_parties, relations_on
from loantrail.sources.columns import polars_schema

DAY = datetime.date


@pytest.fixture
def relations() -> pl.DataFrame:
    rows = [
        ("P1", "P2", "shareholder", 600_000, DAY(2023, 1, 1), DAY(2024, 1, 1), None, "u"),
        ("P3", "P1", "controller", None, DAY(2023, 6, 1), None, None, "u"),
    ]
    return pl.DataFrame(rows, schema=polars_schema(PARTY_RELATION), orient="row")


@pytest.mark.parametrize(
    ("day", "kinds"),
    [
        (DAY(2022, 12, 31), []),
        (DAY(2023, 1, 1), ["shareholder"]),
        (DAY(2023, 12, 31), ["shareholder", "controller"]),
        (DAY(2024, 1, 1), ["controller"]),
    ],
)
def test_a_relation_holds_from_its_first_day_until_before_its_last(
    relations: pl.DataFrame, day, kinds: list[str]
):
    assert relations_on(relations, day).get_column("kind").to_list() == kinds


def test_relations_are_seen_from_both_ends(relations: pl.DataFrame):
    found = related_parties(relations, ["P1"], DAY(2023, 7, 1))
    assert found.rows() == [("P1", "P2", "shareholder", 600_000), ("P1", "P3", "controller", None)]
    assert related_parties(relations, ["P2"], DAY(2023, 7, 1)).rows() == [
        ("P2", "P1", "shareholder", 600_000)
    ]
