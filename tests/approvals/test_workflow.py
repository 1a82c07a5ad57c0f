"""Who may decide a proposal, whatever the proposal is."""

from __future__ import annotations

import dataclasses
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantrail.approvals.model import Refusal, Request, State, hash_of
from loantrail.approvals.workflow import refused_decision, refused_withdrawal

MADE = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.UTC)
CONTENT = {"kind": "assign", "person_id": "E00001", "grant": {"role": "legal"}}


def proposal(**changes: object) -> Request:
    made = Request(
        request_id="1" * 32,
        kind="person_change",
        subject="E00001",
        title_chinese="授予角色",
        title_english="Role given",
        content=CONTENT,
        content_hash=hash_of(CONTENT),
        before=None,
        after=None,
        reason="新岗位",
        maker="A",
        made_at=MADE,
        expires_at=MADE + datetime.timedelta(days=30),
        unit_id=None,
        state=State.WAITING,
        checker=None,
        decided_at=None,
        decision_reason=None,
        result=None,
    )
    return dataclasses.replace(made, **changes)


def test_a_second_person_decides_in_time() -> None:
    assert refused_decision(proposal(), "B", MADE) is None


@given(st.sampled_from(list(State)), st.integers(-60, 60), st.text(max_size=5))
def test_the_maker_never_decides(state: State, days: int, maker: str) -> None:
    made = proposal(state=state, maker=maker)
    assert refused_decision(made, maker, MADE + datetime.timedelta(days=days)) is not None


@pytest.mark.parametrize("state", [State.APPROVED, State.REFUSED, State.WITHDRAWN])
def test_what_is_decided_stays_decided(state: State) -> None:
    assert refused_decision(proposal(state=state), "B", MADE) is Refusal.DECIDED
    assert refused_withdrawal(proposal(state=state), "A") is Refusal.DECIDED


def test_what_waited_too_long_is_proposed_anew() -> None:
    made = proposal()
    assert refused_decision(made, "B", made.expires_at - datetime.timedelta(microseconds=1)) is None
    assert refused_decision(made, "B", made.expires_at) is Refusal.EXPIRED


def test_what_is_approved_is_what_was_proposed() -> None:
    other = CONTENT | {"grant": {"role": "head_office_risk"}}
    assert refused_decision(proposal(content=other), "B", MADE) is Refusal.CONTENT_CHANGED


def test_only_the_maker_takes_a_proposal_back() -> None:
    assert refused_withdrawal(proposal(), "A") is None
    assert refused_withdrawal(proposal(), "B") is Refusal.NOT_THE_MAKER
