"""A person acts on a warning: checked against what the person saw, done once, told to whoever watches."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loantrail.early_warning import store
from loantrail.early_warning.deadlines import business_date
from loantrail.early_warning.model import (
    Act,
    ApproveFinding,
    ApproveLowering,
    Assign,
    Close,
    Dispose,
    Kind,
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
    Wake,
    policy_of,
)
from loantrail.early_warning.timeline import after
from loantrail.early_warning.workflow import decide
from loantrail.errors import InputError, Place
from loantrail.parameters import ParameterBook
from loantrail.policy.reading_calendar import calendar_in_force

KIND_OF: Final[dict[type[Any], Kind]] = {
    Assign: Kind.ASSIGNED,
    Snooze: Kind.SNOOZED,
    Wake: Kind.WOKEN,
    Dispose: Kind.DISPOSED,
    TakeMeasure: Kind.MEASURE_TAKEN,
    ProposeLowering: Kind.LOWERING_PROPOSED,
    ApproveLowering: Kind.LOWERING_APPROVED,
    RefuseLowering: Kind.LOWERING_REFUSED,
    ProposeFinding: Kind.FINDING_PROPOSED,
    RecordHearing: Kind.BORROWER_HEARD,
    ApproveFinding: Kind.FINDING_APPROVED,
    RefuseFinding: Kind.FINDING_REFUSED,
    Close: Kind.CLOSED,
    Reopen: Kind.REOPENED,
}
"""What each act leaves on the timeline."""

_WORDS: Final[dict[Refusal, tuple[str, str]]] = {
    Refusal.CLOSED: ("the warning is closed", "Open it again first"),
    Refusal.NOT_CLOSED: ("the warning is open", "Nothing needs to be done"),
    Refusal.MAKER_IS_CHECKER: ("the same person proposed it", "Ask a second person"),
    Refusal.NOTHING_PROPOSED: ("nothing is proposed", "Read the warning again"),
    Refusal.ALREADY_PROPOSED: ("it is proposed already", "A second person approves or refuses it"),
    Refusal.PROPOSAL_OPEN: ("a proposal waits for a second person", "Have it approved or refused first"),
    Refusal.REASON_MISSING: ("no reason is given", "Say why, for whoever reads it later"),
    Refusal.REASON_UNKNOWN: ("the reason is not on the list", "Choose one of the list"),
    Refusal.MEASURE_UNKNOWN: ("the measure is not on the list", "Choose one of the list"),
    Refusal.MEASURE_MISSING: ("no measure was taken", "Enter what was done before it is closed"),
    Refusal.NOT_LOWER: ("the level is not lower than the present one", "Choose a lower level"),
    Refusal.SNOOZE_DATE: (
        "the date is not within what is allowed",
        "Choose a later day, not beyond the limit",
    ),
    Refusal.RED_NOT_SNOOZED: ("a red warning cannot be put aside", "Dispose of it, or propose a lower level"),
    Refusal.NOT_SNOOZED: ("the warning was not put aside", "Read the warning again"),
    Refusal.NOT_DISPOSED: (
        "nobody has said yet whether it is true",
        "Say first whether it is true or a false alarm",
    ),
    Refusal.NOT_TRUE: ("the suspicion is not confirmed", "A finding follows a confirmed suspicion"),
    Refusal.BORROWER_NOT_HEARD: ("the borrower was not heard", "Enter when and how the borrower was heard"),
    Refusal.HEARING_DATE: ("the hearing lies in the future", "Enter it once it was held"),
    Refusal.HEARING_EARLY: (
        "the hearing was before what the warning speaks of",
        "Enter when the borrower was heard about this",
    ),
    Refusal.ALREADY_FOUND: ("a finding stands", "It cannot be changed here"),
    Refusal.CONTENT_CHANGED: ("the proposal is not the one that was read", "Read it again"),
    Refusal.ASSIGNED_ALREADY: ("the warning is this person's already", "Nothing needs to be done"),
}


class ActRefused(InputError):
    """An act that cannot be done now; `code` is the refusal's name."""

    def __init__(self, refusal: Refusal) -> None:
        problem, remedy = _WORDS[refusal]
        super().__init__(problem, remedy=remedy)
        self.code = refusal.value


class ContentChanged(ActRefused):
    """What is approved is not what is proposed."""


