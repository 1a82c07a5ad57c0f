"""Every table beside this file, by every convention it names."""

from __future__ import annotations

import pytest
from tests.scenarios.reading import FOLDER, Scenario, measured, read_scenario, yuan

FILES = sorted(FOLDER.glob("*.txt"))
CASES = [
    pytest.param(scenario, convention, expected, id=f"{path.stem}-{convention}")
    for path in FILES
    for scenario in [read_scenario(path)]
    for convention, expected in scenario.expectations
]


@pytest.mark.parametrize(("scenario", "convention", "expected"), CASES)
def test_scenario(scenario: Scenario, convention: str, expected: dict[str, int]) -> None:
    result = scenario.run(convention)
    assert not result.problems
    found = {column: str(yuan(measured(scenario, result, column))) for column in expected}
    assert found == {column: str(yuan(fen)) for column, fen in expected.items()}


def test_all_worked_examples_are_there() -> None:
    names = {path.stem.split("_")[0] for path in FILES}
    assert {f"e{number:02}" for number in range(1, 14)} <= names
