"""The evaluation counts what was found against what is known."""

from __future__ import annotations

import datetime

import polars as pl
import pytest

from loantrail.demo.evaluate import as_text, evaluate
from loantrail.errors import ColumnMissing, ValueRefused

AT = datetime.datetime(2025, 6, 1, tzinfo=datetime.UTC)


def _truth() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    planted = pl.DataFrame(
        {
            "loan_id": ["A", "B", "C"],
            "pattern": ["FLOW_SECURITIES", "FLOW_SECURITIES", "ROUND_TRIP"],
            "class": ["securities", "futures", "related_party"],
            "amount_fen": [600, 500, 400],
            "references": [["1"], ["2"], ["3"]],
            "planted_at": [AT, AT, AT],
            "route": ["direct", "direct", "via 1"],
            "also": [["RAPID_IN_OUT"], [], ["RAPID_IN_OUT"]],
        }
    )
    look_alikes = pl.DataFrame(
        {
            "loan_id": ["D", "E"],
            "look_alike": ["refund", "refund"],
            "resembles": [["ROUND_TRIP"], ["ROUND_TRIP"]],
            "amount_fen": [100, 100],
            "references": [["4"], ["5"]],
            "planted_at": [AT, AT],
        }
    )
    uses = pl.DataFrame(
        {
            "loan_id": ["A", "A", "B", "C", "D", "E", "F"],
            "use": [
                "securities",
                "supplier",
                "futures",
                "held_by_related_party",
                "supplier",
                "supplier",
                "supplier",
            ],
            "amount_fen": [600, 400, 500, 400, 100, 100, 1000],
        }
    )
    return planted, look_alikes, uses


def _statement(rows: list[tuple[str, str, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["loan_id", "use", "amount_fen"], orient="row")


def _leads(rows: list[tuple[str, str, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"loan_id": pl.String, "pattern": pl.String, "amount_fen": pl.Int64}, orient="row"
    )


def test_precision_and_recall_of_a_pattern() -> None:
    leads = _leads(
        [("A", "FLOW_SECURITIES", 580), ("F", "FLOW_SECURITIES", 10), ("A", "FLOW_SECURITIES", 20)]
    )
    result = evaluate(*_truth(), _statement([("A", "securities", 600)]), leads)
    row = result.patterns.row(by_predicate=pl.col("pattern") == "FLOW_SECURITIES", named=True)
    assert (row["planted"], row["found"], row["leads"], row["true_leads"]) == (2, 1, 2, 1)
    assert (row["precision_ppm"], row["recall_ppm"]) == (500_000, 500_000)
    assert (row["planted_fen"], row["found_fen"]) == (1100, 580)


def test_a_lead_that_the_same_movements_truly_show_is_true_but_not_asked_for() -> None:
    leads = _leads([("A", "RAPID_IN_OUT", 1), ("B", "RAPID_IN_OUT", 1)])
    result = evaluate(*_truth(), _statement([]).cast({"amount_fen": pl.Int64}), leads)
    row = result.patterns.row(by_predicate=pl.col("pattern") == "RAPID_IN_OUT", named=True)
    assert (row["planted"], row["leads"], row["true_leads"]) == (0, 2, 1)
    assert row["precision_ppm"] == 500_000
    assert row["recall_ppm"] is None


def test_amounts_by_class_and_the_share_of_loans_near_enough() -> None:
    statement = _statement(
        [
            ("A", "securities", 576),
            ("A", "supplier", 424),
            ("D", "supplier", 100),
            ("E", "cash", 100),
            ("F", "supplier", 1000),
        ]
    )
    result = evaluate(*_truth(), statement, _leads([]))
    found = result.amounts.row(
        by_predicate=(pl.col("loan_id") == "A") & (pl.col("use") == "securities"), named=True
    )
    assert (found["true_fen"], found["found_fen"], found["difference_fen"]) == (600, 576, 24)
    supplier = result.classes.row(by_predicate=pl.col("use") == "supplier", named=True)
    assert (supplier["loans"], supplier["true_fen"], supplier["found_fen"]) == (4, 1600, 1524)
    assert supplier["matched_fen"] == 400 + 100 + 0 + 1000
    assert supplier["difference_fen"] == 24 + 0 + 100 + 0
    assert supplier["within_1_percent"] == 500_000  # D and F
    assert supplier["within_20_percent"] == 750_000  # and A, off by six percent
    securities = result.classes.row(by_predicate=pl.col("use") == "securities", named=True)
    assert securities["within_1_percent"] == 0
    assert securities["within_5_percent"] == 1_000_000


def test_look_alikes_and_honest_loans_that_warned() -> None:
    leads = _leads(
        [("D", "ROUND_TRIP", 1), ("D", "CASH_OUT", 1), ("F", "CASH_OUT", 1), ("A", "ROUND_TRIP", 1)]
    )
    result = evaluate(*_truth(), _statement([("F", "supplier", 1000)]), leads)
    row = result.look_alikes.row(by_predicate=pl.col("look_alike") == "refund", named=True)
    assert (row["loans"], row["loans_warned"], row["false_leads"], row["resembling_leads"]) == (2, 1, 2, 1)
    assert result.honest.row(0, named=True) == {"honest_loans": 1, "loans_warned": 1, "false_leads": 1}


def test_nothing_found_is_a_result_not_an_error() -> None:
    result = evaluate(*_truth(), _statement([]).cast({"amount_fen": pl.Int64}), _leads([]))
    assert result.patterns["leads"].sum() == 0
    assert "FLOW_SECURITIES" in as_text(result)


def test_findings_that_cannot_be_used_are_named() -> None:
    with pytest.raises(ColumnMissing, match="pattern"):
        evaluate(*_truth(), _statement([("A", "cash", 1)]), pl.DataFrame({"loan_id": ["A"]}))
    with pytest.raises(ValueRefused, match="whole fen"):
        evaluate(*_truth(), _statement([("A", "cash", 1)]).cast({"amount_fen": pl.Float64}), _leads([]))
