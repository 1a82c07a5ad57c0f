"""A rule that hits too many loans is stopped while lines come, as a run over the books stops it, and what it found is taken back."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from tests.decided import decide_parameter
from tests.http.bank import BORROWER, LOAN, QUIET, QUIET_LOAN, moment
from tests.monitor.test_deciding import codes, line, post, standing, to_securities

from loantrail.early_warning.hits import Level
from loantrail.early_warning.patterns import PATTERNS
from loantrail.monitor import running_away
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.leading import Connecting
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.rules import store, store_hits
from loantrail.rules.model import Content, LevelRule, RuleVersion, State
from loantrail.rules.shipped import content_hash, shipped_rules
from loantrail.tracing.database import trace_books
from loantrail.tracing.rebuilding import rebuild

pytestmark = pytest.mark.database
DAY = moment(12).date()
"""The rule is in force from the day on that the lines come in; the books end before."""
OTHER_DAY = datetime.date(2025, 3, 13)


def publish(
    connection: type_of_connection,
    code: str = "ALL_THAT_MOVES",
    condition: str = "TRUE",
    version: int = 1,
    effective_from: datetime.date = DAY,
) -> str:
    """A version in force from a day on; its id."""
    like = next(one.content for one in shipped_rules() if one.content.occasion == "movement")
    content: Content = replace(
        like, code=code, condition=condition, levels=(LevelRule(Level.BLUE, "TRUE"),), products=(), customer_kinds=(),
        pattern="",
    )  # fmt: skip
    made = RuleVersion(
        f"{code}-{version}", content, version, State.PUBLISHED, "S1", moment(11), ("S1",), effective_from=effective_from,
        shipped=True,
    )  # fmt: skip
    store.insert(connection, made, content_hash(content))
    connection.commit()
    return made.rule_id


@pytest.fixture
def bank(bank: type_of_connection) -> type_of_connection:
    """The second loan is disbursed too; of three loans, two are too many for a rule."""
    bank.execute(
        "INSERT INTO ledger.disbursement (disbursement_id, loan_id, account, amount_fen, booked_at, reference, payment_mode, unit_id)"
        " VALUES ('FK2', %s, %s, 30000000, %s, '乙放款', 'autonomous_payment', 'U1')",
        (QUIET_LOAN, QUIET, moment(10)),
    )
    decide_parameter(bank, "rule_runaway_loans", 2)
    bank.commit()
    trace_books(bank)
    return bank


@pytest.fixture
def rule(bank: type_of_connection) -> str:
    return publish(bank)


@pytest.fixture
def deciding(bank: type_of_connection, rule: str, database_url: str) -> Deciding:
    del rule
    made = Deciding(Connecting(Database(database_url)))
    made.want()
    made.wait()
    assert made.is_ready
    return made


def of_borrower(reference: str, day: int = 12) -> dict[str, Any]:
    return line(reference, BORROWER, 1_000, day, counterparty_account="999", counterparty_name="食堂")


def of_quiet(reference: str, day: int = 12) -> dict[str, Any]:
    return line(reference, QUIET, 1_000, day, counterparty_account="999", counterparty_name="食堂")


def hit(asked: psycopg.Connection[Any], code: str = "ALL_THAT_MOVES") -> set[str]:
    return {row[2] for row in standing(asked) if row[1] == code}


def stopped(asked: psycopg.Connection[Any], rule_id: str) -> tuple[str | None, int, int] | None:
    found = store_hits.evaluations(asked).get(rule_id)
    return None if found is None else (found["stopped"], found["loans_hit"], found["loans"])


def superseded(asked: psycopg.Connection[Any], loan: str) -> bool:
    row = asked.execute("SELECT superseded FROM early_warning.thread WHERE loan_id = %s", (loan,)).fetchone()
    assert row is not None
    return row[0]


def kinds(asked: psycopg.Connection[Any], loan: str) -> list[str]:
    rows = asked.execute(
        "SELECT e.kind FROM early_warning.thread_event e JOIN early_warning.thread t USING (thread_id) "
        "WHERE t.loan_id = %s ORDER BY e.version",
        (loan,),
    ).fetchall()
    return [row[0] for row in rows]


def test_a_rule_is_stopped_before_its_hits_stand_on_too_many_loans(
    bank: type_of_connection,
    deciding: Deciding,
    rule: str,
    asked: psycopg.Connection[Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    [first] = post(bank, deciding, of_quiet("A1"))
    assert [one.rule_code for one in first.hits] == ["ALL_THAT_MOVES"]
    assert hit(asked) == {QUIET_LOAN}
    assert stopped(asked, rule) is None

    second, flagged = post(bank, deciding, of_borrower("A2"), to_securities("A3"))

    assert second.hits == ()
    assert {one.rule_code for one in flagged.hits} >= {"FLOW_SECURITIES"}
    assert hit(asked) == set()
    assert stopped(asked, rule) == ("runaway", 2, 2)
    assert superseded(asked, QUIET_LOAN)
    assert kinds(asked, QUIET_LOAN)[-2:] == ["hit_superseded", "superseded"]
    assert "hit_superseded" not in kinds(asked, LOAN)
    assert "rule ALL_THAT_MOVES, version 1, hits 2 of 2 loans" in caplog.text

    [third] = post(bank, deciding, of_quiet("A4", 13))
    assert third.hits == ()
    assert hit(asked) == set()


def test_every_process_sees_that_a_rule_is_stopped(
    bank: type_of_connection,
    deciding: Deciding,
    rule: str,
    database_url: str,
    asked: psycopg.Connection[Any],
) -> None:
    other = Deciding(Connecting(Database(database_url)))
    other.want()
    other.wait()
    post(bank, deciding, of_quiet("A1"), of_borrower("A2"))
    assert stopped(asked, rule) == ("runaway", 2, 2)

    [answer] = post(bank, other, of_quiet("A3", 13))

    assert answer.decision == "allow"
    assert hit(asked) == set()


def test_a_loan_that_is_hit_again_counts_once_and_what_others_judged_counts(
    bank: type_of_connection,
    deciding: Deciding,
    rule: str,
    database_url: str,
    asked: psycopg.Connection[Any],
) -> None:
    for number in range(3):
        post(bank, deciding, of_quiet(f"A{number}"))
    assert (hit(asked), stopped(asked, rule)) == ({QUIET_LOAN}, None)
    other = Deciding(Connecting(Database(database_url)))
    other.want()
    other.wait()

    post(bank, other, of_borrower("B1"))

    assert (hit(asked), stopped(asked, rule)) == (set(), ("runaway", 2, 2))


def test_a_group_that_is_not_committed_stops_nothing(
    bank: type_of_connection,
    deciding: Deciding,
    rule: str,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post(bank, deciding, of_quiet("A1"))

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(bank, "commit", lambda: (_ for _ in ()).throw(RuntimeError))
        post(bank, deciding, of_borrower("A2"))
    assert (hit(asked), stopped(asked, rule)) == ({QUIET_LOAN}, None)

    post(bank, deciding, of_borrower("A2"))
    assert (hit(asked), stopped(asked, rule)) == (set(), ("runaway", 2, 2))


def test_where_they_are_many_hits_stand_until_the_next_run(
    bank: type_of_connection,
    deciding: Deciding,
    rule: str,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running_away, "TAKEN_BACK_AT_ONCE", 1)
    post(bank, deciding, of_quiet("A1"))
    post(bank, deciding, of_borrower("A2"))
    assert (hit(asked), stopped(asked, rule)) == ({QUIET_LOAN}, ("runaway", 2, 2))

    trace_books(bank)

    assert (hit(asked), stopped(asked, rule)) == (set(), ("runaway", 2, 2))
    assert superseded(asked, QUIET_LOAN)


def test_what_was_stopped_while_lines_came_is_what_a_run_stops_and_a_rebuild_finds_it_equal(
    bank: type_of_connection, deciding: Deciding, rule: str, asked: psycopg.Connection[Any]
) -> None:
    post(bank, deciding, of_quiet("A1"))
    post(bank, deciding, of_borrower("A2"), to_securities("A3"))
    live = standing(asked)

    trace_books(bank)

    assert standing(asked) == live
    assert stopped(asked, rule) == ("runaway", 2, 2)
    assert rebuild(bank, stores=False).is_equal


def test_a_run_takes_back_what_a_rule_found_that_it_stops(
    bank: type_of_connection, deciding: Deciding, rule: str, asked: psycopg.Connection[Any]
) -> None:
    post(bank, deciding, of_quiet("A1"))
    # Judged by nobody: the next run finds that both loans are hit.
    post(bank, None, of_borrower("A2"))
    assert (hit(asked), superseded(asked, QUIET_LOAN)) == ({QUIET_LOAN}, False)

    trace_books(bank)

    assert (hit(asked), stopped(asked, rule)) == (set(), ("runaway", 2, 2))
    assert superseded(asked, QUIET_LOAN)
    assert rebuild(bank, stores=False).is_equal


def test_a_run_takes_back_what_a_rule_found_whose_conditions_no_longer_pass(
    bank: type_of_connection, deciding: Deciding, rule: str, asked: psycopg.Connection[Any]
) -> None:
    post(bank, deciding, of_quiet("A1"))
    assert hit(asked) == {QUIET_LOAN}
    broken = publish(bank, "ALL_THAT_MOVES", "no_such_field > 0", 2, OTHER_DAY)

    # A loan that is judged meanwhile loses the hit at once.
    post(bank, deciding, of_borrower("A2"), of_quiet("A3", 13))
    assert hit(asked) == set()

    trace_books(bank)
    found = stopped(asked, broken)
    assert found is not None
    assert found[0] == "content"
    assert superseded(asked, QUIET_LOAN)


def test_a_pattern_speaks_again_where_the_rule_of_its_code_is_stopped(
    bank: type_of_connection, database_url: str, asked: psycopg.Connection[Any]
) -> None:
    code = "FLOW_SECURITIES"
    assert code in PATTERNS
    trace_books(bank)
    before = [row for row in standing(asked) if row[1] == code]
    number = max(one.version for one in store.versions_of(bank, code)) + 1
    rule = publish(bank, code, version=number)
    deciding = Deciding(Connecting(Database(database_url)))
    deciding.want()
    deciding.wait()
    post(bank, deciding, of_quiet("A1"))
    assert hit(asked, code) == {QUIET_LOAN, LOAN}

    post(bank, deciding, of_borrower("A2"))

    assert stopped(asked, rule) == ("runaway", 2, 2)
    by_pattern = {row[2]: row[0] for row in standing(asked) if row[1] == code}
    assert by_pattern[LOAN] in {row[0] for row in before}
    trace_books(bank)
    assert hit(asked, code) == {LOAN}
    assert codes(standing(asked)) >= {code}
