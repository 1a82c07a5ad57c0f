"""Rows against rows: what is equal, missing, extra or different, and a digest that neither order nor machine changes."""

from __future__ import annotations

import datetime
from typing import Any

import polars as pl
import pytest

from loantrail.tracing.comparing import Difference, Kind, compare, digest_of, digests_of

LEAD = Kind("lead", ("loan_id", "pattern"), ("loan_id", "pattern"))
AT = datetime.datetime(2025, 3, 6, 2, 30, tzinfo=datetime.UTC)


def leads(*rows: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"loan_id": pl.String, "pattern": pl.String, "amount_fen": pl.Int64}, orient="row"
    )


def digest(rows: pl.DataFrame) -> str:
    return digest_of(rows.columns, digests_of(rows))


def test_rows_in_another_order_are_the_same() -> None:
    there = leads(("A", "CASH_OUT", 5), ("B", "ROUND_TRIP", 7), ("A", "CASH_OUT", 6))
    compared = compare(LEAD, there, there.reverse().select("pattern", "amount_fen", "loan_id"))
    assert compared.is_equal
    assert (compared.equal, compared.differences) == (3, ())


def test_what_is_not_the_same_is_named_with_its_values() -> None:
    standing = leads(("A", "CASH_OUT", 5), ("B", "ROUND_TRIP", 7), ("C", "FLOW_SECURITIES", 9))
    computed = leads(("A", "CASH_OUT", 5), ("B", "ROUND_TRIP", 8), ("D", "IDLE_FUNDS", 1))
    compared = compare(LEAD, standing, computed)
    assert not compared.is_equal
    assert (compared.equal, compared.missing, compared.extra, compared.different) == (1, 1, 1, 1)
    assert compared.differences == (
        Difference("different", {"loan_id": "B", "pattern": "ROUND_TRIP"}, (("amount_fen", "7", "8"),)),
        Difference("missing", {"loan_id": "D", "pattern": "IDLE_FUNDS"}),
        Difference("extra", {"loan_id": "C", "pattern": "FLOW_SECURITIES"}),
    )


def test_of_two_rows_with_one_name_only_the_changed_one_differs() -> None:
    compared = compare(
        LEAD,
        leads(("A", "CASH_OUT", 5), ("A", "CASH_OUT", 9)),
        leads(("A", "CASH_OUT", 9), ("A", "CASH_OUT", 6)),
    )
    assert (compared.equal, compared.different) == (1, 1)
    assert compared.differences[0].columns == (("amount_fen", "5", "6"),)


def test_a_row_that_stands_twice_is_one_too_many() -> None:
    compared = compare(LEAD, leads(("A", "CASH_OUT", 5), ("A", "CASH_OUT", 5)), leads(("A", "CASH_OUT", 5)))
    assert (compared.equal, compared.extra, compared.is_equal) == (1, 1, False)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": ["x"], "b": ["1:y"]}, {"a": ["x,1:1"], "b": ["y"]}),
        ({"a": [None], "b": ["x"]}, {"a": ["-"], "b": ["x"]}),
        ({"a": [None], "b": ["x"]}, {"a": [""], "b": ["x"]}),
        ({"a": [["x", "y"]]}, {"a": [["x,1:y"]]}),
        ({"a": [["x", ""]]}, {"a": [["x"]]}),
        ({"a": ["é"]}, {"a": ["e\u0301"]}),
        ({"a": [True]}, {"a": [False]}),
        ({"a": [datetime.date(2025, 3, 6)]}, {"a": [datetime.date(2025, 3, 7)]}),
        ({"a": [AT]}, {"a": [AT + datetime.timedelta(microseconds=1)]}),
    ],
)
def test_different_rows_have_different_digests(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert digest(pl.DataFrame(one)) != digest(pl.DataFrame(other))


def test_the_digest_of_a_row_never_changes() -> None:
    """Two machines, or two years, are compared by it."""
    rows = pl.DataFrame(
        {
            "loan_id": ["借据1"],
            "at": [AT],
            "on": [AT.date()],
            "proven": [True],
            "amount_fen": [-3],
            "unit_id": [None],
            "transaction_ids": [["T1", "T2"]],
        },
        schema_overrides={"at": pl.Datetime("us", "UTC"), "unit_id": pl.String},
    )
    # sha256("-3,1741228200000000,7:借据1,2025-03-06,t,2[2:T1,2:T2,-"), and that below the names of the columns
    assert digest(rows) == "597bab35532ba3c30023b7160434eb601126312bf9a6874134467c994c87b4c1"
