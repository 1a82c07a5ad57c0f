"""What a plain look excludes finds nothing."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import polars as pl
from tests.monitor.random_books import LOANS, random_frames

from loantrail.early_warning.excluded import cannot_have
from loantrail.early_warning.moves import FEW_MOVES, is_few
from loantrail.early_warning.patterns import NEEDS, PATTERNS, leads_of
from loantrail.early_warning.view import prepare
from loantrail.parameters import shipped_parameters

BOOK = shipped_parameters()
SEEDS = range(40)


def test_patterns_that_are_excluded_find_nothing() -> None:
    excluded, found = Counter[str](), Counter[str]()
    for seed in SEEDS:
        chance = random.Random(seed)
        view = prepare(random_frames(chance), BOOK)
        loans = chance.sample([f"L{n}" for n in range(LOANS)], chance.choice((1, 2, LOANS)))
        without = cannot_have(view, NEEDS, PATTERNS, loans)
        for code, pattern in PATTERNS.items():
            leads = pattern(view).filter(pl.col("loan_id").is_in(loans))
            assert code not in without or leads.is_empty(), f"seed {seed}: {code}"
            excluded[code] += code in without
            found[code] += not leads.is_empty()
    # It says something of every pattern that can be excluded, and most are found somewhere.
    assert all(excluded[code] for code in PATTERNS)
    assert sum(bool(found[code]) for code in PATTERNS) >= 12


def test_leads_of_some_loans_are_those_of_all() -> None:
    for seed in SEEDS[:10]:
        view = prepare(random_frames(random.Random(seed)), BOOK)
        some = ["L0", "L3"]
        assert leads_of(view, loans=some).equals(leads_of(view).filter(pl.col("loan_id").is_in(some)))


def test_nothing_is_excluded_by_looks_where_amounts_are_missing_or_moves_are_many() -> None:
    frames = random_frames(random.Random(1))
    view = prepare(frames, BOOK)
    assert is_few(view)

    missing = view.transactions.with_columns(amount_fen=pl.lit(None, pl.Int64))
    many = pl.concat([view.moves] * (FEW_MOVES // len(view.moves) + 1))

    for changed in ({"transactions": missing}, {"moves": many}):
        assert not is_few(replace(view, **changed))
