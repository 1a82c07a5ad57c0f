"""The accounts of transactions as the trace numbered them are those that their texts name."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.monitor.small_bank import Bank, bank_at_random, bank_of_two_currencies, traced_at_once

from loantrail.monitor.numbered_ends import NumberedEnds, ends_of, numbered_ends


def named(ends: NumberedEnds) -> list[tuple[str | None, str | None]]:
    names = [*ends.names, None]
    return [(names[paid], names[got]) for paid, got in zip(ends.debit, ends.credit, strict=True)]


@pytest.mark.parametrize("make", [bank_at_random, bank_of_two_currencies])
@pytest.mark.parametrize("seed", range(4))
def test_they_are_those_that_the_texts_name(make: type[Bank], seed: int) -> None:
    books = traced_at_once(bank := make(seed), bank.lines).books
    transactions = books.read.transactions
    wanted = transactions.select("debit_account", "credit_account").rows()
    assert len(wanted) > 10

    ends = numbered_ends(books.named, len(transactions))

    assert named(ends) == wanted
    assert named(ends_of(transactions)) == wanted
    assert len(set(ends.names)) == len(ends.names)
    assert named(numbered_ends(books.named, 7)) == wanted[:7]


def test_nobody_and_an_empty_text_have_no_number() -> None:
    told = pl.DataFrame({"debit_account": [None, "", "a", "b"], "credit_account": ["b", "a", None, "a"]})
    ends = ends_of(told)
    assert named(ends) == [(None, "b"), (None, "a"), ("a", None), ("b", "a")]
    assert ends.debit.dtype == np.int32
