"""The interface keeps the contract that its own description states, whatever is asked of it."""

from __future__ import annotations

import json
from pathlib import Path

import hypothesis
import pytest
import schemathesis

from loantrail.http.openapi import openapi_text

WEB = Path(__file__).resolve().parents[2] / "web"
DESCRIPTION = openapi_text()


def test_the_description_that_the_page_was_made_from_is_the_present_one() -> None:
    assert (WEB / "openapi.json").read_text("utf-8") == DESCRIPTION, (
        "the interface changed: python -m loantrail.http.openapi > web/openapi.json"
    )


contract = schemathesis.openapi.from_dict(json.loads(DESCRIPTION))
sample = schemathesis.openapi.from_dict(json.loads(DESCRIPTION))
sample.config.phases.coverage.enabled = False


def _tries(count: int) -> hypothesis.settings:
    return hypothesis.settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )


@pytest.mark.database
@sample.parametrize()
@_tries(5)
def test_answers_are_as_described(case: schemathesis.Case, bank_address: str) -> None:
    case.call_and_validate(base_url=bank_address)


@pytest.mark.heavy
@pytest.mark.database
@contract.parametrize()
@_tries(25)
def test_every_answer_is_as_described(case: schemathesis.Case, bank_address: str) -> None:
    """With every boundary of every parameter too, which is hundreds of requests to the list of loans."""
    case.call_and_validate(base_url=bank_address)