class ThreadMissing(InputError):
    code = "not_found"


class ThreadChanged(InputError):
    """Somebody else acted since the thread was read."""

    code = "changed"


@dataclass(frozen=True, slots=True)
class Acted:
    thread: Thread
    new: bool
    """False where the same request was made before: nothing changed."""


def act_on(
    connection: store.Database,
    thread_id: str,
    act: Act,
    by: str,
    version: int,
    request_key: str,
    parameters: ParameterBook,
    demand: Callable[[Thread], None] | None = None,
) -> Acted:
    """Do what a person wants of a thread that the person saw at `version`; the caller commits. `demand`, where given, raises where this person
    may not do it; a request that was done before is answered once more, whatever the thread became since.

    Raises ThreadMissing, ThreadChanged, ActRefused (ContentChanged where what is approved is not what is proposed), what `demand`
    raises; InputError where the request's key was used for something else or the person to assign to is not on the staff list.
    """
    now = store.lock(connection)
    thread = _found(connection, thread_id)
    done = store.event_of_request(connection, request_key, thread_id)
    if done is not None:
        if not _same(done, act, by):
            raise InputError(
                "the request key was used for something else", Place(field="request_key"), "Make a fresh one"
            )
        return Acted(thread, new=False)
    if demand is not None:
        demand(thread)
    if thread.version != version:
        raise ThreadChanged(
            "somebody else acted on this warning meanwhile", remedy="Read it again, then decide"
        )
    _check_person(connection, act)
    return Acted(_apply(connection, thread_id, thread, act, by, now, request_key, parameters), new=True)


def assign_all(
    connection: store.Database,
    thread_ids: Sequence[str],
    to: str,
    by: str,
    request_key: str,
    parameters: ParameterBook,
) -> dict[str, str]:
    """Give several threads to one person, whatever their version; the caller commits. thread_id -> empty, or the
    refusal that left it as it was. The same request twice is one."""
    now = store.lock(connection)
    act = Assign(to)
    outcome: dict[str, str] = {}
    found = {thread_id: _found(connection, thread_id) for thread_id in thread_ids}
    _check_person(connection, act)
    for thread_id, thread in found.items():
        done = store.event_of_request(connection, request_key, thread_id)
        if done is not None and _same(done, act, by):
            outcome[thread_id] = ""
            continue
        try:
            _apply(connection, thread_id, thread, act, by, now, request_key, parameters)
            outcome[thread_id] = ""
        except ActRefused as refused:
            outcome[thread_id] = refused.code
    return outcome


def _apply(
    connection: store.Database,
    thread_id: str,
    thread: Thread,
    act: Act,
    by: str,
    now: datetime.datetime,
    request_key: str,
    parameters: ParameterBook,
) -> Thread:
    policy = policy_of(parameters, business_date(now), calendar_in_force(connection))
    events = decide(thread_id, thread, act, by, now, policy)
    if events is Refusal.CONTENT_CHANGED:
        raise ContentChanged(events)
    if isinstance(events, Refusal):
        raise ActRefused(events)
    became = thread
    for event in events:
        became = after(became, event)
    loan_id = store.threads(connection, [thread_id])[thread_id][0]
    unit_id = store.units_of(connection, [thread_id])[thread_id]
    store.append(connection, thread_id, loan_id, unit_id, thread, became, events, "changed", request_key)
    return became


def _found(connection: store.Database, thread_id: str) -> Thread:
    found = store.threads(connection, [thread_id]).get(thread_id)
    if found is None:
        raise ThreadMissing(f"there is no warning {thread_id}", remedy="Open the list of warnings")
    return found[1]


def _check_person(connection: store.Database, act: Act) -> None:
    if isinstance(act, Assign) and act.to and not store.is_person(connection, act.to):
        raise InputError(
            f"there is nobody with the number {act.to}", Place(field="to"), "Choose a person of the list"
        )


def _same(done: store.Row, act: Act, by: str) -> bool:
    said = {
        name: value.isoformat() if isinstance(value, datetime.date) else str(value).strip()
        for name, value in dataclasses.asdict(act).items()
    }
    return (
        done["kind"] == KIND_OF[type(act)].value
        and done["by"] == by
        and all(str(done["data"].get(name, value)) == value for name, value in said.items())
    )
