"""Row by row over few moves gives what joins give over many."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.monitor.random_books import random_frames

from loantrail.early_warning import related, view
from loantrail.early_warning.view import View, prepare
from loantrail.parameters import shipped_parameters

T = TypeVar("T")
BOOK = shipped_parameters()
SEEDS = st.integers(0, 1 << 32)


def joined(make: Callable[[], T]) -> T:
    """What is made where nothing is few."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(view, "is_few", lambda _view: False)
        patch.setattr(view, "are_few", lambda _hops, _loans: False)
        patch.setattr(related, "FEW_RELATIONS", -1)
        return make()


def anew(prepared: View) -> View:
    """The same with nothing made of it yet."""
    return replace(prepared, made={}, plain={})


def key(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort(frame.columns)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_arrivals_and_payees_that_are_looked_through(seed: int) -> None:
    frames = random_frames(random.Random(seed))
    few = prepare(frames, BOOK)
    many = joined(lambda: prepare(frames, BOOK))

    assert_frame_equal(few.moves, many.moves)
    assert_frame_equal(key(few.sides), key(many.sides))
    assert_frame_equal(view.direct_arrivals(few), joined(lambda: view.direct_arrivals(anew(many))))
    assert_frame_equal(few.arrivals, many.arrivals)
    for make in (view.looked_through, view.tied_payees):
        assert_frame_equal(key(make(anew(few))), key(joined(lambda make=make: make(anew(many)))))


def test_days_before_the_disbursement_are_cut_toward_zero() -> None:
    frames = random_frames(random.Random(5))
    early = frames.hops.with_columns(pl.col("booked_at") - pl.duration(days=900, hours=7))
    frames = replace(frames, hops=early, loans=frames.loans.head(2))

    few, many = prepare(frames, BOOK), joined(lambda: prepare(frames, BOOK))

    assert_frame_equal(few.moves, many.moves)
    assert 0 < len(few.moves) < len(early)
    assert few.moves["days"].min() < 0  # pyright: ignore[reportOperatorIssue]


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_related_parties(seed: int) -> None:
    chance = random.Random(seed)
    frames = random_frames(chance)
    kinds = (
        "controller", "spouse", "shareholder", "legal_representative", "guarantees", "executive", "same_address", None,
    )  # fmt: skip
    parties = frames.parties["party_id"].to_list()
    days = [None, *frames.loans["disbursed_at"].dt.date().to_list()]
    relations = pl.DataFrame(
        [
            (chance.choice(parties), chance.choice(parties), chance.choice(kinds), chance.choice((None, 1, 900_000)),
             chance.choice(days), chance.choice(days))
            for _ in range(25)
        ],
        schema=["from_party_id", "to_party_id", "kind", "share_ppm", "valid_from", "valid_to"],
        orient="row",
    )  # fmt: skip
    few = prepare(replace(frames, relations=relations), BOOK)

    found = view.related_parties(anew(few))
    by_joins = joined(lambda: view.related_parties(anew(few)))

    # Of several relations that are as close any may be named.
    close = pl.col("relation").is_in(related.CLOSE_RELATIONS)
    assert_frame_equal(key(found.with_columns(close)), key(by_joins.with_columns(close)))
