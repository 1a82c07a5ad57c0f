"""Parameters: every number has its validity and basis; nothing overlaps, nothing is missing in between."""

from __future__ import annotations

import datetime
import itertools
from pathlib import Path

import pytest

from loantrail.destinations.final import arrival_use, final_classes
from loantrail.destinations.model import BY_NAME, CLASSES
from loantrail.errors import ConfigurationError
from loantrail.parameters import ParameterBook, parse_parameters, shipped_parameters

WAN = 1_000_000


def one(value: str, start: str, end: str = "", unit: str = "count") -> str:
    to = f"to: {end}, " if end else ""
    return f"""
limit:
  unit: {unit}
  meaning: "a limit"
  periods:
    - {{value: {value}, inclusive: true, from: {start}, {to}basis: "a rule", verified: K}}
"""


def two(first_end: str, second_start: str) -> str:
    return (
        one("1", "2020-01-01", first_end)
        + f'    - {{value: 2, inclusive: true, from: {second_start}, basis: "a rule", verified: V}}\n'
    )


def test_every_shipped_parameter_is_usable() -> None:
    book = shipped_parameters()
    assert len(book.names) > 100
    for name in book.names:
        periods = book.periods(name)
        assert periods[-1].effective_to is None, name
        for earlier, later in itertools.pairwise(periods):
            assert earlier.effective_to is not None
            assert later.effective_from - earlier.effective_to == datetime.timedelta(days=1), name
        assert all(period.legal_basis and period.verified in "VK" for period in periods)


def test_the_value_changes_at_midnight_of_its_first_day() -> None:
    before = shipped_parameters().at("autonomous_up_to_consumer_loan_fen", datetime.date(2025, 3, 20))
    after = shipped_parameters().at("autonomous_up_to_consumer_loan_fen", datetime.date(2025, 3, 21))
    assert (before.number, after.number) == (30 * WAN, 50 * WAN)
    assert after.verified == "V"


@pytest.mark.parametrize(
    ("name", "at_limit", "beyond"),
    [
        ("entrusted_above_fixed_asset_loan_fen", False, True),
        ("entrusted_above_working_capital_loan_fen", False, True),
        ("large_value_cash_fen", True, True),
        ("large_value_company_fen", True, True),
        ("substandard_days_past_due", False, True),
        ("default_days_past_due", True, True),
        ("contagion_non_performing_share_ppm", False, True),
    ],
)
def test_whether_the_threshold_itself_counts(name: str, at_limit: bool, beyond: bool) -> None:
    threshold = shipped_parameters().at(name, datetime.date(2025, 6, 1))
    assert not threshold.reached_by(threshold.number - 1)
    assert threshold.reached_by(threshold.number) is at_limit
    assert threshold.reached_by(threshold.number + 1) is beyond


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("entrusted_above_fixed_asset_loan_fen", 500 * WAN),
        ("entrusted_above_working_capital_loan_fen", 1000 * WAN),
        ("large_value_individual_cross_border_fen", 20 * WAN),
        ("substandard_days_past_due", 90),
        ("doubtful_days_past_due", 270),
        ("loss_days_past_due", 360),
        ("record_retention", 10),
        ("return_to_guarantor_days", 3),
        ("first_inspection_company_days", 15),
    ],
)
def test_known_numbers(name: str, value: int) -> None:
    assert shipped_parameters().at(name, datetime.date(2025, 6, 1)).number == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (two("2020-12-31", "2021-01-02"), "no value from 2021-01-01"),
        (two("2021-01-01", "2021-01-01"), "overlap"),
        (one("1", "2021-01-02", "2021-01-01"), "before it starts"),
        (one("1.5", "2021-01-01"), "not a whole number"),
        (one("true", "2021-01-01"), "not a whole number"),
        (one("1", "yesterday"), "not a date"),
        (one("1", "2021-01-01", unit="ounces"), "unit 'ounces'"),
        (one("5", "2021-01-01", unit="classes"), "list of class names"),
        ("limit: 5", "must have unit and periods"),
        ("[1, 2", "not YAML"),
        ("- 1", "map names"),
    ],
)
def test_a_faulty_file_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        ParameterBook(parse_parameters(text, "own.yaml"))


def test_before_the_first_day_there_is_no_value() -> None:
    with pytest.raises(ConfigurationError, match="no value on 1999-12-31"):
        shipped_parameters().at("idle_funds_days", datetime.date(1999, 12, 31))
    with pytest.raises(ConfigurationError, match="there is no parameter 'nothing'"):
        shipped_parameters().at("nothing", datetime.date(2025, 1, 1))


def test_final_classes_are_a_parameter() -> None:
    final = final_classes(shipped_parameters(), datetime.date(2025, 1, 1))
    assert final == {row.name for row in CLASSES if row.final}
    import polars as pl

    codes = arrival_use(pl.Series(["securities", "individual", None]), final)
    assert codes.to_list() == [BY_NAME["securities"].code, 0, 0]
    book = ParameterBook(
        parse_parameters(
            one("[moon]", "2000-01-01", unit="classes").replace("limit:", "final_classes:"), "own.yaml"
        )
    )
    with pytest.raises(ConfigurationError, match="'moon'"):
        final_classes(book, datetime.date(2025, 1, 1))


def test_the_documentation_lists_every_parameter() -> None:
    page = Path(__file__).parent.parent / "docs" / "concepts" / "parameters.md"
    text = page.read_text(encoding="utf-8")
    assert [name for name in shipped_parameters().names if f"`{name}`" not in text] == []
