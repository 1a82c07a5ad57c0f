"""A few lines become transfers one by one exactly as they do by frames."""

from __future__ import annotations

import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.colliding_lines import pairs_by_hand, statements, transfer_cases
from tests.ledger.statement_lines import lines

from loantrail.ids import seeded_random
from loantrail.ledger.few import FEW
from loantrail.ledger.pairing import pair_lines
from loantrail.ledger.pairing_model import PAIR_SCHEMA
from loantrail.ledger.transfers import (
    build_transfers,
    line_ids,
    many_transfers,
    numbered_pairs,
)
from loantrail.ledger.transfers_few import few_transfers
from loantrail.ledger.transfers_model import Transfers


def told(transfers: Transfers | None) -> object:
    """All that transfers say, types included."""
    if transfers is None:
        return None
    of_line = transfers.transaction_of_line
    frames = (
        *(transfers.transactions, transfers.problems, transfers.lines, transfers.nodes),
        *(transfers.pairs(), transfers.unpaired()),
    )
    return (
        of_line.name,
        of_line.dtype,
        of_line.to_list(),
        transfers.circle.tolist(),
        [(one.schema, one.rows()) for one in frames],
    )


def becomes_the_same(frame: pl.DataFrame, pairs: pl.DataFrame, own: pl.Series | None) -> bool:
    return told(few_transfers(frame, pairs, own)) == told(many_transfers(frame, pairs, own))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_few_lines_become_transfers_as_many_do(data: st.DataObject):
    assert becomes_the_same(*transfer_cases(lambda options: data.draw(st.sampled_from(options))))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_many_sets_of_few_lines_become_transfers_alike(seed: int):
    dice = seeded_random(seed)
    for _ in range(10):
        assert becomes_the_same(*transfer_cases(dice.choice))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_pairs_by_id_find_their_rows_among_lines(seed: int):
    dice = seeded_random(seed)
    frame = statements(dice.choice)
    pairs = pairs_by_hand(dice.choice, frame)
    ids = frame.get_column("line_id")
    named = pl.DataFrame(
        {
            "debit_line": ids.gather(pairs["debit"]),
            "credit_line": ids.gather(pairs["credit"]),
            "basis": pairs["basis"],
        }
    )
    # Of some pairs one line or both are not among these.
    gone = [(f"gone {number}", "gone", "reference") for number in range(dice.choice((0, 3, 2 * FEW)))]
    others = pl.DataFrame([*gone, (None, None, None)], schema=named.schema, orient="row")
    part = frame.sample(fraction=dice.choice((0.5, 1.0)), shuffle=True, seed=seed)
    everything = pl.concat([others, named])
    rows = {line: row for row, line in enumerate(part["line_id"].to_list())}
    found = [
        (rows[debit], rows[credit], basis)
        for debit, credit, basis in everything.rows()
        if debit in rows and credit in rows
    ]
    assert numbered_pairs(everything, part).rows() == sorted(found)


STATEMENT = """
    03-01 09:00 | A | debit  | 100 | to=B ref=R1 text=goods
    03-01 09:01 | B | credit | 100 | to=A ref=R1
    03-01 09:02 | B | debit  | 100 | to=Z reverses=R1
"""  # fmt: skip


def test_lines_that_are_not_plain_are_left_to_frames():
    frame = lines(STATEMENT)
    frame = frame.with_columns(line_ids(frame))
    pairs = pair_lines(frame).pairs
    assert few_transfers(frame, pairs, None) is not None
    at = datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC)
    for odd in (
        frame.with_columns(pl.col("booked_at").dt.cast_time_unit("ms")),
        frame.with_columns(booked_at=pl.Series([at, None, at], dtype=pl.Datetime("us", "UTC"))),
        frame.with_columns(source_file=pl.lit(None, pl.String)),
    ):
        assert few_transfers(odd, pairs, None) is None
        assert told(build_transfers(odd, pairs)) == told(many_transfers(odd, pairs))
    assert few_transfers(frame.with_columns(direction=pl.lit("transfer")), pairs, None) is None
    many_own = pl.Series("account", ["B", *(str(number) for number in range(2_000))])
    assert few_transfers(frame, pairs, many_own) is None
    assert told(build_transfers(frame, pairs, many_own)) == told(many_transfers(frame, pairs, many_own))
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        build_transfers(frame.drop("currency"), pairs)


def test_so_many_lines_and_one_more_become_transfers_alike():
    text = "\n".join(
        f"03-{1 + number * 30 // FEW:02d} 09:{number % 60:02d} | {'AB'[number % 2]} | {('debit', 'credit')[number % 2]} | 100 |"
        for number in range(FEW + 1)
    )
    frame = lines(text)
    frame = frame.with_columns(line_ids(frame))
    for count in (0, 1, FEW, FEW + 1):
        part = frame.head(count)
        none = pair_lines(part.clear()).pairs
        assert told(build_transfers(part, none)) == told(many_transfers(part, none))


@pytest.mark.parametrize("unknown", ["account", "currency"])
def test_lines_of_no_known_account_or_currency_follow_nobody(unknown: str):
    # As one statement the two credits would contradict the order of the debits.
    frame = lines("""
        03-01 09:00 | A | debit  | 100 |
        03-01 09:05 | B | credit | 100 |
        03-01 09:01 | A | debit  | 100 |
        03-01 09:02 | B | credit | 100 |
    """)
    frame = frame.with_columns(line_ids(frame))
    pairs = pl.DataFrame([(0, 1, "by_hand"), (2, 3, "by_hand")], schema=PAIR_SCHEMA, orient="row")
    credit = pl.col("direction") == "credit"
    blank = frame.with_columns(pl.when(~credit).then(unknown).alias(unknown))
    for case, problem_count in ((frame, 1), (blank, 0)):
        assert becomes_the_same(case, pairs, None)
        assert len(build_transfers(case, pairs).problems) == problem_count
