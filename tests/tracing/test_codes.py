"""Texts as numbers: which texts are the same, however their hashes fall."""

from __future__ import annotations

import random

import numpy as np
import polars as pl
import pytest

from loantrail.tracing import codes
from loantrail.tracing.codes import are_distinct, code_texts
from loantrail.tracing.kernel_codes import all_distinct


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5_000])
def test_hashes_that_differ_are_distinct_and_one_repetition_is_found(count: int) -> None:
    spread = np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    close = np.arange(count, dtype=np.uint64)
    for hashes in (spread, close):
        assert all_distinct(hashes)
        for row in {1, count // 2, count - 1} if count > 1 else ():
            repeated = hashes.copy()
            repeated[row] = repeated[0] if row else repeated[1]
            assert not all_distinct(repeated)


def test_an_id_that_comes_twice_is_found() -> None:
    ids = [f"T{number:010d}" for number in range(2_000)]
    assert are_distinct(pl.Series(ids))
    assert not are_distinct(pl.Series([*ids, ids[7]]))
    assert not are_distinct(pl.Series([None, "a", None]))


@pytest.fixture(params=["one by one", "by hash", "by comparison"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How texts are told apart: of few, of many, and of many of which two share a hash."""
    if request.param != "one by one":
        monkeypatch.setattr(codes, "_FEW", -1)
    if request.param == "by comparison":
        monkeypatch.setattr(codes, "_names_hold", lambda *_told: False)


@pytest.mark.usefixtures("way")
def test_codes_follow_first_appearance_over_both_columns() -> None:
    (debit, credit), names = code_texts([pl.Series(["b", None, "a"]), pl.Series(["c", "b", None])])
    assert debit.tolist() == [0, -1, 1]
    assert credit.tolist() == [2, 0, -1]
    assert names.to_list() == ["b", "a", "c"]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("count", [0, 1, 7, 900])
def test_many_columns_with_gaps_are_coded_as_a_list_of_known_texts_would(count: int) -> None:
    dice = random.Random(count)
    columns = [[dice.choice((None, "", f"帐{dice.randrange(200)}")) for _ in range(count)] for _ in range(3)]

    coded, names = code_texts([pl.Series(column, dtype=pl.String) for column in columns])

    known = list(dict.fromkeys(text for column in columns for text in column if text is not None))
    assert names.to_list() == known
    assert names.dtype == pl.String
    for column, numbers in zip(columns, coded, strict=True):
        assert numbers.dtype == np.int32
        assert numbers.tolist() == [-1 if text is None else known.index(text) for text in column]
