"""What people do about a check: the events of an act, or a named refusal.

One person judges the lines and submits; another one, who judged none of them, reviews. A judgement `not_genuine` is a
suspicion that one person confirms: it accuses nobody, and the warning of the loan goes its own way.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loantrail.inspections.decide import Due, proposal, still_holds, unjudged
from loantrail.inspections.model import (
    Act,
    AskFor,
    Assign,
    Check,
    CheckState,
    Close,
    Event,
    Judge,
    JudgePlain,
    Kind,
    Line,
    LineJudgement,
    Policy,
    Refusal,
    Reopen,
    Return,
    Submit,
)


@dataclass(frozen=True, slots=True)
class Material:
    """What a check rests on now. `lines`: the loan's statement, None while it was not traced; `due`: the deadline of a check
    that is made today; `record`: what is kept besides, of a submission its run and composed texts, of a suspicion the warning
    that it belongs to."""

    lines: Sequence[Line] | None
    due: Due
    record: Mapping[str, Any]


def decide(
    check: Check, act: Act, by: str, now: datetime.datetime, material: Material, policy: Policy
) -> list[Event] | Refusal:
    """The events of a person's act, or why it cannot be done."""
    match act:
        case AskFor(reason):
            if check.state is not CheckState.TAKEN_OVER:
                return Refusal.NOT_TAKEN_OVER
            return _with_reason(Kind.ASKED_FOR, reason, by, now, _due(material.due))
        case Reopen(reason):
            if check.state is not CheckState.CLOSED:
                return Refusal.NOT_CLOSED
            return _with_reason(Kind.REOPENED, reason, by, now, _due(material.due))
        case Return(reason):
            return _reviewed(check, by) or _with_reason(Kind.RETURNED, reason, by, now, {})
        case Close(note):
            return _reviewed(check, by) or [Event(Kind.CLOSED, now, by, {"note": note.strip()})]
        case Assign(to):
            if check.state not in (CheckState.OPEN, CheckState.SUBMITTED):
                return Refusal.NOT_OPEN
            if to == check.assignee:
                return Refusal.ASSIGNED_ALREADY
            return [Event(Kind.ASSIGNED, now, by, {"to": to, "before": check.assignee})]
        case _:
            if check.state is not CheckState.OPEN:
                return Refusal.NOT_OPEN
            if material.lines is None:
                return Refusal.NOT_TRACED
            return _worked(check, act, by, now, material, material.lines, policy)


def _worked(
    check: Check,
    act: Judge | JudgePlain | Submit,
    by: str,
    now: datetime.datetime,
    material: Material,
    lines: Sequence[Line],
    policy: Policy,
) -> list[Event] | Refusal:
    match act:
        case Judge(use, judgement, reason):
            line = next((one for one in lines if one.use == use), None)
            if line is None or not line.wants_judgement:
                return Refusal.LINE_UNKNOWN
            if judgement is not LineJudgement.GENUINE and not reason.strip():
                return Refusal.REASON_MISSING
            if line.restricted and not line.vouchers and not reason.strip():
                return Refusal.VOUCHER_OR_REASON
            said = _judged(line, judgement, reason, by, now)
            if judgement is LineJudgement.NOT_GENUINE:
                return [Event(said.kind, now, by, {**said.data, **material.record})]
            return [said]
        case JudgePlain():
            left = [line for line in unjudged(lines, check.judgements, policy) if line.plain]
            if not left:
                return Refusal.NOTHING_TO_JUDGE
            return [_judged(line, LineJudgement.GENUINE, "", by, now) for line in left]
        case Submit(conclusion, text, language, reason):
            if unjudged(lines, check.judgements, policy):
                return Refusal.NOT_ALL_JUDGED
            if not text.strip():
                return Refusal.TEXT_MISSING
            proposed = proposal(lines, check.judgements, policy)
            if conclusion is not proposed and not reason.strip():
                return Refusal.OTHER_THAN_PROPOSED
            data = {
                "conclusion": conclusion.value,
                "proposed": proposed.value,
                "reason": reason.strip(),
                "text": text.strip(),
                "language": language,
                "figures": {line.use: line.amount_fen for line in lines},
            }
            return [Event(Kind.SUBMITTED, now, by, data | dict(material.record))]


def _judged(line: Line, judgement: LineJudgement, reason: str, by: str, now: datetime.datetime) -> Event:
    data = {
        "use": line.use,
        "judgement": judgement.value,
        "reason": reason.strip(),
        "amount_fen": line.amount_fen,
    }
    return Event(Kind.JUDGED, now, by, data)


def _reviewed(check: Check, by: str) -> Refusal | None:
    """Why this person cannot review the check; None where they can."""
    if check.state is not CheckState.SUBMITTED or check.submission is None:
        return Refusal.NOT_SUBMITTED
    if by in makers(check):
        return Refusal.MAKER_IS_CHECKER
    return None


def makers(check: Check) -> frozenset[str]:
    """Who made what is submitted: the person who submitted it, and those whose judgements of its lines stand."""
    if check.submission is None:
        return frozenset()
    said = {one.by for use, one in check.judgements.items() if use in check.submission.figures}
    return frozenset({check.submission.by, *said})


def _with_reason(
    kind: Kind, reason: str, by: str, now: datetime.datetime, data: Mapping[str, Any]
) -> list[Event] | Refusal:
    if not reason.strip():
        return Refusal.REASON_MISSING
    return [Event(kind, now, by, {"reason": reason.strip(), **data})]


def _due(due: Due) -> dict[str, Any]:
    return {
        "regular_due_on": due.regular_on.isoformat(),
        "due_on": due.on.isoformat(),
        "due_rule": due.rule,
    }


def stale(check: Check, lines: Sequence[Line], policy: Policy) -> frozenset[str]:
    """The lines that grew beyond what was judged of them."""
    return frozenset(
        line.use
        for line in lines
        if line.use in check.judgements and not still_holds(check.judgements[line.use], line, policy)
    )
