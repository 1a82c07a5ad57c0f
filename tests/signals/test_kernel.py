"""The kernel equals its plain twin; how its events are cut into batches changes nothing."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.signals.random_counts import random_given

from loantrail.errors import InputError, LimitExceeded
from loantrail.signals import slow
from loantrail.signals.counting import Count, share_ppm
from loantrail.signals.model import COLUMNS, Given

LARGEST = (1 << 62) - 1


def differing(given: Given, capacity: int = 4) -> list[str]:
    ours, theirs = Count(given, capacity).batch(), slow.rows_of(given)
    rows, columns = np.nonzero(ours != theirs)
    return [
        f"row {row}: {COLUMNS[column]} is {ours[row, column]}, by definition {theirs[row, column]}"
        for row, column in zip(rows, columns, strict=True)
    ]


def test_the_kernel_gives_what_the_definition_says_in_random_histories() -> None:
    for seed in range(500):
        chance = random.Random(seed)
        assert differing(random_given(chance, chance.choice((3, 5, 9)))) == [], f"seed {seed}"


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_the_kernel_gives_what_the_definition_says_in_many_random_histories() -> None:
    for seed in range(1000, 11_000):
        chance = random.Random(seed)
        assert differing(random_given(chance, chance.choice((4, 12, 30)))) == [], f"seed {seed}"


@settings(deadline=None, max_examples=150, derandomize=True)
@given(seed=st.integers(0, 1 << 32), cuts=st.lists(st.integers(0, 60), max_size=12))
def test_any_cut_into_batches_gives_the_same_rows(seed: int, cuts: list[int]) -> None:
    whole = random_given(random.Random(seed), 60)
    count = Count(whole, 8)
    parts = [count.batch(stop) for stop in [*sorted(cuts), 60]]

    assert np.array_equal(np.concatenate(parts), Count(whole).batch())


def test_what_is_older_than_ninety_days_is_dropped() -> None:
    year = random_given(random.Random(7), 4000)
    count = Count(year, 8)
    count.batch(2000)
    half = count.kept_bytes
    count.batch()

    assert count.kept_bytes <= 2 * half


def test_a_transaction_before_the_last_one_is_refused() -> None:
    whole = random_given(random.Random(1), 10)
    whole.events.at_us[6] = whole.events.at_us[5] - 1

    with pytest.raises(InputError, match="row 7: a transaction is booked before"):
        Count(whole).batch()


def test_a_sum_that_would_leave_the_whole_numbers_is_refused() -> None:
    whole = random_given(random.Random(2), 40)
    whole.events.amount_fen[:] = 1 << 61

    with pytest.raises(LimitExceeded, match="2\\^62"):
        Count(whole).batch()


@settings(deadline=None)
@given(part=st.integers(0, LARGEST), whole=st.integers(0, LARGEST))
def test_shares_are_exact_beyond_64_bits(part: int, whole: int) -> None:
    share, known = share_ppm(np.array([part]), np.array([whole]))

    assert known[0] == (whole > 0)
    if whole:
        assert share[0] == (part * 1_000_000 // whole if part // whole < LARGEST // 1_000_000 else LARGEST)
