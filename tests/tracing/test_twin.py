"""The compiled kernel and its slow twin give the same trace, array by array, on random histories."""

from __future__ import annotations

import os
from dataclasses import fields
from random import Random

import numpy as np
import pytest
from tests.tracing.histories import crowded_history, random_history

from loantrail.tracing.model import Convention, History
from loantrail.tracing.slow import trace_slow
from loantrail.tracing.trace import trace_history

CASES = int(os.environ.get("LOANTRAIL_TWIN_CASES", "20000"))
"""Traces that the heavy test compares; a case is one history by one convention."""


def check_equal(history: History, convention: Convention, seed: int) -> None:
    slow, fast = trace_slow(history, convention), trace_history(history, convention)
    for part in ("hops", "holdings", "untraced"):
        for column in fields(getattr(slow, part)):
            expected = getattr(getattr(slow, part), column.name)
            found = getattr(getattr(fast, part), column.name)
            assert np.array_equal(expected, found), (seed, convention, part, column.name)
            assert expected.dtype == found.dtype
    assert np.array_equal(slow.balance_fen, fast.balance_fen), (seed, convention)


@pytest.mark.parametrize("convention", list(Convention))
def test_the_twins_agree(convention: Convention) -> None:
    for seed in range(60):
        check_equal(random_history(Random(seed)), convention, seed)


@pytest.mark.parametrize("convention", list(Convention))
def test_the_twins_agree_where_an_account_holds_many_labels(convention: Convention) -> None:
    for seed in range(2):
        check_equal(crowded_history(Random(seed)), convention, seed)


@pytest.mark.heavy
@pytest.mark.timeout(0)
def test_the_twins_agree_on_many_histories() -> None:
    conventions = list(Convention)
    for case in range(CASES):
        seed = 1_000_000 + case // len(conventions)
        make = crowded_history if seed % 500 == 0 else random_history
        check_equal(make(Random(seed)), conventions[case % len(conventions)], seed)
