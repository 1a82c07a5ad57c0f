"""The accounts of a payment that is asked about are those that its lines would have."""

from __future__ import annotations

import datetime

import numpy as np
import polars as pl
import pytest

from loantrail.monitor.payment import Payment, placed
from loantrail.monitor.tail import LINES, Lines

AT = datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC)
NO_LINES = Lines(
    pl.DataFrame(schema=LINES), np.zeros(0, np.int64), frozenset(), {}, frozenset(), {}, {}, {}, 0
)


@pytest.mark.parametrize(
    ("written", "currency", "payee"),
    [
        ("6222 0001", "CNY", "62220001"),
        ("6222 0001", "USD", "62220001/USD"),
        ("\u200b", "CNY", None),
        ("\ufeff \u200d", "USD", None),
        (None, "USD", None),
    ],
)
def test_a_payee_is_the_account_that_the_line_would_name_or_nobody(
    written: str | None, currency: str, payee: str | None
) -> None:
    asked = Payment(AT, AT, "6201", 100, currency, counterparty_account=written)
    where = placed(asked, NO_LINES, {"6201", "6201/USD"}, {})
    assert where.payee == payee
