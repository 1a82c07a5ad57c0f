"""The difference that a proposal makes, where it is decided on a page of its own: a warning, an entry of a list, a rule and its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter

from loantrail.approvals import store as waiting
from loantrail.clock import business_date, now
from loantrail.early_warning import store as threads
from loantrail.early_warning.model import Kind
from loantrail.early_warning.routes import ThreadId
from loantrail.early_warning.store_receivers import duties_of
from loantrail.http.access import Person, Reading, allowed
from loantrail.http.pages.inbox.model import WaitingProposal
from loantrail.http.pages.warnings import store as warnings
from loantrail.http.pages.warnings.model import RuleWords, WarningHit
from loantrail.http.problems import NotFound, problem_responses
from loantrail.identity.abilities import Ability
from loantrail.identity.model import Signed
from loantrail.lists import store as lists
from loantrail.lists.routes import EntryId
from loantrail.policy.reading import parameters_in_force
from loantrail.rules import store as rules
from loantrail.rules.model import RuleVersion, State, in_force
from loantrail.rules.routes import RuleId
from loantrail.rules.workflow import makers
from loantrail.tracing.verdict_words import PATTERN

router = APIRouter(tags=["approvals"])

_READ: Final = problem_responses(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


@router.get(
    "/approvals/warnings/{thread_id}/lowering",
    dependencies=[allowed(Ability.READ_WARNINGS)],
    responses=_READ,
)
def of_lowering(connection: Reading, person: Person, thread_id: ThreadId) -> WaitingProposal:
    """The level that a warning has and the one proposed, and the hits that it rests on."""
    row = _row(connection, "warning_lowering", thread_id)
    thread = threads.threads(connection, [thread_id])[thread_id][1]
    assert thread.lowering is not None
    # The list of all that waits is told without it: only what is asked of one warning is looked through for third parties.
    row["reason"] = thread.lowering.reason
    return _of_warning(connection, person, row, {"level": thread.level}, {"level": thread.lowering.level})


@router.get(
    "/approvals/warnings/{thread_id}/finding",
    dependencies=[allowed(Ability.READ_WARNINGS)],
    responses=_READ,
)
def of_finding(connection: Reading, person: Person, thread_id: ThreadId) -> WaitingProposal:
    """What a finding would say, what the borrower said to it, and the hits that the warning rests on."""
    row = _row(connection, "warning_finding", thread_id)
    finding = threads.threads(connection, [thread_id])[thread_id][1].finding
    assert finding is not None
    notes = [
        one["data"]["note"]
        for one in warnings.events(connection, thread_id)
        if one["kind"] == Kind.BORROWER_HEARD
    ]
    after = {
        "text": finding.text,
        "heard_on": finding.heard_on,
        # An earlier finding may have been refused: a hearing counts for the one that it was held on.
        "hearing_note": notes[-1] if finding.heard_on else None,
    }
    return _of_warning(connection, person, row, None, after)


@router.get(
    "/approvals/list-entries/{entry_id}",
    dependencies=[allowed(Ability.READ_RULES, Ability.APPROVE)],
    responses=_READ,
)
def of_list_entry(connection: Reading, person: Person, entry_id: EntryId) -> WaitingProposal:
    """What an entry of a list changes. Before it: how long an earlier one about the same held, where there was one."""
    row = _row(connection, "list_entry", entry_id)
    entry = lists.one(connection, entry_id)
    assert entry is not None
    earlier = lists.earlier(connection, entry)
    return _answer(
        connection,
        person,
        row,
        {"on_list": False} | ({"expires_on": earlier.expires_on} if earlier else {}),
        {
            "on_list": True,
            "list": entry.list,
            "scope": entry.scope,
            "subject": entry.subject,
            "name": entry.name,
            "rule_code": entry.rule_code,
            "expires_on": entry.expires_on,
        },
        person.may(Ability.APPROVE_LISTS),
        thread_id=entry.thread_id,
        codes=[entry.rule_code] if entry.rule_code else [],
    )


@router.get(
    "/approvals/rule-versions/{rule_id}",
    dependencies=[allowed(Ability.READ_RULES, Ability.APPROVE)],
    responses=_READ,
)
def of_rule(connection: Reading, person: Person, rule_id: RuleId) -> WaitingProposal:
    """What a version of a rule changes against the one that is in force, or else the newest that was published, or else the one that
    it was made from."""
    row = _row(connection, "rule_version", rule_id)
    proposed = rules.one(connection, rule_id)
    assert proposed is not None
    versions = rules.versions_of(connection, proposed.code)
    published = [one for one in versions if one.state is State.PUBLISHED]
    source = [one for one in versions if one.version == proposed.based_on]
    current = next(iter((*in_force(versions, business_date(now())), *reversed(published), *source)), None)
    return _answer(
        connection,
        person,
        row,
        None if current is None else _said(current),
        _said(proposed),
        person.may(Ability.APPROVE_RULES) and person.acting not in makers(proposed),
    )


@router.get(
    "/approvals/rule-versions/{rule_id}/retirement",
    dependencies=[allowed(Ability.READ_RULES, Ability.APPROVE)],
    responses=_READ,
)
def of_retirement(connection: Reading, person: Person, rule_id: RuleId) -> WaitingProposal:
    """A published version of a rule that somebody proposed to retire."""
    row = _row(connection, "rule_retirement", rule_id)
    version = rules.one(connection, rule_id)
    assert version is not None
    # Its words are free, and may name third parties: the list of all that waits is told without them.
    row["reason"] = version.retirement_reason
    return _answer(
        connection,
        person,
        row,
        {"state": version.state},
        {"state": State.RETIRED},
        person.may(Ability.APPROVE_RULES) and person.acting not in makers(version),
    )


def _of_warning(
    connection: Reading,
    person: Signed,
    row: waiting.Row,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> WaitingProposal:
    loan_id, thread_id = row["subject"], row["key"]
    duty = duties_of(connection, [thread_id], parameters_in_force(connection), now())[thread_id]
    hits = [
        WarningHit.model_validate({name: hit[name] for name in WarningHit.model_fields})
        for hit in warnings.hits(connection, loan_id)
        if hit["standing"] and hit["suppressed_by"] is None
    ]
    return _answer(
        connection,
        person,
        row,
        before,
        after,
        person.may(Ability.CHECK_WARNINGS) and duty.is_of(person.roles),
        loan_id=loan_id,
        thread_id=thread_id,
        hits=hits,
        codes=[hit.rule_code for hit in hits],
    )


def _said(version: RuleVersion) -> Mapping[str, Any]:
    return {"version": version.version, "state": version.state} | asdict(version.content)


def _row(connection: Reading, kind: str, key: str) -> waiting.Row:
    found = waiting.waiting_one(connection, kind, key)
    if found is None:
        raise NotFound("There is no such proposal", remedy="Open the inbox again")
    return found


def _answer(
    connection: Reading,
    person: Signed,
    row: waiting.Row,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    may_decide: bool,
    *,
    loan_id: str | None = None,
    thread_id: str | None = None,
    hits: Iterable[WarningHit] = (),
    codes: Iterable[str] = (),
) -> WaitingProposal:
    own = row["maker"] == person.acting
    words = warnings.rule_words(connection, [code for code in codes if code not in PATTERN])
    return WaitingProposal(
        **{name: row[name] for name in WaitingProposal.model_fields if name in row},
        before=before,
        after=after,
        is_own=own,
        may_decide=may_decide and not own,
        loan_id=loan_id,
        thread_id=thread_id,
        hits=list(hits),
        rule_words={code: RuleWords.model_validate(one) for code, one in words.items()},
    )
