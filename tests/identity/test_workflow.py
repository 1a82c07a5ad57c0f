"""What may be done with a person, and by whom."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identity.bank import DAY, HOUR, MINUTE, NOW
from tests.identity.test_decide import SHIPPED

from loantrail.identity.abilities import ADMINISTRATORS, Role, conflict_of
from loantrail.identity.changes import Change, read_change, written_change
from loantrail.identity.workflow import (
    Assignment,
    Delegation,
    Person,
    Refusal,
    State,
    refused_change,
    refused_delegation,
    refused_key,
    refused_stop,
)


def person(person_id: str = "E1", state: State = State.ACTIVE) -> Person:
    return Person(
        person_id=person_id,
        staff_id=f"S{person_id}",
        name="甲",
        unit_id="1001",
        state=state,
        has_password=True,
        must_change_password=False,
        second_factor_on=False,
        locked_until=None,
        openid_subject=None,
        made_at=NOW - DAY,
        made_by="A1",
        left_at=None,
        version=1,
    )


def held(role: Role, unit: str | None = "1001", since: int = -1, until: int | None = None) -> Assignment:
    """A role from so many days from now on until so many."""
    return Assignment(
        assignment_id=f"{list(Role).index(role):032x}",
        person_id="E1",
        role=role,
        unit_id=unit,
        valid_from=NOW + since * DAY,
        valid_to=None if until is None else NOW + until * DAY,
        maker="A1",
        checker="A2",
    )


def change(kind: str, **known: Any) -> Change:
    values: dict[str, Any] = {"kind": kind, "person_id": "E1"}
    if kind != "create":
        values["version"] = 1
    return read_change(values | known)


def assign(role: Role, unit: str | None = "1001", **period: Any) -> Change:
    return change("assign", grant={"role": role, "unit_id": unit, **period})


BOTH: dict[Role, frozenset[str]] = {role: frozenset(("X1", "X2")) for role in ADMINISTRATORS}


def judged(
    what: Change,
    whom: Person | None = None,
    roles: tuple[Assignment, ...] = (),
    maker: str = "A1",
    checker: str = "A2",
    administrators: dict[Role, frozenset[str]] | None = None,
) -> Refusal | None:
    return refused_change(what, whom or person(), roles, administrators or BOTH, maker, checker, SHIPPED, NOW)


def test_a_role_is_given_by_two_other_persons() -> None:
    wanted = assign(Role.BRANCH_MANAGER)
    assert judged(wanted) is None
    assert judged(wanted, maker="A1", checker="A1") is Refusal.SAME_PERSON
    for own in ("E1", "SE1"):
        assert judged(wanted, maker=own) is Refusal.OWN_PERSON
        assert judged(wanted, checker=own) is Refusal.OWN_PERSON


@pytest.mark.parametrize("administrator", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("other", list(Role))
def test_who_administers_holds_no_other_role(administrator: Role, other: Role) -> None:
    unit = None if conflict_of([other]) is None and other in ADMINISTRATORS else "1001"
    refusal = judged(assign(administrator, None), roles=(held(other, unit),))
    if other is administrator:
        assert refusal is Refusal.ROLE_HELD
    else:
        assert refusal is Refusal.ADMINISTRATORS_APART
        back = judged(
            assign(other, None if other in ADMINISTRATORS else "1001"), roles=(held(administrator, None),)
        )
        assert back in (Refusal.ADMINISTRATORS_APART, Refusal.NO_UNIT_WANTED)


def test_an_auditor_holds_no_other_role() -> None:
    assert (
        judged(assign(Role.INTERNAL_AUDITOR, None), roles=(held(Role.LEGAL, None),)) is Refusal.AUDITOR_APART
    )


def test_roles_that_do_not_go_together_may_follow_each_other() -> None:
    wanted = assign(Role.INTERNAL_AUDITOR, None, valid_from=NOW + 3 * DAY)
    assert judged(wanted, roles=(held(Role.LEGAL, None, until=3),)) is None
    assert judged(wanted, roles=(held(Role.LEGAL, None, until=4),)) is Refusal.AUDITOR_APART


def test_a_new_person_is_judged_by_all_roles_together() -> None:
    def new(*roles: Role) -> Refusal | None:
        grants = [{"role": role, "unit_id": None} for role in roles]
        wanted = change("create", name="甲", roles=grants)
        return refused_change(wanted, None, [], BOTH, "A1", "A2", SHIPPED, NOW)

    assert new(Role.RISK_MANAGER, Role.RULE_AUTHOR) is None
    assert new(Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR) is Refusal.ADMINISTRATORS_APART
    assert new(Role.LEGAL, Role.LEGAL) is Refusal.ROLE_HELD


def test_a_role_in_the_whole_bank_takes_no_unit() -> None:
    assert judged(assign(Role.EXECUTIVE, "1001")) is Refusal.NO_UNIT_WANTED
    assert judged(assign(Role.SYSTEM_ADMINISTRATOR, "0000")) is Refusal.NO_UNIT_WANTED


@pytest.mark.parametrize(
    "period",
    [
        {"valid_to": NOW},
        {"valid_to": NOW - DAY},
        {"valid_from": NOW + 2 * DAY, "valid_to": NOW + 2 * DAY},
        {"valid_from": NOW - 9 * DAY, "valid_to": NOW - DAY},
    ],
)
def test_a_role_ends_after_it_begins_and_not_in_the_past(period: dict[str, datetime.datetime]) -> None:
    assert judged(assign(Role.BRANCH_MANAGER, **period)) is Refusal.PERIOD


def test_nobody_who_left_is_changed() -> None:
    gone = person(state=State.LEFT)
    for wanted in (assign(Role.LEGAL, None), change("resume"), change("reset_sign_in")):
        assert judged(wanted, gone) is Refusal.LEFT


def test_only_who_is_suspended_is_let_in_again() -> None:
    assert judged(change("resume"), person(state=State.SUSPENDED)) is None
    assert judged(change("resume")) is Refusal.NOT_SUSPENDED


@pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
def test_the_last_administrator_of_a_kind_stays(role: Role) -> None:
    own = held(role, None)
    alone = {**BOTH, role: frozenset(("E1",))}
    two = {**BOTH, role: frozenset(("E1", "X1"))}
    withdraw = change("withdraw", assignment_id=own.assignment_id)

    assert judged(withdraw, roles=(own,), administrators=alone) is Refusal.LAST_ADMINISTRATOR
    assert judged(withdraw, roles=(own,), administrators=two) is None
    for leaving in (True, False):
        assert refused_stop(person(), [own], alone, "A1", NOW, leaving=leaving) is Refusal.LAST_ADMINISTRATOR
        assert refused_stop(person(), [own], two, "A1", NOW, leaving=leaving) is None


def test_only_a_role_that_holds_or_will_is_withdrawn() -> None:
    now, later, over = (
        held(Role.LEGAL, None),
        held(Role.RISK_MANAGER, since=2),
        held(Role.EXECUTIVE, None, -9, -1),
    )
    roles = (now, later, over)
    assert judged(change("withdraw", assignment_id=now.assignment_id), roles=roles) is None
    assert judged(change("withdraw", assignment_id=later.assignment_id), roles=roles) is None
    assert judged(change("withdraw", assignment_id=over.assignment_id), roles=roles) is Refusal.ROLE_NOT_HELD
    assert judged(change("withdraw", assignment_id="f" * 32), roles=roles) is Refusal.ROLE_NOT_HELD


def test_nobody_suspends_themself() -> None:
    for own in ("E1", "SE1"):
        assert refused_stop(person(), [], BOTH, own, NOW, leaving=False) is Refusal.OWN_PERSON
    assert (
        refused_stop(person(state=State.SUSPENDED), [], BOTH, "A1", NOW, leaving=False) is Refusal.NOT_ACTIVE
    )
    assert refused_stop(person(state=State.SUSPENDED), [], BOTH, "A1", NOW, leaving=True) is None


def test_a_key_is_made_for_machines_work_and_a_time() -> None:
    until = NOW + 30 * DAY
    assert refused_key(["send_live", "read_loans"], until, SHIPPED, NOW) is None
    for ability in ("approve", "see_identifiers", "read_suspicions", "edit_people", "export", "nothing"):
        assert refused_key(["send_live", ability], until, SHIPPED, NOW) is Refusal.KEY_ABILITY
    assert refused_key(["send_live"], NOW, SHIPPED, NOW) is Refusal.PERIOD
    assert refused_key(["send_live"], NOW + 367 * DAY, SHIPPED, NOW) is Refusal.TOO_LONG


# Standing in --------------------------------------------------------------------------------------------------

RM, BM = frozenset((Role.RELATIONSHIP_MANAGER,)), frozenset((Role.BRANCH_MANAGER,))


def standing(giver: str, receiver: str, since: int = 0, until: int = 5) -> Delegation:
    return Delegation(
        delegation_id="D1",
        from_person_id=giver,
        to_person_id=receiver,
        valid_from=NOW + since * DAY,
        valid_to=NOW + until * DAY,
        reason="休假",
        maker=giver,
        made_at=NOW,
        ended_at=None,
    )


def delegated(
    roles: tuple[frozenset[Role], frozenset[Role]] = (RM, BM),
    others: tuple[Delegation, ...] = (),
    period: tuple[datetime.timedelta, datetime.timedelta] = (HOUR, 5 * DAY),
    receiver: Person | None = None,
) -> Refusal | None:
    """Whether E1 may let E2 stand in."""
    times = (NOW + period[0], NOW + period[1])
    return refused_delegation(person("E1"), receiver or person("E2"), times, roles, others, SHIPPED, NOW)


def test_somebody_stands_in_for_somebody_who_is_away() -> None:
    assert delegated() is None
    assert delegated(receiver=person("E1")) is Refusal.NOT_TO_SELF
    for state in (State.SUSPENDED, State.LEFT):
        assert delegated(receiver=person("E2", state)) is Refusal.NOT_TO_THIS_PERSON


@pytest.mark.parametrize(
    ("period", "refusal"),
    [
        ((HOUR, HOUR), Refusal.PERIOD),
        ((HOUR, -HOUR), Refusal.PERIOD),
        ((-2 * HOUR, HOUR), Refusal.BACKDATED),
        ((-5 * MINUTE, HOUR), None),
        ((-5 * MINUTE, -MINUTE), Refusal.PERIOD),
        ((HOUR, HOUR + 90 * DAY), None),
        ((HOUR, HOUR + 90 * DAY + MINUTE), Refusal.TOO_LONG),
    ],
)
def test_when_somebody_stands_in(
    period: tuple[datetime.timedelta, datetime.timedelta], refusal: Refusal | None
) -> None:
    assert delegated(period=period) is refusal


@pytest.mark.parametrize(
    ("given_roles", "own", "refusal"),
    [
        (RM, frozenset(), None),
        (frozenset(), BM, Refusal.NOT_DELEGATED),
        (frozenset((Role.SYSTEM_ADMINISTRATOR,)), BM, Refusal.NOT_DELEGATED),
        (
            frozenset((Role.SYSTEM_ADMINISTRATOR,)),
            frozenset((Role.SYSTEM_ADMINISTRATOR,)),
            Refusal.NOT_DELEGATED,
        ),
        (RM, frozenset((Role.SECURITY_ADMINISTRATOR,)), Refusal.NOT_TO_THIS_PERSON),
        (RM, frozenset((Role.INTERNAL_AUDITOR,)), Refusal.NOT_TO_THIS_PERSON),
        (frozenset((Role.INTERNAL_AUDITOR,)), RM, Refusal.NOT_TO_THIS_PERSON),
        (frozenset((Role.INTERNAL_AUDITOR,)), frozenset((Role.INTERNAL_AUDITOR,)), None),
        (frozenset((Role.AML_OFFICER,)), RM, Refusal.NOT_TO_THIS_PERSON),
        (frozenset((Role.AML_OFFICER,)), frozenset((Role.AML_OFFICER,)), None),
    ],
)
def test_work_goes_only_to_whom_may_do_it(
    given_roles: frozenset[Role], own: frozenset[Role], refusal: Refusal | None
) -> None:
    assert delegated(roles=(given_roles, own)) is refusal


def test_nobody_is_stood_in_for_twice_or_in_a_circle_or_by_who_is_away() -> None:
    assert delegated(others=(standing("E1", "E3"),)) is Refusal.AWAY_ALREADY
    assert delegated(others=(standing("E2", "E1"),)) is Refusal.CIRCULAR
    assert delegated(others=(standing("E2", "E3"),)) is Refusal.RECEIVER_AWAY
    assert delegated(others=(standing("E3", "E1"), standing("E3", "E2"))) is None
    for others in (standing("E1", "E3", 5, 9), standing("E2", "E1", 5, 9), standing("E2", "E3", 5, 9)):
        assert delegated(others=(others,)) is None
        assert delegated(others=(replace(others, valid_from=NOW),)) is not None
        assert delegated(others=(replace(others, valid_from=NOW, ended_at=NOW),)) is None


# Contents -----------------------------------------------------------------------------------------------------


@given(
    st.sampled_from(Role),
    st.one_of(st.none(), st.text(min_size=1, max_size=20, alphabet="01甲乙")),
    st.one_of(st.none(), st.datetimes(timezones=st.just(datetime.UTC))),
)
def test_a_change_is_the_same_after_it_was_stored(
    role: Role, unit: str | None, start: datetime.datetime | None
) -> None:
    wanted = assign(role, unit, valid_from=start)
    assert read_change(written_change(wanted)) == wanted
