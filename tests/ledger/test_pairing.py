"""Which lines pair, which stay alone, and which are reported because nobody can tell."""

from __future__ import annotations

import itertools

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.statement_lines import lines

from loantrail.ledger.pair_files import mark_elsewhere
from loantrail.ledger.pairing import PairingParameters, pair_lines


def pairs_of(frame: pl.DataFrame, parameters: PairingParameters | None = None) -> list[tuple[int, int]]:
    """Positions of the lines that pair."""
    position = frame.get_column("position").to_list()
    found = pair_lines(frame, parameters).pairs
    return sorted((position[debit], position[credit]) for debit, credit, _ in found.iter_rows())


def ambiguous_of(frame: pl.DataFrame) -> list[int]:
    position = frame.get_column("position").to_list()
    return sorted(position[row] for row in pair_lines(frame).ambiguous.get_column("row").to_list())


def test_two_lines_that_name_each_other_are_one_transfer():
    frame = lines("""
        03-01 09:00 | A | debit  | 100 | to=B
        03-01 09:01 | B | credit | 100 | to=A
    """)
    assert pairs_of(frame) == [(1, 2)]


@pytest.mark.parametrize(
    "second",
    [
        "03-01 09:01 | B | credit | 101 | to=A",
        "03-01 09:01 | B | credit | 100 | to=C",
        "03-01 09:01 | B | debit  | 100 | to=A",
        "03-01 09:01 | B | credit | 100 | to=A ccy=USD",
        "03-08 09:01 | B | credit | 100 | to=A",
        "02-27 09:01 | B | credit | 100 | to=A",
        "03-01 09:01 | C | credit | 100 | to=A",
        "03-01 09:01 | A | credit | 100 | to=A",
    ],
    ids=[
        "amount",
        "counterparty",
        "direction",
        "currency",
        "too late",
        "before its debit",
        "account",
        "same account",
    ],
)
def test_lines_that_differ_in_what_counts_stay_alone(second: str):
    frame = lines("03-01 09:00 | A | debit | 100 | to=B\n" + second)
    assert pairs_of(frame) == []


@pytest.mark.parametrize(
    ("debit", "credit", "pairs"),
    [
        ("02-29", "03-05", True),  # Thursday to Tuesday
        ("02-29", "03-06", False),
        ("09-30", "10-10", True),  # over the National Day: 1 to 7 October off
        ("09-30", "10-11", False),
        ("02-08", "02-19", True),  # over Spring Festival: 10 to 17 February off, Sunday the 18th worked
        ("02-08", "02-20", False),
    ],
)
def test_the_window_counts_working_days_by_law(debit: str, credit: str, *, pairs: bool):
    frame = lines(f"""
        {debit} 09:00 | A | debit  | 100 | to=B
        {credit} 09:01 | B | credit | 100 | to=A
    """)
    assert pairs_of(frame) == ([(1, 2)] if pairs else [])


def test_a_common_reference_pairs_lines_that_name_nobody():
    frame = lines("""
        03-01 09:00 | A | debit  | 100 | ref=R1
        03-06 09:00 | B | credit | 100 | ref=R1
        03-01 09:00 | C | credit | 100 | ref=R2
    """)
    assert pairs_of(frame) == [(1, 2)]


def test_a_reference_decides_between_equal_candidates():
    frame = lines("""
        03-01 09:00 | A | debit  | 100 | to=B ref=R1
        03-01 09:00 | A | debit  | 100 | to=B ref=R2
        03-01 09:00 | B | credit | 100 | to=A ref=R2
    """)
    assert pairs_of(frame) == [(2, 3)]


def test_placeholders_are_no_reference():
    frame = lines("""
        03-01 09:00 | A | debit  | 100 | ref=NONREF
        03-01 09:00 | B | credit | 100 | ref=NONREF
    """)
    assert pairs_of(frame) == []


def test_the_same_reference_does_not_pair_lines_that_name_others():
    frame = lines("""
        03-01 09:00 | A | debit  | 100 | ref=R1 to=X
        03-01 09:00 | B | credit | 100 | ref=R1 to=A
    """)
    assert pairs_of(frame) == []


def test_a_masked_counterparty_names_nobody():
    frame = lines("""
        03-01 09:00 | A | debit  | 100 | ref=R1 to=62**01
        03-01 09:00 | B | credit | 100 | ref=R1
    """)
    assert pairs_of(frame) == [(1, 2)]


def test_a_reference_with_several_possible_payees_is_reported():
    frame = lines("""
        03-01 09:00 | A | debit  | 100 | ref=R1
        03-01 09:00 | B | credit | 100 | ref=R1
        03-01 09:00 | C | credit | 100 | ref=R1
    """)
    assert pairs_of(frame) == []
    assert ambiguous_of(frame) == [1, 2, 3]


