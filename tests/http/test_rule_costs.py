"""What all that warns costs: one number, on the page of the rules, in the warning centre and over the demo bank."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import httpx
import psycopg
import pytest
from tests.http.bank import QUIET_LOAN, write_books, write_trace
from tests.http.opened_sheets import sheet
from tests.http.test_rules import judged_rows
from tests.http.warned import QUIET_HIT, hit_row, take_rows, write_warnings

from loantrail.early_warning.hits import Level
from loantrail.early_warning.patterns import PATTERNS
from loantrail.parameters import shipped_parameters
from loantrail.postgres.connection import type_of_connection
from loantrail.rules.running import hits_of_run

pytestmark = pytest.mark.database
DAYS = 30
LAST_DAY = datetime.date(2026, 3, 31)


@pytest.fixture
def warned(own_client: httpx.Client, database_url: str) -> Iterator[httpx.Client]:
    """A bank of one loan paid out with two warnings, judged over 30 days; the one published rule that hits is stopped."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        write_warnings(connection)
        rows = judged_rows(*(f"L{number}" for number in range(30)))
        hits_of_run(connection, [rows], 100, "run-1", LAST_DAY, shipped_parameters())
        # As of the days that were judged.
        connection.execute("UPDATE early_warning.thread SET first_at = '2026-03-05 02:00+00'")
    yield own_client


def milli(threads: int) -> int:
    return threads * 1_000_000 * 365 // (DAYS * 12)


def test_the_headline_is_all_that_warns_on_each_page_alike(warned: httpx.Client) -> None:
    rules, volume = warned.get("/api/v1/rules").json(), warned.get("/api/v1/warnings/volume").json()

    assert (rules["warning_threads_milli"], rules["warning_severe_milli"]) == (milli(2), milli(1))
    assert (volume["threads_milli"], volume["severe_milli"], volume["loans"]) == (milli(2), milli(1), 1)
    assert {one["rule_code"]: one["threads_milli"] for one in volume["rules"]} == {
        "FLOW_SECURITIES": milli(1),
        "IDLE_FUNDS": milli(1),
    }


def test_what_was_superseded_and_what_is_stopped_costs_nothing(
    warned: httpx.Client, connection: type_of_connection
) -> None:
    take_rows(connection, [hit_row()])

    rules = warned.get("/api/v1/rules").json()

    assert rules["warning_threads_milli"] == milli(1)
    stopped = next(one for one in rules["rules"] if one["code"] == "AUTONOMOUS_LIMIT_CONSUMER")
    assert (stopped["state"], stopped["found"]["stopped"]) == ("published", "runaway")
    assert (stopped["found"]["threads_milli"], stopped["found"]["severe_milli"]) == (None, None)


def test_every_pattern_is_listed_with_what_it_costs(
    warned: httpx.Client, connection: type_of_connection
) -> None:
    loop = hit_row("COUNTERPARTY_LOOP", Level.ORANGE, loan=QUIET_LOAN)
    take_rows(connection, [hit_row(), QUIET_HIT, loop], (*PATTERNS,))

    patterns = {one["code"]: one for one in warned.get("/api/v1/rules").json()["patterns"]}

    assert list(patterns) == list(PATTERNS)
    costs = {code: (one["threads"], one["severe"]) for code, one in patterns.items() if one["threads"]}
    assert costs == {"FLOW_SECURITIES": (1, 1), "IDLE_FUNDS": (1, 0), "COUNTERPARTY_LOOP": (1, 1)}
    assert patterns["COUNTERPARTY_LOOP"]["threads_milli"] == milli(1)
    assert patterns["REPAY_SOURCE_ODD"]["threads_milli"] == 0
    assert not any(one["by_rule"] for one in patterns.values())
    head, *rows = sheet(warned, "/rule-patterns.xlsx")
    [row] = [one for one in rows if one[0] == "COUNTERPARTY_LOOP"]
    told = dict(zip(head, row, strict=True))
    assert (told["内置模式"], told["线索"], told["说明"]) == ("交易对手闭环", 1, "")

    connection.execute(
        "UPDATE rules.rule_version SET state = 'published', effective_from = '2025-01-01' WHERE code = 'FLOW_SECURITIES'"
    )
    connection.commit()
    patterns = warned.get("/api/v1/rules").json()["patterns"]
    assert [one["code"] for one in patterns if one["by_rule"]] == ["FLOW_SECURITIES"]


def test_a_rule_of_the_end_of_a_day_says_why_no_cost_is_told(warned: httpx.Client) -> None:
    head, *rows = sheet(warned, "/rules.xlsx")
    told = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    for code in ("OVERDUE", "OVERDUE_REPEATED", "IDLE_FUNDS", "LIQUIDITY_TIGHT"):
        assert told[code]["每千笔每月线索"] == ""
        assert "还说不出每月多少" in told[code]["说明"]


def test_without_a_judgement_days_count_from_the_first_warning(
    warned: httpx.Client, connection: type_of_connection
) -> None:
    connection.execute("DELETE FROM rules.evaluation")
    connection.execute("UPDATE tracing.run SET data_date = '2026-03-14'")
    connection.commit()
    days = 10
    assert warned.get("/api/v1/rules").json()["warning_threads_milli"] == 2_000_000 * 365 // (days * 12)
    connection.execute("UPDATE early_warning.thread SET state = 'superseded'")
    connection.commit()
    assert warned.get("/api/v1/warnings/volume").json()["threads_milli"] == 0
