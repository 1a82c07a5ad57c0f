"""Who is locked out and when, held against the rule said otherwise; and the bucket of an address."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identity.bank import MINUTE, NOW

from loantrail.identity.decide import Attempts, Limits, after_failure, forgiven, is_locked, limits_on
from loantrail.identity.throttle import Throttle
from loantrail.parameters import shipped_parameters

SHIPPED = limits_on(shipped_parameters(), NOW.date())
SECOND = datetime.timedelta(seconds=1)


def limits(attempts: int, minutes: int) -> Limits:
    return replace(SHIPPED, attempts=attempts, locked=minutes * MINUTE)


def test_the_shipped_limits_are_in_force() -> None:
    assert (SHIPPED.attempts, SHIPPED.locked, SHIPPED.idle) == (5, 30 * MINUTE, 15 * MINUTE)
    assert {role.value for role in SHIPPED.second_factor_roles} == {
        "system_administrator",
        "security_administrator",
        "audit_administrator",
    }


def locked_by_the_rule(
    failures: list[datetime.datetime], at: datetime.datetime, attempts: int, locked: datetime.timedelta
) -> bool:
    """Said otherwise: going through the failures one after the other, each that comes while nobody is locked out joins the
    ones before it if it follows the last of them soon enough, and the last one allowed locks from then on."""
    run: list[datetime.datetime] = []
    end: datetime.datetime | None = None
    for moment in failures:
        if end is not None and moment < end:
            continue
        if end is not None or (run and moment - run[-1] >= locked):
            run, end = [], None
        run.append(moment)
        if len(run) >= attempts:
            end = moment + locked
    return end is not None and at < end


gaps = st.lists(st.integers(0, 45 * 60), max_size=40)


@given(gaps, st.integers(0, 45 * 60), st.integers(1, 6), st.integers(1, 40))
def test_lock_out_is_as_the_rule_says(seconds: list[int], last: int, attempts: int, minutes: int) -> None:
    at, kept, failures = NOW, Attempts(), list[datetime.datetime]()
    for gap in seconds:
        at += gap * SECOND
        kept = after_failure(kept, limits(attempts, minutes), at)
        failures.append(at)
    at += last * SECOND

    assert is_locked(kept, at) == locked_by_the_rule(failures, at, attempts, minutes * MINUTE)


@given(gaps, st.integers(1, 6), st.integers(1, 40))
def test_nobody_guesses_more_often_than_the_limits_allow(
    seconds: list[int], attempts: int, minutes: int
) -> None:
    """Within any time of the length of a lock-out no more guesses are compared than twice the attempts allowed."""
    at, kept, compared = NOW, Attempts(), list[datetime.datetime]()
    for gap in seconds:
        at += gap * SECOND
        if not is_locked(kept, at):
            compared.append(at)
        kept = after_failure(kept, limits(attempts, minutes), at)
    for one in compared:
        assert sum(one <= other < one + minutes * MINUTE for other in compared) < 2 * attempts


@given(gaps, st.integers(1, 6))
def test_a_failure_while_locked_out_neither_counts_nor_lengthens(seconds: list[int], attempts: int) -> None:
    kept = Attempts()
    for _ in range(attempts):
        kept = after_failure(kept, limits(attempts, 30), NOW)
    assert is_locked(kept, NOW)
    at = NOW
    for gap in seconds:
        at += gap * SECOND
        if is_locked(kept, at):
            assert after_failure(kept, limits(attempts, 30), at) == kept
    assert not is_locked(kept, NOW + 30 * MINUTE)


@given(st.integers(0, 10), st.integers(1, 6))
def test_what_was_no_failure_after_all_leaves_no_trace(before: int, attempts: int) -> None:
    kept = Attempts()
    for _ in range(min(before, attempts - 1)):
        kept = after_failure(kept, limits(attempts, 30), NOW)

    again = forgiven(after_failure(kept, limits(attempts, 30), NOW), limits(attempts, 30))

    assert again == kept
    assert not is_locked(again, NOW)


def test_an_address_gets_its_tries_back_evenly() -> None:
    bucket = Throttle()
    for _ in range(10):
        assert bucket.wait_seconds("a", 0) == 0
        bucket.failed("a", 0, 10, 60)

    assert bucket.wait_seconds("a", 0) == pytest.approx(6)
    assert bucket.wait_seconds("b", 0) == 0
    assert bucket.wait_seconds("a", 5.9) > 0
    assert bucket.wait_seconds("a", 6) == 0
    assert bucket.wait_seconds("a", 10_000) == 0


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 30)), max_size=200))
def test_the_bucket_holds_so_many_addresses_at_most(tries: list[tuple[str, int]]) -> None:
    bucket, at = Throttle(most_addresses=3), 0
    for address, gap in tries:
        at += gap
        bucket.failed(address, at, 5, 60)
        assert len(bucket) <= 3
        assert 0 <= bucket.wait_seconds(address, at) <= 12
