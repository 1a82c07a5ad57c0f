"""What may be done with an entry of a list, and by whom."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest

from loantrail.lists.model import Entry, EntryState, ListName, ListScope, Proposal, Refusal
from loantrail.lists.workflow import (
    hash_of_proposal,
    is_same,
    refused_approval,
    refused_ending,
    refused_proposal,
)

TODAY = datetime.date(2026, 3, 31)
AT = datetime.datetime(2026, 3, 1, 2, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
MOST = 365


def entry(list_: ListName = ListName.BLACK, **known: Any) -> Entry:
    """S1's proposal of yesterday's making, good until tomorrow."""
    values: dict[str, Any] = {
        "entry_id": "E1",
        "request_key": "K1",
        "list": list_,
        "scope": ListScope.ACCOUNT,
        "subject": "6204",
        "name": None,
        "rule_code": "CASH_OUT" if list_ is ListName.ALLOW else "",
        "reason": "测试",
        "expires_on": TODAY + DAY,
        "thread_id": None,
        "maker": "S1",
        "maker_name": "甲",
        "made_at": AT,
        "checker": None,
        "checker_name": None,
        "checked_at": None,
        "ended_by": None,
        "ended_by_name": None,
        "ended_at": None,
        "ended_reason": None,
    } | known
    made = Entry(content_hash="", **values)
    return replace(made, content_hash=hash_of_proposal(made))


IN_FORCE: dict[str, Any] = {"checker": "S2", "checked_at": AT}
ENDED: dict[str, Any] = {"ended_by": "S2", "ended_at": AT}


def wanted(list_: ListName = ListName.BLACK, **known: Any) -> Proposal:
    values: dict[str, Any] = {
        "list": list_,
        "scope": ListScope.ACCOUNT,
        "subject": "6204",
        "reason": "测试",
        "expires_on": TODAY,
        "by": "S1",
        "request_key": "K1",
        "rule_code": "CASH_OUT" if list_ is ListName.ALLOW else "",
    } | known
    return Proposal(**values)


@pytest.mark.parametrize(
    ("known", "state"),
    [
        ({}, EntryState.WAITING),
        (IN_FORCE, EntryState.IN_FORCE),
        (IN_FORCE | {"expires_on": TODAY}, EntryState.IN_FORCE),
        (IN_FORCE | {"expires_on": TODAY - DAY}, EntryState.EXPIRED),
        ({"expires_on": TODAY - DAY}, EntryState.EXPIRED),
        (IN_FORCE | ENDED | {"expires_on": TODAY - DAY}, EntryState.ENDED),
        (ENDED, EntryState.ENDED),
    ],
)
def test_an_entry_stands_until_its_last_day_or_until_it_is_ended(
    known: dict[str, Any], state: EntryState
) -> None:
    assert entry(**known).state_on(TODAY) is state


@pytest.mark.parametrize("list_", list(ListName))
def test_a_second_person_approves_what_waits(list_: ListName) -> None:
    def refused(by: str, **known: Any) -> Refusal | None:
        made = entry(list_, **known)
        return refused_approval(made, by, made.content_hash, TODAY)

    assert refused("S1") is Refusal.MAKER_IS_CHECKER
    assert refused("S2") is None
    assert refused("S2", **ENDED) is Refusal.ENDED
    assert refused("S2", expires_on=TODAY - DAY) is Refusal.EXPIRED


@pytest.mark.parametrize(
    "other",
    [
        {"list": ListName.WATCH},
        {"scope": ListScope.PARTY},
        {"subject": "6205"},
        {"rule_code": "CASH_OUT"},
        {"reason": "别的原因"},
        {"expires_on": TODAY},
        {"thread_id": "T1"},
    ],
)
def test_what_is_approved_is_what_was_proposed(other: dict[str, Any]) -> None:
    read = entry()
    for changed in (
        replace(read, **other),
        replace(read, **other, content_hash=hash_of_proposal(replace(read, **other))),
    ):
        assert refused_approval(changed, "S2", read.content_hash, TODAY) is Refusal.CONTENT_CHANGED


def test_what_lets_payments_pass_unseen_takes_two_what_brings_more_to_light_one() -> None:
    for list_ in (ListName.WATCH, ListName.BLACK):
        assert refused_ending(entry(list_, **IN_FORCE), "S1", TODAY) is Refusal.MAKER_DOES_NOT_END
        assert refused_ending(entry(list_, **IN_FORCE), "S2", TODAY) is None
        # A proposal that never held may be taken back.
        assert refused_ending(entry(list_), "S1", TODAY) is None
    assert refused_ending(entry(ListName.ALLOW, **IN_FORCE), "S1", TODAY) is None


@pytest.mark.parametrize(
    ("proposal", "field"),
    [
        (wanted(), None),
        (wanted(expires_on=TODAY - DAY), "expires_on"),
        (wanted(expires_on=TODAY + 10_000 * DAY), None),
        (wanted(scope=ListScope.LOAN), "scope"),
        (wanted(rule_code="CASH_OUT"), "rule_code"),
        (wanted(thread_id="T1"), "rule_code"),
        (wanted(ListName.WATCH, scope=ListScope.PARTY), None),
        (wanted(ListName.ALLOW), None),
        (wanted(ListName.ALLOW, scope=ListScope.LOAN, thread_id="T1"), None),
        (wanted(ListName.ALLOW, rule_code=""), "rule_code"),
        (wanted(ListName.ALLOW, expires_on=TODAY - DAY), "expires_on"),
        (wanted(ListName.ALLOW, expires_on=TODAY + MOST * DAY), None),
        (wanted(ListName.ALLOW, expires_on=TODAY + (MOST + 1) * DAY), "expires_on"),
    ],
)
def test_a_proposal_names_what_its_list_takes(proposal: Proposal, field: str | None) -> None:
    refused = refused_proposal(proposal, TODAY, MOST)
    assert (refused.place.field if refused else None) == field


def test_a_request_is_the_same_only_when_it_asks_for_the_same() -> None:
    made = entry(expires_on=TODAY)
    assert is_same(made, wanted())
    for other in (
        wanted(subject="6205"),
        wanted(expires_on=TODAY + DAY),
        wanted(by="S2"),
        wanted(ListName.WATCH),
        wanted(scope=ListScope.PARTY),
        wanted(rule_code="CASH_OUT"),
    ):
        assert not is_same(made, other)
