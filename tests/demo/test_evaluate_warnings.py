"""Warnings against the known truth: what was found, how late, at what cost."""

from __future__ import annotations

import datetime

import polars as pl

from loantrail.demo.evaluate_warnings import Budget, WarningEvaluation, judge_warnings, warnings_text
from loantrail.rules.volume import Volume

AT = datetime.datetime(2025, 6, 1, tzinfo=datetime.UTC)
LATER = AT + datetime.timedelta(hours=30)


def judged(
    hits: list[tuple[str, str]], threads: list[tuple[str, str]], loans: int = 100
) -> WarningEvaluation:
    planted = pl.DataFrame(
        {
            "loan_id": ["A", "B"],
            "pattern": ["FLOW_SECURITIES", "ROUND_TRIP"],
            "planted_at": [AT, AT],
            "also": [["RAPID_IN_OUT"], []],
        },
        schema_overrides={"also": pl.List(pl.String)},
    )
    alike = pl.DataFrame({"loan_id": ["D", "E"], "look_alike": ["refund", "refund"]})
    found = pl.DataFrame(
        {
            "loan_id": [loan for loan, _ in hits],
            "rule_code": [rule for _, rule in hits],
            "at": [LATER] * len(hits),
        },
        schema={"loan_id": pl.String, "rule_code": pl.String, "at": pl.Datetime("us", "UTC")},
    )
    levels = pl.DataFrame(threads, schema={"loan_id": pl.String, "level": pl.String}, orient="row")
    severe = levels.filter(pl.col("level").is_in(["orange", "red"]))
    volume = Volume(len(levels), len(severe), loans, 365)
    return judge_warnings(planted, alike, found, levels, volume, Budget(15, 3))


def test_a_warning_is_true_when_one_of_its_hits_is() -> None:
    found = judged(
        [("A", "FLOW_SECURITIES"), ("A", "RAPID_IN_OUT"), ("B", "CASH_OUT"), ("D", "ROUND_TRIP")],
        [("A", "red"), ("B", "yellow"), ("D", "orange")],
    )
    assert (found.precision_ppm, found.recall_ppm) == (333_333, 500_000)
    assert found.levels.rows() == [("red", 1, 1), ("orange", 1, 0), ("yellow", 1, 0), ("blue", 0, 0)]
    rows = {row["pattern"]: row for row in found.patterns.iter_rows(named=True)}
    assert (rows["FLOW_SECURITIES"]["recall_ppm"], rows["FLOW_SECURITIES"]["delay_hours"]) == (1_000_000, 30)
    assert (rows["RAPID_IN_OUT"]["precision_ppm"], rows["RAPID_IN_OUT"]["recall_ppm"]) == (1_000_000, None)
    assert (rows["ROUND_TRIP"]["recall_ppm"], rows["ROUND_TRIP"]["delay_hours"]) == (0, None)
    assert found.look_alikes.row(by_predicate=pl.col("look_alike") == "refund") == ("refund", 2, 1)


def test_what_staff_can_work_is_held_against_what_there_is() -> None:
    threads = [("A", "red"), ("B", "yellow")]
    hits = [("A", "FLOW_SECURITIES"), ("B", "ROUND_TRIP")]
    within = judged(hits, threads, loans=100)
    assert (within.threads_milli, within.severe_milli, within.passes) == (1666, 833, True)
    beyond = judged(hits, threads, loans=10)
    assert (beyond.threads_milli, beyond.severe_milli, beyond.passes) == (16_666, 8_333, False)
    assert "FAILS" not in warnings_text(within)
    assert (beyond.planted_milli, beyond.severe_true_milli) == (16_666, 8_333)
    assert "one warning for each loan with planted misuse   16.6" in warnings_text(beyond)
    assert warnings_text(beyond).count("FAILS") == 2


def test_false_warnings_are_no_part_of_what_planted_misuse_costs() -> None:
    threads = [("A", "red"), ("D", "red"), ("E", "red")]
    found = judged([("A", "FLOW_SECURITIES"), ("D", "ROUND_TRIP"), ("E", "ROUND_TRIP")], threads)
    assert (found.severe_milli, found.severe_true_milli, found.planted_milli) == (2500, 833, 1666)


def test_without_a_warning_nothing_is_divided() -> None:
    found = judged([], [])
    assert (found.precision_ppm, found.recall_ppm, found.passes) == (None, 0, False)
    assert "FAILS" in warnings_text(found)
