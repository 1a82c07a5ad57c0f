"""What a timeline comes to: a thread is the fold of its events."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import (
    LIVE,
    SHANGHAI,
    Disposition,
    Event,
    Finding,
    Kind,
    KnownHit,
    Lowering,
    Thread,
    ThreadState,
)


def thread_of(events: Sequence[Event]) -> Thread:
    """The thread that a timeline comes to. Its first event is `opened`."""
    first = events[0]
    assert first.kind is Kind.OPENED
    thread = Thread(
        version=1,
        level=Level(first.data["level"]),
        state=ThreadState.OPEN,
        opened_at=first.at,
        first_at=datetime.datetime.fromisoformat(first.data["first_at"]),
        due_at=datetime.datetime.fromisoformat(first.data["due_at"]),
        answer_due_at=datetime.datetime.fromisoformat(first.data["due_at"]),
    )
    for event in events[1:]:
        thread = after(thread, event)
    return thread


def after(thread: Thread, event: Event) -> Thread:
    """The thread after one more event."""
    changed: dict[str, Any] = _changed(thread, event)
    if event.by:
        changed["touched"] = True
    if "due_at" in event.data:
        due_at = datetime.datetime.fromisoformat(event.data["due_at"])
        of_measures = event.data.get("disposition") == Disposition.TRUE_POSITIVE
        changed |= {"due_at": due_at, "escalated": False}
        changed |= {"measures_due_at" if of_measures else "answer_due_at": due_at}
    return replace(thread, version=thread.version + 1, **changed)


def _changed(thread: Thread, event: Event) -> dict[str, Any]:
    data = event.data
    match event.kind:
        case Kind.HIT_ADDED | Kind.HIT_GREW | Kind.HIT_SHRANK:
            news = event.kind is not Kind.HIT_SHRANK and "in_place_of" not in data
            aside_since = {"aside_since": None} if news else {}
            return _hit(thread, data) | {"superseded": False} | aside_since
        case Kind.HIT_SUPERSEDED:
            gone = replace(thread.hits[data["hit_id"]], standing=False)
            return {"hits": {**thread.hits, data["hit_id"]: gone}}
        case Kind.LEVEL_RAISED:
            # What was proposed before did not know of this.
            return {"level": Level(data["level"]), "lowering": None}
        case Kind.REOPENED:
            return {
                "state": ThreadState.OPEN, "level": Level(data["level"]),
                "disposition": None, "disposed_by": "", "disposition_reason": "", "snoozed_until": None,
                "measures_due_at": None, "aside_since": None,
            }  # fmt: skip
        case Kind.SUPERSEDED:
            quiet = not thread.touched and thread.state in LIVE
            return {"superseded": True, "state": ThreadState.SUPERSEDED if quiet else thread.state}
        case Kind.ESCALATED:
            return {"escalated": True}
        case Kind.WOKEN:
            return {"state": ThreadState.OPEN, "snoozed_until": None}
        case Kind.ASSIGNED:
            return {"assignee": data["to"]}
        case Kind.SNOOZED:
            return {
                "state": ThreadState.SNOOZED, "snoozed_until": datetime.date.fromisoformat(data["until"]),
                "aside_since": thread.aside_since or event.at.astimezone(SHANGHAI).date(),
            }  # fmt: skip
        case Kind.DISPOSED:
            judged = {
                key: replace(hit, judged_fen=hit.amount_fen, judged_payments=hit.payments)
                for key, hit in thread.hits.items()
            }
            return {
                "disposition": Disposition(data["disposition"]), "disposed_by": event.by, "hits": judged,
                "disposition_reason": data["reason"], "state": ThreadState.OPEN, "snoozed_until": None,
                "aside_since": thread.aside_since if data["disposition"] == Disposition.PENDING else None,
            }  # fmt: skip
        case Kind.MEASURE_TAKEN:
            return {"measures": (*thread.measures, data["measure"])}
        case Kind.CLOSED:
            return {"state": ThreadState.CLOSED, "snoozed_until": None}
        case _:
            return _proposals(thread, event)


def _proposals(thread: Thread, event: Event) -> dict[str, Any]:
    data = event.data
    match event.kind:
        case Kind.LOWERING_PROPOSED:
            return {
                "lowering": Lowering(Level(data["level"]), event.by, data["reason"], data["content_hash"])
            }
        case Kind.LOWERING_APPROVED:
            return {"level": Level(data["level"]), "lowering": None}
        case Kind.LOWERING_REFUSED:
            return {"lowering": None}
        case Kind.FINDING_PROPOSED:
            return {"finding": Finding(data["text"], event.by, data["content_hash"])}
        case Kind.BORROWER_HEARD:
            assert thread.finding is not None
            return {"finding": replace(thread.finding, heard_on=datetime.date.fromisoformat(data["on"]))}
        case Kind.FINDING_APPROVED:
            assert thread.finding is not None
            return {"finding": replace(thread.finding, approved_by=event.by)}
        case Kind.FINDING_REFUSED:
            return {"finding": None}
        case _:
            raise AssertionError(event.kind)


def _hit(thread: Thread, data: Mapping[str, Any]) -> dict[str, Any]:
    before = thread.hits.get(data.get("in_place_of", data["hit_id"]))
    payments = data.get("payments")
    known = KnownHit(
        data["rule_code"], Level(data["level"]), data["amount_fen"], True,
        before.judged_fen if before else data["amount_fen"], payments,
        _fewer(payments, before.judged_payments if before else None), data.get("rule_version", ""),
    )  # fmt: skip
    return {"hits": {**thread.hits, data["hit_id"]: known}}


def _fewer(payments: int | None, judged: int | None) -> int | None:
    """How many of the payments count as judged: of those that are gone none does, so that others in their place are news."""
    return payments if judged is None or payments is None else min(payments, judged)
