"""A history that one process keeps and another reads is the one that was made."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import polars as pl
import pytest
from tests.tracing.histories import assert_equal_histories, history_of, random_history

from loantrail.tracing.kept_history import NAMES, facts_of, frames_of, history_from
from loantrail.tracing.model import History
from loantrail.tracing.named import NamedHistory

ORDERS = 9


def named(history: History, random: Random) -> NamedHistory:
    """With names, classes and ties by chance."""
    events, accounts = history.event_count, history.account_count
    order = list(range(events))
    random.shuffle(order)
    return NamedHistory(
        history=history,
        accounts=pl.Series("account", [f"账户{number}" for number in range(accounts)], dtype=pl.String),
        loans=[f"J{number}" for number in range(history.loan_count)],
        transaction_ids=pl.Series([f"T{number}" for number in range(events)], dtype=pl.String),
        row_of_event=np.array(order, np.int64),
        booked_at_us=np.sort(np.array([random.randrange(2**50) for _ in order], np.int64)),
        opening=random.choice(("given", "inferred")),
        class_of_account=np.array([random.randrange(100) for _ in range(accounts)], np.uint8),
        order_ties=[
            (event, random.randrange(1, ORDERS + 1), random.randrange(1, 10**12)) for event in order[:3]
        ],
    )


@pytest.mark.parametrize("seed", range(40))
def test_what_is_kept_is_read_as_it_was(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    made = named(random_history(random), random)

    for name, frame in frames_of(made).items():
        frame.write_ipc(tmp_path / name)
    found = history_from(
        lambda name: pl.read_ipc(tmp_path / name), facts_of(made), pl.Series(made.transaction_ids), ORDERS
    )

    assert_equal_histories(found, made)


@pytest.mark.parametrize(
    "history", [history_of([("a", "b", 5)], {}), history_of([], {})], ids=["plain", "empty"]
)
def test_a_history_without_anything_special_is_read_as_it_was(history: History) -> None:
    made = named(history, Random(1))
    made.order_ties.clear()
    frames = frames_of(made)

    found = history_from(frames.__getitem__, facts_of(made), made.transaction_ids, ORDERS)

    assert set(frames) == set(NAMES)
    assert frames["specials"].is_empty()
    assert_equal_histories(found, made)


def test_what_is_not_there_is_missed() -> None:
    made = named(random_history(Random(2)), Random(2))
    frames = frames_of(made)
    del frames["sides"]

    with pytest.raises(KeyError):
        history_from(frames.__getitem__, facts_of(made), made.transaction_ids, ORDERS)


@pytest.mark.parametrize(
    ("name", "column", "row", "value"),
    [
        ("events", "debit", -1, 10**6),
        ("events", "debit", -1, -9),
        ("events", "credit", -1, 10**6),
        ("events", "credit", -1, -9),
        ("events", "amount_fen", 3, 0),
        ("events", "special", -1, 10**6),
        ("events", "special", -1, -2),
        ("events", "special", "all", 0),
        ("events", "row_of_event", -1, 10**6),
        ("events", "row_of_event", -1, -1),
        ("events", "row_of_event", "all", 0),
        ("events", "booked_at_us", 0, 2**60),
        ("specials", "reverses", -1, 10**6),
        ("specials", "disburses", -1, 10**6),
        ("specials", "specific_loan", -1, 10**6),
        ("specials", "repays", -1, 10**6),
        ("specials", "carries", -1, 10**6),
        ("specials", "carries", -1, -2),
        ("side-starts", "start", 0, 1),
        ("side-starts", "start", 1, 10**6),
        ("side-starts", "start", -1, 10**6),
        ("sides", "borrower", -1, -1),
        ("borrowers", "borrower", -1, -1),
        ("ties", "event", 0, 10**6),
        ("ties", "event", 0, -1),
        ("ties", "order_row", 0, 0),
        ("ties", "order_row", 0, ORDERS + 1),
        ("ties", "fen", 0, 0),
    ],
)
def test_numbers_that_do_not_fit_are_refused(name: str, column: str, row: int | str, value: int) -> None:
    made = named(random_history(Random(3), size=40), Random(3))
    frames = frames_of(made)
    spoilt = frames[name][column].to_numpy(writable=True)
    if row == "all":
        spoilt[:] = value
    else:
        spoilt[row] = value
    frames[name] = frames[name].with_columns(pl.Series(column, spoilt))

    with pytest.raises(ValueError, match="do not fit"):
        history_from(frames.__getitem__, facts_of(made), made.transaction_ids, ORDERS)


def test_an_account_that_pays_itself_is_refused() -> None:
    made = named(history_of([("a", "b", 5)], {}), Random(1))
    frames = frames_of(made)
    frames["events"] = frames["events"].with_columns(credit="debit")

    with pytest.raises(ValueError, match="do not fit"):
        history_from(frames.__getitem__, facts_of(made), made.transaction_ids, ORDERS)


def test_money_that_comes_out_of_nothing_that_waits_is_refused() -> None:
    made = named(random_history(Random(3), size=40), Random(3))
    frames = frames_of(made)
    frames["specials"] = frames["specials"].with_columns(
        opens_slot=pl.lit(False), carries=pl.lit(0, pl.Int32)
    )

    with pytest.raises(ValueError, match="do not fit"):
        history_from(frames.__getitem__, facts_of(made), made.transaction_ids, ORDERS)


def test_fewer_starts_than_accounts_are_refused() -> None:
    made = named(random_history(Random(3), size=40), Random(3))
    frames = frames_of(made)
    frames["side-starts"] = frames["side-starts"].tail(-1)

    with pytest.raises(ValueError, match="do not fit"):
        history_from(frames.__getitem__, facts_of(made), made.transaction_ids, ORDERS)


@pytest.mark.parametrize("spoilt", [pl.col("debit").cast(pl.Int64), pl.lit(None, pl.Int32).alias("debit")])
def test_numbers_of_another_type_and_missing_ones_are_refused(spoilt: pl.Expr) -> None:
    made = named(random_history(Random(5)), Random(5))
    frames = frames_of(made)
    frames["events"] = frames["events"].with_columns(spoilt)

    with pytest.raises(ValueError, match="debit is not what it was written as"):
        history_from(frames.__getitem__, facts_of(made), made.transaction_ids, ORDERS)


def test_fewer_transactions_than_events_are_refused() -> None:
    made = named(random_history(Random(4)), Random(4))

    with pytest.raises(ValueError, match="do not fit"):
        history_from(frames_of(made).__getitem__, facts_of(made), made.transaction_ids[1:], ORDERS)
