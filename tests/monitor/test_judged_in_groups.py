"""Loans that are judged group by group of lines, with what was found in earlier rows remembered, are judged as whole books are."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.monitor.judging import BANK_BEGAN, BOOK, ENTRIES, NOTHING_PROVEN, all_rules, full_run
from tests.monitor.small_bank import Bank, bank_at_random, traced_at_once
from tests.monitor.test_standing import standing_on

from loantrail.early_warning.hits import HITS
from loantrail.few_rows import empty
from loantrail.monitor import store_step
from loantrail.monitor.judging import Judging
from loantrail.monitor.remembered import Remembered
from loantrail.rules import store_lists
from loantrail.rules.evaluate import FOUND

BANKS = 4
"""In each test."""
WAN_FEN = 10_000
"""Amounts of a small bank are so many times larger, so that they are worth a rule."""


def in_earnest(bank: Bank) -> Bank:
    larger = pl.col("amount_fen") * WAN_FEN
    context = dict(bank.context)
    for name in ("loans", "orders"):
        context[name] = context[name].with_columns(larger)
    context["repayments"] = context["repayments"].with_columns(pl.col("principal_fen") * WAN_FEN)
    return replace(
        bank,
        lines=bank.lines.with_columns(larger),
        context=context,
        disbursements=bank.disbursements.with_columns(larger),
        openings=bank.openings.with_columns(pl.col("balance_fen") * WAN_FEN),
    )


def judging_by_all_rules(monkeypatch: pytest.MonkeyPatch) -> Judging:
    """Judges without a database: by all rules, and the lists of tests."""
    rules = all_rules()
    monkeypatch.setattr(Judging, "_ready", lambda *_told: rules)
    monkeypatch.setattr(Judging, "_proven", lambda *_told: NOTHING_PROVEN)
    monkeypatch.setattr(store_lists, "standing", lambda *_told: ENTRIES)
    monkeypatch.setattr(store_step, "standing_hits", lambda *_told: empty(HITS))
    return Judging("", None, Remembered(None, None, BANK_BEGAN, BOOK))


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(first, marks=pytest.mark.heavy) for first in range(BANKS, 120, BANKS))]
)
def test_what_rules_found_group_by_group_is_what_they_find_in_whole_books(
    first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = sum(found_in(seed, judging_by_all_rules(monkeypatch)) for seed in range(first, first + BANKS))

    assert found > 0


def found_in(seed: int, judging: Judging) -> int:
    """Has the lines of a bank judged in groups; how many rules found something where that was compared."""
    dice = random.Random(seed)
    bank = in_earnest(bank_at_random(seed, alike=seed % 2 == 0))
    at = dice.randrange(3, len(bank.lines) // 2)
    state = standing_on(bank, bank.lines.head(at))
    compared = 0
    while at < len(bank.lines):
        group = bank.lines.slice(at, dice.choice((1, 1, 1, 2, 5)))
        at += len(group)
        changed = state.show(state.with_lines(group))
        if changed.concerns_loans:
            connection: Any = None
            judging.keep(judging.judge(connection, state.index, changed))
        if dice.random() < 0.05 or at >= len(bank.lines):
            compared += assert_found(judging, bank, at)
    return compared


def assert_found(judging: Judging, bank: Bank, count: int) -> int:
    """Compares the loans that were judged; how many rules found something."""
    whole = full_run(traced_at_once(bank, bank.lines.head(count)).frames, all_rules()).found
    found = 0
    for loan, remembered in judging._found.items():
        expected = whole.filter(pl.col("loan_id") == loan)
        keys = ["rule_code", "rule_version"]
        assert_frame_equal(remembered.select(*FOUND).sort(keys), expected.select(*FOUND).sort(keys))
        found += len(expected)
    return found
