"""The interface keeps the contract that its own description states, whatever is asked of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import hypothesis
import psycopg
import pytest
import schemathesis
from schemathesis.checks import load_all_checks
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python._constants.orchestrator import make_constants_value_source
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance
from tests.http.conftest import traced_bank
from tests.signing_in import COOKIE, token_of, write_person

from loantrail.http.openapi import openapi_text
from loantrail.postgres.connection import Database

WEB = Path(__file__).resolve().parents[2] / "web"
DESCRIPTION = (WEB / "openapi.json").read_text("utf-8")
OPERATIONS = [
    f"{method.upper()} {path}"
    for path, methods in json.loads(DESCRIPTION)["paths"].items()
    for method in methods
]


def test_the_description_that_the_page_was_made_from_is_the_present_one() -> None:
    assert openapi_text() == DESCRIPTION, (
        "the interface changed: python -m loantrail.http.openapi > web/openapi.json"
    )


SHEETS = {one for one in OPERATIONS if one.endswith(".xlsx") and one.removesuffix(".xlsx") in OPERATIONS}
"""Operations that give what another one lists, with the same parameters."""
LENIENT = {
    # The same request key with another content is refused as input.
    "POST /api/v1/export-requests": positive_data_acceptance,
    # Which days have begun, and what each day is, no description tells.
    "POST /api/v1/calendar/days": positive_data_acceptance,
    # Nor how currencies are called.
    "POST /api/v1/decisions": positive_data_acceptance,
}
"""Operations that do not keep one thing that the description says, and how."""


@dataclass(frozen=True, slots=True)
class Tried:
    """The application over a traced bank that these tests may write to."""

    address: str
    url: str
    """Of its database."""


@pytest.fixture(scope="module")
def tried(database_server: Database, template_database: str, _own_home: None) -> Iterator[Tried]:
    with traced_bank(database_server, template_database) as (address, url):
        yield Tried(address, url)


@cache
def described(*, boundaries: bool) -> BaseSchema:
    """What is tried, with every boundary of every parameter or without."""
    made = schemathesis.openapi.from_dict(json.loads(DESCRIPTION))
    made.config.phases.coverage.enabled = boundaries
    return made


def try_operation(name: str, tried: Tried, tries: int, *, boundaries: bool = False) -> None:
    """Send requests to one operation, as somebody who is signed in with every business role, and check each answer against the
    description.

    The requests are made here and not while tests are collected: that takes longer than all else, in every process that runs
    tests, and gives all operations the same name, by which some ways of sharing tests out run but one of them.
    """

    person = f"tries-{OPERATIONS.index(name)}"
    with psycopg.connect(tried.url) as connection:
        write_person(connection, person)  # of this operation alone: one of them signs out
    cookies = {COOKIE: token_of(person)}

    def holds(case: schemathesis.Case) -> None:
        case.call_and_validate(
            base_url=tried.address,
            cookies=cookies,
            timeout=60,
            excluded_checks=[check] if (check := LENIENT.get(name)) else [],
        )

    schema = described(boundaries=boundaries)
    load_all_checks()
    method, path = name.split(" ", 1)
    test = build_operation_test(
        config=schema.config,
        operation=schema[path][method],
        test_func=holds,
        explicit_settings=hypothesis.settings(
            max_examples=tries,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        ),
        given_kwargs={},
        feedback=FeedbackSources(constants_value_source=make_constants_value_source(schema)),
    )
    test()


@pytest.mark.database
@pytest.mark.parametrize("operation", OPERATIONS)
def test_answers_are_as_described(operation: str, tried: Tried) -> None:
    try_operation(operation, tried, 5)


@pytest.mark.heavy
@pytest.mark.database
@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one not in SHEETS])
def test_every_answer_is_as_described(operation: str, tried: Tried) -> None:
    """With every boundary of every parameter too, which is hundreds of requests to the list of loans; a sheet of a list reads
    the same ones."""
    try_operation(operation, tried, 25, boundaries=True)
