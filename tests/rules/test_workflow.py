"""What may be done with a version, row by row."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest
from tests.rules.bank import CONTENT, START, version

from loantrail.early_warning.hits import Level
from loantrail.parameters import shipped_parameters
from loantrail.rules import workflow
from loantrail.rules.model import LevelRule, RuleVersion, State, check_content
from loantrail.rules.workflow import WORDS, Refusal

TODAY = datetime.date(2025, 6, 1)
TOMORROW = TODAY + datetime.timedelta(days=1)
OTHER = replace(CONTENT, condition="securities_fen > 0")
ACTS = {
    "edit": lambda one: workflow.edit(one, OTHER, "乙"),
    "to_shadow": lambda one: workflow.to_shadow(one, True, "甲"),
    "to_draft": lambda one: workflow.to_draft(one, "甲"),
    "propose": lambda one: workflow.propose(one, tried=True, by="甲"),
    "approve": lambda one: workflow.approve(one, "乙", START, TODAY, TODAY, None),
    "refuse": lambda one: workflow.refuse(one, "乙", START, "说明"),
    "propose_retirement": lambda one: workflow.propose_retirement(one, "丙", START, "说明"),
    "retire": lambda one: workflow.retire(one, "乙", TODAY),
    "keep": lambda one: workflow.keep(one, "乙", "说明"),
}
R = Refusal
TABLE = [
    # state, act, outcome
    (State.DRAFT, "edit", State.DRAFT),
    (State.DRAFT, "to_shadow", State.SHADOW),
    (State.DRAFT, "to_draft", R.NOT_DRAFT),
    (State.DRAFT, "propose", R.NOT_SHADOW),
    (State.DRAFT, "approve", R.NOT_PROPOSED),
    (State.DRAFT, "refuse", R.NOT_PROPOSED),
    (State.DRAFT, "propose_retirement", R.NOT_PUBLISHED),
    (State.DRAFT, "retire", R.NOT_PUBLISHED),
    (State.DRAFT, "keep", R.NOT_PUBLISHED),
    (State.SHADOW, "edit", R.NOT_DRAFT),
    (State.SHADOW, "to_shadow", R.NOT_DRAFT),
    (State.SHADOW, "to_draft", State.DRAFT),
    (State.SHADOW, "propose", State.PROPOSED),
    (State.SHADOW, "approve", R.NOT_PROPOSED),
    (State.SHADOW, "retire", R.NOT_PUBLISHED),
    (State.PROPOSED, "edit", R.NOT_DRAFT),
    (State.PROPOSED, "propose", R.NOT_SHADOW),
    (State.PROPOSED, "approve", State.PUBLISHED),
    (State.PROPOSED, "refuse", State.DRAFT),
    (State.PROPOSED, "retire", R.NOT_PUBLISHED),
    (State.PUBLISHED, "edit", R.PUBLISHED_STAYS),
    (State.PUBLISHED, "to_shadow", R.PUBLISHED_STAYS),
    (State.PUBLISHED, "to_draft", R.PUBLISHED_STAYS),
    (State.PUBLISHED, "propose", R.NOT_SHADOW),
    (State.PUBLISHED, "approve", R.NOT_PROPOSED),
    (State.PUBLISHED, "propose_retirement", State.PUBLISHED),
    (State.PUBLISHED, "retire", R.RETIREMENT_NOT_PROPOSED),
    (State.PUBLISHED, "keep", R.RETIREMENT_NOT_PROPOSED),
    (State.RETIRED, "edit", R.RETIRED_STAYS),
    (State.RETIRED, "to_shadow", R.RETIRED_STAYS),
    (State.RETIRED, "propose_retirement", R.NOT_PUBLISHED),
    (State.RETIRED, "retire", R.NOT_PUBLISHED),
    (State.RETIRED, "keep", R.NOT_PUBLISHED),
]


@pytest.mark.parametrize(("state", "act", "outcome"), TABLE)
def test_each_act_in_each_state(state: State, act: str, outcome: State | Refusal) -> None:
    before = version(state)
    after = ACTS[act](before)
    if isinstance(outcome, Refusal):
        assert after is outcome
        return
    assert isinstance(after, RuleVersion)
    assert (after.state, after.revision) == (outcome, before.revision + 1)


def waiting(**changes: Any) -> RuleVersion:
    """A published version whose retirement 丙 proposed."""
    after = workflow.propose_retirement(replace(version(), **changes), "丙", START, " 误报多 ")
    assert isinstance(after, RuleVersion)
    return after


def test_a_version_whose_retirement_is_proposed_stays_published_until_another_person_confirms() -> None:
    before = waiting()
    assert (before.state, before.retirement_waits) == (State.PUBLISHED, True)
    assert (before.retirement_proposed_by, before.retirement_proposed_at) == ("丙", START)
    assert before.retirement_reason == "误报多"
    assert workflow.retire(before, "丙", TODAY) is Refusal.PROPOSER_NEVER_RETIRES
    after = workflow.retire(before, "乙", TODAY)
    assert isinstance(after, RuleVersion)
    assert (after.state, after.retired_on, after.retired_by) == (State.RETIRED, TODAY, "乙")
    assert (after.retirement_waits, after.retirement_proposed_by) == (False, "丙")


@pytest.mark.parametrize("by", ["乙", "丙"])
def test_a_version_is_kept_by_another_person_or_by_who_proposed_its_retirement(by: str) -> None:
    before = waiting()
    assert workflow.keep(before, by, " ") is Refusal.REASON_MISSING
    after = workflow.keep(before, by, "仍有用")
    assert after == replace(version(), revision=before.revision + 1)
    assert isinstance(after, RuleVersion)
    assert workflow.retire(after, "乙", TODAY) is Refusal.RETIREMENT_NOT_PROPOSED


def test_a_retirement_is_proposed_once() -> None:
    assert workflow.propose_retirement(waiting(), "乙", START, "说明") is Refusal.RETIREMENT_WAITS


def test_whoever_made_a_version_proposes_its_retirement_and_takes_that_back_and_decides_nothing_of_others() -> (
    None
):
    own = workflow.propose_retirement(version(), "甲", START, "说明")
    assert isinstance(own, RuleVersion)
    assert workflow.retire(own, "甲", TODAY) is Refusal.PROPOSER_NEVER_RETIRES
    assert isinstance(workflow.keep(own, "甲", "说明"), RuleVersion)
    assert workflow.keep(waiting(), "甲", "说明") is Refusal.MAKER_IS_CHECKER


@pytest.mark.parametrize("act", ["approve", "refuse", "retire"])
@pytest.mark.parametrize("role", ["maker", "editor", "proposer"])
def test_whoever_made_it_never_checks_it(act: str, role: str) -> None:
    made = waiting() if act == "retire" else version(State.PROPOSED)
    changes = {
        "maker": {"maker": "乙"},
        "editor": {"editors": ("甲", "乙")},
        "proposer": {"proposed_by": "乙"},
    }
    assert ACTS[act](replace(made, **changes[role])) is Refusal.MAKER_IS_CHECKER


def test_an_editor_is_remembered() -> None:
    after = workflow.edit(version(State.DRAFT), OTHER, "乙")
    assert isinstance(after, RuleVersion) and after.editors == ("甲", "乙")
    assert workflow.edit(after, OTHER, "乙") is Refusal.NOTHING_CHANGED
    assert workflow.edit(after, replace(OTHER, code="ELSE"), "乙") is Refusal.CODE_CHANGED


def test_a_draft_with_errors_does_not_run() -> None:
    assert workflow.to_shadow(version(State.DRAFT), False, "甲") is Refusal.CONTENT_REFUSED


@pytest.mark.parametrize(
    ("effective", "latest", "outcome"),
    [
        (TODAY, None, None),
        (TODAY, TODAY, Refusal.LATER_VERSION),
        (TOMORROW, TODAY, None),
        (TODAY - datetime.timedelta(days=1), None, Refusal.EFFECTIVE_IN_PAST),
        (TODAY, TOMORROW, Refusal.LATER_VERSION),
        (TOMORROW, TOMORROW, Refusal.LATER_VERSION),
    ],
)
def test_a_version_takes_effect_after_the_one_before(
    effective: datetime.date, latest: datetime.date | None, outcome: Refusal | None
) -> None:
    after = workflow.approve(version(State.PROPOSED), "乙", START, TODAY, effective, latest)
    assert (after if isinstance(after, Refusal) else None) is outcome
    if isinstance(after, RuleVersion):
        assert (after.checker, after.effective_from) == ("乙", effective)


def test_refusing_and_proposing_a_retirement_want_a_reason() -> None:
    assert workflow.refuse(version(State.PROPOSED), "乙", START, " ") is Refusal.REASON_MISSING
    assert workflow.propose_retirement(version(), "乙", START, " ") is Refusal.REASON_MISSING


def test_every_refusal_has_its_words() -> None:
    assert set(WORDS) == set(Refusal)
    assert all(all(words) for words in WORDS.values())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "lower"}, "code"),
        ({"chinese": " "}, "chinese"),
        ({"products": ("nothing",)}, "products"),
        ({"customer_kinds": ("nothing",)}, "customer_kinds"),
        ({"occasion": "hour"}, "occasion"),
        ({"owner_role": "nobody"}, "owner_role"),
        ({"actions": ("dance",)}, "actions"),
        ({"amount_field": "loan_share_ppm"}, "amount_field"),
        ({"amount_field": "idle_fen"}, "amount_field"),
        ({"condition": "no_such > 0"}, "condition"),
        ({"levels": ()}, "levels"),
        ({"levels": (LevelRule(Level.YELLOW, "retail"),)}, "levels"),
        ({"levels": (LevelRule(Level.YELLOW, "TRUE"), LevelRule(Level.RED, "TRUE"))}, "levels"),
        (
            {"levels": (LevelRule(Level.RED, "no_such > 0"), LevelRule(Level.BLUE, "TRUE"))},
            "levels.0.condition",
        ),
    ],
)
def test_content_is_checked_field_by_field(change: dict[str, Any], field: str) -> None:
    assert check_content(CONTENT, shipped_parameters()).problems == ()
    found = check_content(replace(CONTENT, **change), shipped_parameters()).problems
    assert [one.field for one in found] == [field]
    assert all(one.chinese and one.english for one in found)


def test_what_was_never_tried_is_proposed_with_a_reason_alone() -> None:
    shadow = version(state=State.SHADOW)
    assert workflow.propose(shadow, tried=False, by="甲", reason=" ") is Refusal.NOT_TRIED
    proposed = workflow.propose(shadow, tried=False, by="甲", reason="没有历史")
    assert isinstance(proposed, RuleVersion) and proposed.state is State.PROPOSED
