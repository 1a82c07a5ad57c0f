"""Texts as numbers: which texts are the same, however their hashes fall."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

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


def test_codes_follow_first_appearance_over_both_columns() -> None:
    (debit, credit), names = code_texts([pl.Series(["b", None, "a"]), pl.Series(["c", "b", None])])
    assert debit.tolist() == [0, -1, 1]
    assert credit.tolist() == [2, 0, -1]
    assert names.to_list() == ["b", "a", "c"]
