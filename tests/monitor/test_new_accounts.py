"""Which rows open an account that the books did not know: told of the first delivery that has a line of it, however they are grouped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from tests.monitor.rows import row

from loantrail.monitor.committing import commit_group
from loantrail.monitor.model import Answered, Delivery
from loantrail.monitor.payload import JSON, read_payload
from loantrail.postgres.connection import Database

pytestmark = pytest.mark.database


@pytest.fixture
def session(books: Database) -> Iterator[psycopg.Connection[Any]]:
    with books.connect() as connection:
        yield connection


def delivery(*rows: dict[str, Any], key: str | None = None) -> Delivery:
    read = read_payload(json.dumps(rows).encode(), JSON, "test")
    return replace(read, key=key, content_hash="c")


def told(answers: list[Any]) -> list[tuple[int, list[bool]]]:
    assert all(isinstance(one, Answered) for one in answers)
    return [(one.new_accounts, [row.account_is_new for row in one.rows]) for one in answers]


@pytest.mark.parametrize("in_one_group", [True, False])
@pytest.mark.parametrize("known_before", [False, True])
def test_of_deliveries_that_share_a_new_account_the_first_says_so(
    session: psycopg.Connection[Any], in_one_group: bool, known_before: bool
) -> None:
    # Where one row is known the rows of a group are looked up one by one.
    before = [row(50, account="6250")]
    first = [row(1, account="6201"), row(2, account="6202"), row(3, account="6201")]
    second = [row(4, account="6202"), row(5, account="6203", counterparty_account="6204")]
    deliveries = [delivery(*rows) for rows in (before, first, second)]
    if known_before:
        commit_group(session, deliveries[:1])

    if in_one_group:
        answers = commit_group(session, deliveries)
    else:
        answers = [answer for one in deliveries for answer in commit_group(session, [one])]

    assert told(answers) == [
        (0, [False]) if known_before else (1, [True]),
        (2, [True, True, True]),
        (1, [False, True]),
    ]


def test_the_same_request_twice_in_a_group_gets_one_answer(session: psycopg.Connection[Any]) -> None:
    answers = commit_group(session, [delivery(row(1), key="k"), delivery(row(1), key="k")])

    assert told(answers) == [(1, [True]), (1, [True])]
