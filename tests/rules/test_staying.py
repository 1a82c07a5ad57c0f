"""What is proposed and what is published of a rule stays as it is, whoever writes to the database."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from tests.http.proposed import propose_rule

from loantrail.clock import business_date
from loantrail.ids import new_id
from loantrail.postgres.connection import type_of_connection
from loantrail.rules import acting, workflow
from loantrail.rules.model import RuleVersion, State

pytestmark = pytest.mark.database


@pytest.mark.parametrize(
    "change",
    [
        "condition = 'TRUE'",
        "content_hash = repeat('0', 64)",
        "levels = '[]'",
        "chinese = '别的'",
        "actions = '{}'",
        "maker = 'S9'",
        "editors = '{}'",
        "proposed_by = 'S9'",
        "state = 'shadow'",
        "state = 'published', proposed_by = 'S9', checker = 'S8', effective_from = '2030-01-01'",
        "state = 'draft', proposed_by = NULL, condition = 'TRUE'",
    ],
)
def test_the_database_keeps_what_is_proposed_as_it_was_proposed(
    connection: type_of_connection, change: str
) -> None:
    rule_id = propose_rule(connection)
    with pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute(f"UPDATE rules.rule_version SET {change} WHERE rule_id = %s", (rule_id,))  # pyright: ignore[reportArgumentType, reportCallIssue]
    connection.rollback()


def test_the_database_lets_a_proposed_version_be_approved_or_sent_back_and_then_changed(
    connection: type_of_connection,
) -> None:
    first, second = propose_rule(connection, "LARGE_CASH"), propose_rule(connection, "LARGE_CASH")

    def do(rule_id: str, revision: int, kind: str, decide: Any) -> State:
        done = acting.act(connection, rule_id, revision, kind, "S2", new_id(), decide, "理由")
        assert done is not None
        return done[0].state

    def publish(one: RuleVersion, at: datetime.datetime) -> RuleVersion | workflow.Refusal:
        return workflow.approve(one, "S2", at, business_date(at), business_date(at), None)

    def rename(one: RuleVersion, _: datetime.datetime) -> RuleVersion | workflow.Refusal:
        return workflow.edit(one, replace(one.content, chinese="改过"), "S1")

    assert do(first, 3, "approve", publish) is State.PUBLISHED
    assert do(second, 3, "refuse", lambda one, at: workflow.refuse(one, "S2", at, "理由")) is State.DRAFT
    assert do(second, 4, "edit", rename) is State.DRAFT
    connection.commit()
    for change in ("chinese = '别的'", "actions = '{}'", "proposed_by = 'S9'"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute(f"UPDATE rules.rule_version SET {change} WHERE rule_id = %s", (first,))  # pyright: ignore[reportArgumentType, reportCallIssue]
        connection.rollback()
    waits = do(first, 4, "propose_retire", lambda one, at: workflow.propose_retirement(one, "S2", at, "理由"))
    assert waits is State.PUBLISHED
    retired = do(first, 5, "retire", lambda one, at: workflow.retire(one, "S2x", business_date(at)))
    assert retired is State.RETIRED
