"""A few lines pair one by one exactly as they pair by frames."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.colliding_lines import (
    FIRST_DAY,
    ODDITIES,
    frame_of,
    line_sets,
    line_sets_of_many_amounts,
    pairing_parameters,
)

from loantrail.ledger.few import FEW
from loantrail.ledger.pairing import SHARED_REFERENCE_MAX, PairingParameters, pair_lines, pair_many
from loantrail.ledger.pairing_few import pair_few
from loantrail.ledger.pairing_model import Pairing

PLAIN = PairingParameters()


def told(pairing: Pairing | None) -> list[tuple[pl.Schema, list[tuple[object, ...]]]] | None:
    """All that a pairing says, types included."""
    return pairing and [(frame.schema, frame.rows()) for frame in (pairing.pairs, pairing.ambiguous)]


def line(**said: object) -> dict[str, object]:
    """A debit of A to B."""
    return {
        "line_id": "1", "source_file": "bank.csv", "position": 1, "booked_at": FIRST_DAY, "sequence": 1, "account": "A",
        "direction": "debit", "amount_fen": 100, "currency": "CNY", "counterparty_account": "B", **said,
    }  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(line_sets(), pairing_parameters(), st.sampled_from((None, "line_id", "position")), st.booleans())
def test_few_lines_pair_as_many_do(
    frame: pl.DataFrame, parameters: PairingParameters, tie: str | None, bare: bool
):
    if bare:
        frame = frame.drop("reference", "counterparty_elsewhere")
    assert told(pair_few(frame, parameters, tie)) == told(pair_many(frame, parameters, tie))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), pairing_parameters())
def test_lines_of_many_amounts_pair_alike(seed: int, parameters: PairingParameters):
    frame = line_sets_of_many_amounts(seed, 60)
    assert told(pair_few(frame, parameters, "line_id")) == told(pair_many(frame, parameters, "line_id"))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), pairing_parameters())
def test_many_lines_of_one_amount_pair_alike(seed: int, parameters: PairingParameters):
    frame = line_sets_of_many_amounts(seed, 40, amounts_apart=0)
    assert told(pair_few(frame, parameters, "line_id")) == told(pair_many(frame, parameters, "line_id"))


def test_every_oddity_counts_alike():
    plain = (
        line(),
        line(counterparty_account=None, reference="R1"),
        line(counterparty_account="B", reference="0"),
        line(counterparty_account=None, reference="\x1c0"),
    )
    rows: list[dict[str, object]] = []
    for debit, odd, (at_debit, at_credit) in itertools.product(plain, ODDITIES, ((1, 0), (0, 1), (1, 1))):
        # No pair crosses amounts: each case has its own.
        amount = {"amount_fen": len(rows)}
        named = debit["counterparty_account"] and "A"
        credit = debit | {"account": "B", "direction": "credit", "counterparty_account": named}
        rows.append(debit | amount | odd if at_debit else debit | amount)
        rows.append(credit | amount | odd if at_credit else credit | amount)
    frame = frame_of(rows)
    few = pair_few(frame, PLAIN, "line_id")
    assert few is not None
    assert len(few.pairs) > 50
    assert told(few) == told(pair_many(frame, PLAIN, "line_id"))


def debits_and_credits(count: int, **of_line: Callable[[int], object]) -> pl.DataFrame:
    """So many lines, the first half of which pay what the others get; what is told `of_line` counts within each half."""
    rows = [
        line(line_id=str(number), **{name: told(number) for name, told in of_line.items()})
        for number in range((count + 1) // 2)
    ]
    others = [row | {"account": "B", "direction": "credit", "counterparty_account": "A"} for row in rows]
    return frame_of([*rows[: count // 2], *others[: count - count // 2]])


def days_apart(number: int) -> datetime.datetime:
    return FIRST_DAY + datetime.timedelta(days=9 * number)


def test_so_many_lines_are_few():
    for count in (FEW, FEW + 1):
        frame = debits_and_credits(count, amount_fen=lambda number: number + 1)
        assert told(pair_lines(frame)) == told(pair_many(frame, PLAIN))
        assert len(pair_lines(frame).pairs) == count // 2


def test_so_many_lines_of_one_amount_are_few():
    frame = debits_and_credits(FEW, booked_at=days_apart)
    assert told(pair_few(frame, PLAIN, None)) == told(pair_many(frame, PLAIN))
    assert len(pair_lines(frame).pairs) == FEW // 2


@pytest.mark.parametrize(("most", "pairs"), [(0, SHARED_REFERENCE_MAX), (1, 0)])
def test_a_reference_that_more_lines_share_than_name_single_transfers_pairs_nothing(most: int, pairs: int):
    shared = debits_and_credits(2 * (SHARED_REFERENCE_MAX + most), reference=lambda _number: "R1")
    silent = shared.with_columns(counterparty_account=pl.lit(None, pl.String))
    assert told(pair_few(silent, PLAIN, None)) == told(pair_many(silent, PLAIN))
    assert len(pair_lines(silent).pairs) == pairs


def test_lines_that_are_not_plain_are_left_to_frames():
    pair = [line(), line(account="B", direction="credit", counterparty_account="A", line_id="2")]
    frame = frame_of(pair)
    assert pair_few(frame, PLAIN, "line_id") is not None
    for odd in (
        frame.with_columns(pl.col("booked_at").dt.cast_time_unit("ms")),
        frame.with_columns(pl.col("direction").cast(pl.Categorical)),
        frame.with_columns(line_id=pl.Series([None, "2"], dtype=pl.String)),
        frame.with_columns(booked_at=pl.Series([None, FIRST_DAY], dtype=pl.Datetime("us", "UTC"))),
        frame.with_columns(sequence=pl.Series([None, 1], dtype=pl.Int64)),
    ):
        assert pair_few(odd, PLAIN, "line_id") is None
        assert told(pair_lines(odd, tie="line_id")) == told(pair_many(odd, PLAIN, "line_id"))
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        pair_lines(frame.drop("currency"))


@pytest.mark.parametrize("hour", [14, 15, 16])
@pytest.mark.parametrize("year", [1988, 1991, 1992, 2024])
def test_the_date_is_that_of_the_business_zone_with_its_summer_time_of_then(year: int, hour: int):
    # One debit and two credits: only that of the same date pairs.
    at = datetime.datetime(year, 7, 6, hour, 30, tzinfo=datetime.UTC)
    credit = line(account="B", direction="credit", counterparty_account="A")
    frame = frame_of(
        [
            line(booked_at=at),
            credit | {"booked_at": at.replace(hour=12), "line_id": "2"},
            credit | {"booked_at": at.replace(hour=20), "line_id": "3"},
        ]
    )
    assert told(pair_lines(frame)) == told(pair_many(frame, PLAIN))
    summer_time = year < 1992
    assert pair_lines(frame).pairs.rows() == [
        (0, 2 if hour >= (15 if summer_time else 16) else 1, "amount_window")
    ]
    assert (pair_few(frame, PLAIN, None) is None) == summer_time
