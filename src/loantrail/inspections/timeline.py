"""What a timeline comes to: a check is the fold of its events."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from loantrail.inspections.model import (
    Check,
    CheckKind,
    CheckState,
    Conclusion,
    Event,
    FiguresChange,
    Judged,
    Kind,
    LineJudgement,
    Submission,
)


def check_of(events: Sequence[Event]) -> Check:
    """The check that a timeline comes to. Its first event is `created` or `taken_over`."""
    first = events[0]
    assert first.kind in (Kind.CREATED, Kind.TAKEN_OVER)
    check = Check(
        version=1,
        kind=CheckKind(first.data["check_kind"]),
        state=CheckState.OPEN if first.kind is Kind.CREATED else CheckState.TAKEN_OVER,
        opened_at=first.at,
        paid_out_on=datetime.date.fromisoformat(first.data["paid_out_on"]),
        assignee=first.data["assignee"],
        reviewer=first.data["reviewer"],
    )
    check = replace(check, **_due(first)) if first.kind is Kind.CREATED else check
    for event in events[1:]:
        check = after(check, event)
    return check


def after(check: Check, event: Event) -> Check:
    """The check after one more event."""
    return replace(check, version=check.version + 1, **_changed(check, event))


def _due(event: Event) -> dict[str, Any]:
    return {
        "regular_due_on": datetime.date.fromisoformat(event.data["regular_due_on"]),
        "due_on": datetime.date.fromisoformat(event.data["due_on"]),
        "due_rule": event.data["due_rule"],
    }


def _changed(check: Check, event: Event) -> dict[str, Any]:
    data = event.data
    match event.kind:
        case Kind.ASKED_FOR:
            return {"state": CheckState.OPEN, **_due(event)}
        case Kind.ASSIGNED:
            return {"assignee": data["to"], "assigned_by_person": check.assigned_by_person or event.by != ""}
        case Kind.JUDGED:
            said = Judged(
                LineJudgement(data["judgement"]), data["reason"], data["amount_fen"], event.by, event.at
            )
            return {"judgements": {**check.judgements, data["use"]: said}}
        case Kind.SUBMITTED:
            submission = Submission(
                Conclusion(data["conclusion"]), data["text"], event.by, event.at, dict(data["figures"])
            )
            return {
                "state": CheckState.SUBMITTED, "submission": submission, "returned": False, "return_reason": "",
                "change": FiguresChange.NO, "differences": {}, "reviewed_by": "", "closed_at": None,
            }  # fmt: skip
        case Kind.RETURNED:
            return {
                "state": CheckState.OPEN, "returned": True, "returned_count": check.returned_count + 1,
                "return_reason": data["reason"],
            }  # fmt: skip
        case Kind.CLOSED:
            return {"state": CheckState.CLOSED, "reviewed_by": event.by, "closed_at": event.at}
        case Kind.REOPENED:
            return {
                "state": CheckState.OPEN, "reviewed_by": "", "closed_at": None, "returned": True,
                "return_reason": data["reason"], **_due(event),
            }  # fmt: skip
        case Kind.FIGURES_CHANGED:
            return {"change": FiguresChange(data["change"]), "differences": dict(data["differences"])}
        case Kind.FIGURES_RESTORED:
            return {"change": FiguresChange.NO, "differences": {}}
        case _:
            # Vouchers stand in their own table; here they only count as events.
            return {}
