"""What people do about a warning thread: the events of an act, or a named refusal.

A level falls only when a second person approves. A thread is closed by a second person too. A finding takes two persons,
after the borrower was heard. Who proposes never approves.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from loantrail.approvals.model import hash_of
from loantrail.early_warning.deadlines import (
    aside_until_most,
    business_date,
    response_due,
    working_days_later,
)
from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import (
    LIVE,
    Act,
    ApproveFinding,
    ApproveLowering,
    Assign,
    Close,
    Dispose,
    Disposition,
    Event,
    Kind,
    Policy,
    ProposeFinding,
    ProposeLowering,
    RecordHearing,
    Refusal,
    RefuseFinding,
    RefuseLowering,
    Reopen,
    Snooze,
    TakeMeasure,
    Thread,
    ThreadState,
    Wake,
)


def hash_of_proposal(thread_id: str, kind: Kind, data: Mapping[str, Any]) -> str:
    """SHA-256 of what an event `lowering_proposed` or `finding_proposed` with this data proposes of a warning: who approves
    names it."""
    said = {name: value for name, value in data.items() if name != "content_hash"}
    return hash_of({"thread_id": thread_id, "kind": kind.value, **said})


def decide(
    thread_id: str, thread: Thread, act: Act, by: str, now: datetime.datetime, policy: Policy
) -> list[Event] | Refusal:
    """The events of a person's act on a warning, or why it cannot be done."""
    if isinstance(act, Reopen):
        if thread.state in LIVE:
            return Refusal.NOT_CLOSED
        if not act.reason.strip():
            return Refusal.REASON_MISSING
        data = {"level": thread.level.value, "reason": act.reason.strip()}
        due = response_due(thread.level, now, policy).isoformat()
        return [Event(Kind.REOPENED, now, by, data | {"due_at": due})]
    if thread.state not in LIVE:
        return Refusal.CLOSED
    if isinstance(act, ProposeFinding | RecordHearing | ApproveFinding | RefuseFinding):
        return _finding(thread_id, thread, act, by, now)
    if isinstance(act, ProposeLowering | ApproveLowering | RefuseLowering):
        return _lowering(thread_id, thread, act, by, now, policy)
    return _everyday(thread, act, by, now, policy)


def _everyday(
    thread: Thread,
    act: Assign | Snooze | Wake | Dispose | TakeMeasure | Close,
    by: str,
    now: datetime.datetime,
    policy: Policy,
) -> list[Event] | Refusal:
    match act:
        case Assign(to):
            if to == thread.assignee:
                return Refusal.ASSIGNED_ALREADY
            return [Event(Kind.ASSIGNED, now, by, {"to": to, "before": thread.assignee})]
        case Snooze(until, reason):
            today = business_date(now)
            if thread.level is Level.RED:
                return Refusal.RED_NOT_SNOOZED
            if not reason.strip():
                return Refusal.REASON_MISSING
            if not today < until <= aside_until_most(thread.aside_since, today, policy):
                return Refusal.SNOOZE_DATE
            return [Event(Kind.SNOOZED, now, by, {"until": until.isoformat(), "reason": reason.strip()})]
        case Wake():
            if thread.state is not ThreadState.SNOOZED:
                return Refusal.NOT_SNOOZED
            return [Event(Kind.WOKEN, now, by, {})]
        case TakeMeasure(measure, text):
            if not any(measure in measures for measures in policy.measures.values()):
                return Refusal.MEASURE_UNKNOWN
            return [Event(Kind.MEASURE_TAKEN, now, by, {"measure": measure, "text": text.strip()})]
        case Dispose():
            return _disposed(thread, act, by, now, policy)
        case Close(reason):
            if thread.disposition not in (Disposition.TRUE_POSITIVE, Disposition.FALSE_ALARM):
                return Refusal.NOT_DISPOSED
            if by == thread.disposed_by:
                return Refusal.MAKER_IS_CHECKER
            if thread.lowering or (thread.finding and not thread.finding.approved_by):
                return Refusal.PROPOSAL_OPEN
            if thread.disposition is Disposition.TRUE_POSITIVE and not thread.measures:
                return Refusal.MEASURE_MISSING
            if not reason.strip():
                return Refusal.REASON_MISSING
            return [Event(Kind.CLOSED, now, by, {"reason": reason.strip()})]