def test_equal_numbers_of_equal_lines_pair_in_order():
    frame = lines("""
        03-01 09:00 | A | debit  | 100 | to=B
        03-01 09:00 | A | debit  | 100 | to=B
        03-04 10:00 | B | credit | 100 | to=A
        03-04 10:00 | B | credit | 100 | to=A
    """)
    assert pairs_of(frame) == [(1, 3), (2, 4)]


def test_unequal_numbers_of_equal_lines_are_reported_not_guessed():
    frame = lines("""
        03-01 09:00 | A | debit  | 100 | to=B
        03-01 09:00 | A | debit  | 100 | to=B
        03-01 10:00 | B | credit | 100 | to=A
    """)
    assert pairs_of(frame) == []
    assert ambiguous_of(frame) == [1, 2, 3]


def test_the_same_day_decides_where_the_window_does_not():
    frame = lines("""
        03-04 09:00 | A | debit  | 100 | to=B
        03-04 09:01 | B | credit | 100 | to=A
        03-05 09:00 | A | debit  | 100 | to=B
    """)
    assert pairs_of(frame) == [(1, 2)]
    assert ambiguous_of(frame) == []


def test_one_line_may_be_silent_about_its_counterparty():
    frame = lines("""
        03-01 09:00 | A | debit  | 100 | to=B
        03-01 09:00 | B | credit | 100
        03-01 09:00 | A | debit  | 200
        03-01 09:00 | B | credit | 200 | to=A
    """)
    assert pairs_of(frame) == [(1, 2), (3, 4)]


def test_a_silent_line_with_two_possible_payers_is_reported():
    frame = lines("""
        03-01 09:00 | A | debit  | 100 | to=B
        03-01 09:00 | C | debit  | 100 | to=B
        03-01 09:00 | B | credit | 100
    """)
    assert pairs_of(frame) == []
    assert ambiguous_of(frame) == [1, 2, 3]


def test_the_same_number_at_another_institution_is_another_account():
    frame = lines("""
        03-01 09:00 | A | debit  | 100 | to=B
        03-01 09:00 | B | credit | 100 | to=A
    """).with_columns(pl.Series("counterparty_elsewhere", [True, False]))
    assert pairs_of(frame) == []


def test_only_codes_of_one_kind_tell_institutions_apart():
    frame = lines("""
        03-01 09:00 | A | debit  | 100 | to=B inst=ICBKCNBJ to_inst=102100099996
        03-01 09:00 | B | credit | 100 | to=A inst=ICBKCNBJSHI to_inst=ICBKCNBJ
        03-01 09:00 | C | debit  | 200 | to=B inst=105100000017 to_inst=ABOCCNBJ
        03-01 09:00 | D | debit  | 300 | to=C inst=105100000017 to_inst=103100000026
    """)
    assert mark_elsewhere(frame)["counterparty_elsewhere"].to_list() == [False, False, True, True]


@st.composite
def histories(draw: st.DrawFn) -> pl.DataFrame:
    """Few accounts and amounts, so that many lines compete."""
    account = st.sampled_from(["A", "B", "C"])
    row = st.tuples(
        st.integers(1, 12), account, st.sampled_from(["debit", "credit"]), st.sampled_from([100, 200]),
        st.one_of(st.none(), account), st.one_of(st.none(), st.sampled_from(["R1", "R2"])),
    )  # fmt: skip
    rows = draw(st.lists(row, min_size=1, max_size=14))
    text = "\n".join(
        f"03-{day:02d} 09:00 | {account} | {direction} | {fen} |"
        + (f" to={to}" if to else "") + (f" ref={reference}" if reference else "")
        for day, account, direction, fen, to, reference in rows
    )  # fmt: skip
    return lines(text)


@settings(max_examples=12, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_in_which_lines_come_changes_nothing(frame: pl.DataFrame, shuffle):
    order = list(range(len(frame)))
    shuffle.shuffle(order)
    mixed = frame[order]
    assert pairs_of(mixed) == pairs_of(frame)
    assert ambiguous_of(mixed) == ambiguous_of(frame)


@settings(max_examples=12, deadline=None)
@given(histories())
def test_every_pair_is_allowed_and_no_line_pairs_twice(frame: pl.DataFrame):
    rows = {row["position"]: row for row in frame.iter_rows(named=True)}
    pairs = pairs_of(frame)
    used = list(itertools.chain.from_iterable(pairs))
    assert len(used) == len(set(used))
    assert not set(used) & set(ambiguous_of(frame))
    for debit, credit in ((rows[d], rows[c]) for d, c in pairs):
        assert (debit["direction"], credit["direction"]) == ("debit", "credit")
        assert debit["amount_fen"] == credit["amount_fen"]
        assert debit["account"] != credit["account"]
        assert debit["counterparty_account"] in (None, credit["account"])
        assert credit["counterparty_account"] in (None, debit["account"])


@settings(max_examples=8, deadline=None)
@given(histories())
def test_amounts_do_not_influence_each_other(frame: pl.DataFrame):
    together = pairs_of(frame)
    apart = [pair for _, part in frame.group_by("amount_fen") for pair in pairs_of(part)]
    assert together == sorted(apart)
