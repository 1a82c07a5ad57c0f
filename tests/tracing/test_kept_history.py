"""A history that one process keeps and another reads is the one that was made."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import polars as pl
import pytest
from tests.tracing.histories import assert_equal_histories, random_history

from loantrail.tracing.kept_history import NAMES, facts_of, frames_of, history_from
from loantrail.tracing.model import History
from loantrail.tracing.named import NamedHistory


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
        order_ties=[(event, random.randrange(9), random.randrange(1, 10**12)) for event in order[:3]],
    )


@pytest.mark.parametrize("seed", range(40))
def test_what_is_kept_is_read_as_it_was(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    made = named(random_history(random), random)

    for name, frame in frames_of(made).items():
        frame.write_ipc(tmp_path / name)
    found = history_from(
        lambda name: pl.read_ipc(tmp_path / name), facts_of(made), pl.Series(made.transaction_ids)
    )

    assert_equal_histories(found, made)


def test_a_history_without_anything_special_is_read_as_it_was() -> None:
    made = named(random_history(Random(1)), Random(1))
    made.order_ties.clear()
    frames = frames_of(made)

    assert set(frames) == set(NAMES)
    assert_equal_histories(history_from(frames.__getitem__, facts_of(made), made.transaction_ids), made)


def test_what_is_not_there_is_missed() -> None:
    made = named(random_history(Random(2)), Random(2))
    frames = frames_of(made)
    del frames["sides"]

    with pytest.raises(KeyError):
        history_from(frames.__getitem__, facts_of(made), made.transaction_ids)


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("events", "debit", 10**6),
        ("events", "credit", -9),
        ("events", "special", 10**6),
        ("events", "row_of_event", 10**6),
        ("specials", "reverses", 10**6),
        ("specials", "disburses", 10**6),
        ("side-starts", "start", -1),
        ("borrowers", "borrower", -1),
    ],
)
def test_numbers_that_do_not_fit_are_refused(name: str, column: str, value: int) -> None:
    made = named(random_history(Random(3), size=40), Random(3))
    frames = frames_of(made)
    spoilt = frames[name][column].to_numpy(writable=True)
    spoilt[-1] = value
    frames[name] = frames[name].with_columns(pl.Series(column, spoilt))

    with pytest.raises(ValueError, match="do not fit"):
        history_from(frames.__getitem__, facts_of(made), made.transaction_ids)


def test_fewer_transactions_than_events_are_refused() -> None:
    made = named(random_history(Random(4)), Random(4))

    with pytest.raises(ValueError, match="do not fit"):
        history_from(frames_of(made).__getitem__, facts_of(made), made.transaction_ids[1:])
