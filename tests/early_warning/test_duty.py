"""Who answers for a warning, level by level, and the exception of small loans and retail."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from loantrail.early_warning.duty import Because, Lent, answering, duty_of
from loantrail.early_warning.hits import LEVELS, Level
from loantrail.early_warning.model import policy_of
from loantrail.identity.abilities import ABILITIES, Ability, Role
from loantrail.parameters import shipped_parameters

POLICY = policy_of(shipped_parameters(), datetime.date(2025, 6, 6))
WAN = 1_000_000
LARGE = Lent("company", "working_capital_loan", 500 * WAN, "CNY")
SMALL = replace(LARGE, amount_fen=500 * WAN - 1)
RETAIL = Lent("individual", "personal_business_loan", 900 * WAN, "CNY")
HEAD_OFFICE = ("head_office_risk", "legal")
BRANCH = ("branch_manager", "risk_manager")


@pytest.mark.parametrize(
    ("level", "lent", "owners", "because"),
    [
        (Level.BLUE, LARGE, ("relationship_manager",), Because.LEVEL),
        (Level.YELLOW, SMALL, ("relationship_manager", "branch_manager"), Because.LEVEL),
        (Level.ORANGE, RETAIL, ("risk_manager", "branch_manager"), Because.LEVEL),
        (Level.RED, LARGE, HEAD_OFFICE, Because.LEVEL),
        (Level.RED, SMALL, BRANCH, Because.SMALL_LOAN),
        (Level.RED, RETAIL, BRANCH, Because.RETAIL),
        (Level.RED, replace(SMALL, product="consumer_loan"), BRANCH, Because.RETAIL),
        (Level.RED, replace(SMALL, currency="USD"), HEAD_OFFICE, Because.LEVEL),
    ],
)
def test_the_level_says_who_answers_and_red_ones_of_small_loans_are_the_branchs(
    level: Level, lent: Lent, owners: tuple[str, ...], because: Because
) -> None:
    duty = duty_of(level, lent, POLICY)
    assert (duty.owner_roles, duty.because) == (owners, because)


@pytest.mark.parametrize(
    ("level", "lent", "judges"),
    [
        (Level.YELLOW, LARGE, {"relationship_manager", "post_loan_inspector", "branch_manager", "risk_manager", *HEAD_OFFICE}),
        (Level.ORANGE, LARGE, {"branch_manager", "risk_manager", *HEAD_OFFICE}),
        (Level.RED, LARGE, set(HEAD_OFFICE)),
        (Level.RED, SMALL, {"branch_manager", "risk_manager", *HEAD_OFFICE}),
    ],
)  # fmt: skip
def test_who_answers_for_a_graver_level_may_judge_a_milder_one(
    level: Level, lent: Lent, judges: set[str]
) -> None:
    duty = duty_of(level, lent, POLICY)
    assert {role for role in Role if duty.is_of([role])} == judges


@pytest.mark.parametrize("lent", [LARGE, SMALL, RETAIL])
def test_two_different_persons_can_take_every_warning_to_its_end(lent: Lent) -> None:
    for level in LEVELS:
        judges = [role for role in Role if duty_of(level, lent, POLICY).is_of([role])]
        assert all(Ability.ACT_ON_WARNINGS in ABILITIES[role] for role in judges)
        assert sum(Ability.CHECK_WARNINGS in ABILITIES[role] for role in judges) >= 2


@pytest.mark.parametrize(
    ("level", "lent", "told"),
    [
        (Level.BLUE, LARGE, ("relationship_manager", "branch_manager")),
        (Level.ORANGE, LARGE, HEAD_OFFICE),
        (Level.ORANGE, SMALL, HEAD_OFFICE),  # the branch answers for it already
        (Level.RED, SMALL, HEAD_OFFICE),
        (Level.RED, LARGE, HEAD_OFFICE),
    ],
)
def test_the_next_ones_are_told_that_do_not_answer_already(
    level: Level, lent: Lent, told: tuple[str, ...]
) -> None:
    assert duty_of(level, lent, POLICY).told_next == told


@pytest.mark.parametrize("role", list(Role))
def test_what_a_role_has_to_do_with_warnings_is_the_same_one_by_one_and_at_once(role: Role) -> None:
    found = answering([role], POLICY)
    for level in LEVELS:
        for lent, part in ((LARGE, "of_others"), (SMALL, "of_branch"), (RETAIL, "of_branch")):
            duty = duty_of(level, lent, POLICY)
            assert (level in getattr(found.judged, part)) == duty.is_of([role])
            manages = role is Role.POST_LOAN_INSPECTOR and "relationship_manager" in duty.owner_roles
            assert (level in getattr(found.owned, part)) == (role in duty.owner_roles or manages)
