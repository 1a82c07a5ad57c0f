"""A rule that breaks is stopped and named; the others go on."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from polars.exceptions import PanicException
from tests.rules.bank import WAN, rows, version

from loantrail.parameters import shipped_parameters
from loantrail.rules import backtest, evaluate
from loantrail.rules.backtest import Trial
from loantrail.rules.evaluate import ReadyRules
from loantrail.rules.running import _Work
from loantrail.rules.stopping import RulesBroken

BOOK = shipped_parameters()
GOOD = version()
BAD = version(code="BAD", condition="securities_fen >= wan(7)")
FRAME = rows({"securities_fen": 20 * WAN})
PROBLEMS = [ZeroDivisionError("a figure that nobody thought of"), PanicException("a panic")]


@pytest.fixture(params=PROBLEMS, ids=["exception", "panic"], autouse=True)
def _explained(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Explaining one of the conditions breaks."""
    explain = evaluate.explain

    def explained(checked: Any, *told: Any) -> Any:
        if checked.text == BAD.content.condition:
            raise request.param
        return explain(checked, *told)

    monkeypatch.setattr(evaluate, "explain", explained)
    monkeypatch.setattr(backtest, "explain", explained)


def test_in_one_pass() -> None:
    found = evaluate.evaluate([BAD, GOOD], FRAME, BOOK)

    assert [(one.rule_code, one.reason) for one in found.stopped] == [("BAD", "defect")]
    assert found.hits["rule_code"].to_list() == ["FLOW_SECURITIES"]


def test_in_a_run_over_the_books(caplog: pytest.LogCaptureFixture) -> None:
    bad, good = _Work(BAD, BOOK), _Work(GOOD, BOOK)
    for one in (bad, good):
        one.add(rows({"securities_fen": 1}), BOOK)
        one.add(FRAME, BOOK)
        one.limit(100, BOOK, FRAME["business_date"][0])

    assert (bad.stopped, good.stopped) == ("defect", None)
    assert (len(bad.hits), len(good.hits)) == (0, 1)
    assert "BAD" in caplog.text


@pytest.mark.parametrize("copies", [1, evaluate.FEW_ROWS + 1])
def test_of_rules_that_are_ready_those_that_break_are_told(copies: int) -> None:
    frame = pl.concat([FRAME] * copies)

    with pytest.raises(RulesBroken) as told:
        ReadyRules([BAD, GOOD], BOOK).found(frame)

    assert [one.version for one in told.value.broken] == [BAD]
    assert ReadyRules([GOOD], BOOK).found(frame)["rule_code"].to_list() == ["FLOW_SECURITIES"]


def test_where_the_rows_are_to_blame_no_rule_is() -> None:
    with pytest.raises(Exception, match="loan_id") as told:
        ReadyRules([GOOD], BOOK).found(FRAME.drop("loan_id"))

    assert not isinstance(told.value, RulesBroken)


def test_what_breaks_as_it_is_made_ready_judges_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    possible = evaluate.can_be_met

    def broken(root: Any, *told: Any) -> bool:
        if BAD.content.condition.endswith("wan(7)") and root.right.value == 7 * WAN:
            raise ZeroDivisionError
        return possible(root, *told)

    monkeypatch.setattr(
        evaluate,
        "can_be_met",
        lambda root, *told: broken(root, *told) if hasattr(root, "right") else possible(root, *told),
    )

    ready = ReadyRules([BAD, GOOD], BOOK)

    assert [one.version for one in ready.rules] == [GOOD]
    assert [one.version for one in ready.broken] == [BAD]


def test_a_back_test_names_the_version_that_breaks() -> None:
    for tried, beside in ((BAD, GOOD), (GOOD, BAD)):
        trial = Trial(tried, beside, BOOK)
        with pytest.raises(RulesBroken, match="the rule BAD, version 1, could not be judged"):
            trial.add(FRAME)
