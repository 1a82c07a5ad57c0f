"""Frames of few rows and of none."""

from __future__ import annotations

import polars as pl
import pytest

from loantrail.few_rows import FewRows, empty

SCHEMA = {"name": pl.String, "amount_fen": pl.Int64}


def test_what_is_done_to_a_frame_without_rows_is_not_done_to_the_next() -> None:
    first = empty(SCHEMA)

    first.insert_column(0, pl.Series("loan_id", [], pl.String))
    first.extend(pl.DataFrame({"loan_id": ["L1"], "name": ["甲"], "amount_fen": [1]}))

    assert empty(SCHEMA).schema == pl.Schema(SCHEMA)
    assert empty(SCHEMA).is_empty()


def test_schemas_that_come_and_go_are_not_taken_for_each_other() -> None:
    for number in range(300):
        schema = {f"column_{number}": pl.Int64}
        assert empty(schema).columns == [f"column_{number}"]
        del schema


@pytest.mark.parametrize("count", [0, 1, 128, 129])
def test_rows_become_a_frame_however_many_they_are(count: int) -> None:
    rows = [("甲" if number % 2 else None, number) for number in range(count)]

    found = FewRows(SCHEMA).frame(rows)

    assert found.schema == pl.Schema(SCHEMA)
    assert found.rows() == rows