def _disposed(
    thread: Thread, act: Dispose, by: str, now: datetime.datetime, policy: Policy
) -> list[Event] | Refusal:
    data = {"disposition": act.disposition.value, "reason": act.reason, "text": act.text.strip()}
    if act.disposition is Disposition.FALSE_ALARM:
        if not act.reason:
            return Refusal.REASON_MISSING
        if act.reason not in policy.false_alarm_reasons:
            return Refusal.REASON_UNKNOWN
    elif act.reason:
        return Refusal.REASON_UNKNOWN
    was_true = thread.disposition is Disposition.TRUE_POSITIVE
    if act.disposition is Disposition.TRUE_POSITIVE:
        if not was_true:
            due = thread.measures_due_at or working_days_later(now, policy.measure_days, policy.calendar)
            data["due_at"] = due.isoformat()
        return [Event(Kind.DISPOSED, now, by, data)]
    if thread.finding and not thread.finding.approved_by:
        return Refusal.PROPOSAL_OPEN
    if thread.finding and (was_true or act.disposition is Disposition.FALSE_ALARM):
        return Refusal.ALREADY_FOUND
    if was_true:
        # It waits for an answer again, and for no longer than if nobody had confirmed it.
        data["due_at"] = thread.answer_due_at.isoformat()
    return [Event(Kind.DISPOSED, now, by, data)]


def _proposed(
    thread_id: str, kind: Kind, by: str, now: datetime.datetime, data: Mapping[str, Any]
) -> list[Event]:
    return [Event(kind, now, by, {**data, "content_hash": hash_of_proposal(thread_id, kind, data)})]


def _lowering(
    thread_id: str,
    thread: Thread,
    act: ProposeLowering | ApproveLowering | RefuseLowering,
    by: str,
    now: datetime.datetime,
    policy: Policy,
) -> list[Event] | Refusal:
    asked = thread.lowering
    if isinstance(act, ProposeLowering):
        if asked:
            return Refusal.ALREADY_PROPOSED
        if act.level.rank >= thread.level.rank:
            return Refusal.NOT_LOWER
        if not act.reason.strip():
            return Refusal.REASON_MISSING
        data = {"level": act.level.value, "before": thread.level.value, "reason": act.reason.strip()}
        return _proposed(thread_id, Kind.LOWERING_PROPOSED, by, now, data)
    if asked is None:
        return Refusal.NOTHING_PROPOSED
    if by == asked.by:
        return Refusal.MAKER_IS_CHECKER
    if isinstance(act, RefuseLowering):
        if not act.reason.strip():
            return Refusal.REASON_MISSING
        return [Event(Kind.LOWERING_REFUSED, now, by, {"reason": act.reason.strip()})]
    data = {"level": asked.level.value, "before": thread.level.value}
    stands = hash_of_proposal(thread_id, Kind.LOWERING_PROPOSED, data | {"reason": asked.reason})
    if not act.content_hash == asked.content_hash == stands:
        return Refusal.CONTENT_CHANGED
    data["content_hash"] = asked.content_hash
    if thread.disposition is None:
        data["due_at"] = max(thread.due_at, response_due(asked.level, now, policy)).isoformat()
    return [Event(Kind.LOWERING_APPROVED, now, by, data)]


def _finding(
    thread_id: str,
    thread: Thread,
    act: ProposeFinding | RecordHearing | ApproveFinding | RefuseFinding,
    by: str,
    now: datetime.datetime,
) -> list[Event] | Refusal:
    finding = thread.finding
    if isinstance(act, ProposeFinding):
        if thread.disposition is not Disposition.TRUE_POSITIVE:
            return Refusal.NOT_TRUE
        if finding:
            return Refusal.ALREADY_FOUND if finding.approved_by else Refusal.ALREADY_PROPOSED
        if not act.text.strip():
            return Refusal.REASON_MISSING
        return _proposed(thread_id, Kind.FINDING_PROPOSED, by, now, {"text": act.text.strip()})
    if finding is None:
        return Refusal.NOTHING_PROPOSED
    if finding.approved_by:
        return Refusal.ALREADY_FOUND
    if isinstance(act, RecordHearing):
        if act.on > business_date(now):
            return Refusal.HEARING_DATE
        if act.on < business_date(thread.first_at):
            return Refusal.HEARING_EARLY
        if not act.note.strip():
            return Refusal.REASON_MISSING
        return [Event(Kind.BORROWER_HEARD, now, by, {"on": act.on.isoformat(), "note": act.note.strip()})]
    if by == finding.by:
        return Refusal.MAKER_IS_CHECKER
    if isinstance(act, RefuseFinding):
        if not act.reason.strip():
            return Refusal.REASON_MISSING
        return [Event(Kind.FINDING_REFUSED, now, by, {"reason": act.reason.strip()})]
    if thread.disposition is not Disposition.TRUE_POSITIVE:
        return Refusal.NOT_TRUE
    if finding.heard_on is None:
        return Refusal.BORROWER_NOT_HEARD
    stands = hash_of_proposal(thread_id, Kind.FINDING_PROPOSED, {"text": finding.text})
    if not act.content_hash == finding.content_hash == stands:
        return Refusal.CONTENT_CHANGED
    return [Event(Kind.FINDING_APPROVED, now, by, {"content_hash": finding.content_hash})]
