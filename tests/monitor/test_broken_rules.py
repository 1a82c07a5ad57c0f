"""A rule that breaks as lines come in is stopped and named; lines are decided on by the others."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from tests.http.bank import BORROWER, LOAN, moment
from tests.monitor.test_deciding import BROKER_OUTSIDE, codes, line, post, standing, to_securities

from loantrail.monitor.deciding import Deciding
from loantrail.monitor.payment import Payment
from loantrail.postgres.connection import type_of_connection
from loantrail.rules import evaluate

pytestmark = pytest.mark.database


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Conditions of which the explanation breaks."""
    found: set[str] = set()
    explain = evaluate.explain

    def explained(checked: Any, *told: Any) -> Any:
        if checked.text in found:
            raise ZeroDivisionError("a figure that nobody thought of")
        return explain(checked, *told)

    monkeypatch.setattr(evaluate, "explain", explained)
    return found


def hit_rules(asked: psycopg.Connection[Any], deciding: Deciding) -> dict[str, str]:
    """Rules that found something of the loan as lines came in: id -> condition."""
    assert deciding._held is not None
    judging = deciding._held.judging
    ids = set(judging._found[LOAN]["rule_id"].to_list())
    rows = asked.execute("SELECT rule_id, condition FROM rules.rule_version").fetchall()
    return {row[0]: row[1] for row in rows if row[0] in ids}


def test_the_others_find_what_they_find_and_the_list_names_it(
    bank: type_of_connection,
    deciding: Deciding,
    asked: psycopg.Connection[Any],
    broken: set[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    post(bank, deciding, to_securities("S1", 60_000))
    before = hit_rules(asked, deciding)
    assert len(before) > 1
    [bad] = [rule for rule, condition in before.items() if "securities_fen" in condition]
    broken.add(before[bad])

    payment = deciding.decide(
        Payment(
            moment(13),
            moment(13),
            BORROWER,
            6_000_000,
            counterparty_account=BROKER_OUTSIDE,
            purpose_text="银证转账",
        )
    )
    [answer] = post(bank, deciding, to_securities("S2", 60_000, day=13))

    assert payment is not None
    assert (payment.decision, answer.decision) == ("review", "review")
    assert "FLOW_SECURITIES" in codes(standing(asked))
    stopped = asked.execute(
        "SELECT rule_id, stopped FROM rules.evaluation WHERE stopped IS NOT NULL"
    ).fetchall()
    told = asked.execute("SELECT 1 FROM rules.evaluation WHERE rule_id = %s", (bad,)).fetchone()
    assert told is not None
    assert stopped == [(bad, "defect")]
    assert "broke and is stopped" in caplog.text
    assert set(hit_rules(asked, deciding)) == set(before) - {bad}

    [later] = post(
        bank,
        deciding,
        line("S3", BORROWER, 10_000, day=14, counterparty_account=BROKER_OUTSIDE, purpose_text="银证转账"),
    )
    assert later.decision == "review"
    assert deciding.is_ready
