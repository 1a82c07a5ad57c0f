"""What people do about warnings, and the allow list."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Response
from pydantic import Field

from loantrail import clock
from loantrail.destinations.routes import WRITTEN, Reason, RequestKey, Wanted
from loantrail.early_warning import model, store_outbox
from loantrail.early_warning.acting_on import ContentChanged, ThreadChanged, ThreadMissing, act_on, assign_all
from loantrail.early_warning.duty import Duty
from loantrail.early_warning.hits import Level
from loantrail.early_warning.store_receivers import (
    NOT_THEIR_LEVEL,
    CannotReceive,
    duties_of,
    refusals,
)
from loantrail.http.access import Acting, Recording, Seeing, Within, allowed, demand
from loantrail.http.access import Person as SignedIn
from loantrail.http.connections import Lending
from loantrail.http.pages.model import Answer
from loantrail.http.problems import (
    WRITE_STATUSES,
    NotAllowed,
    NotFound,
    Superseded,
    conflicting,
    once,
    problem_responses,
)
from loantrail.identity.abilities import Ability
from loantrail.identity.model import Signed
from loantrail.policy.reading import parameters_in_force

router = APIRouter(tags=["warnings"])

ASSIGNED_MOST: Final = 200
ThreadId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Text = Annotated[str, Field(max_length=1000, pattern=rf"^$|{WRITTEN}", description="In words; may be empty.")]
Person = Annotated[
    str,
    Field(max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$", description="A staff id; empty takes it away."),
]
ContentHash = Annotated[
    str,
    Field(pattern=r"^[0-9a-f]{64}$", description="Of the proposal as it was read: what is approved is that."),
]
Word = Annotated[str, Field(max_length=64, pattern=r"^[a-z_]*$")]


class _Act(Wanted):
    """What every act says: which state of the thread the person saw, and a key that makes it one act."""

    version: int = Field(ge=1, le=1_000_000_000, description="The thread's version that was read.")
    request_key: RequestKey


class AssignAct(_Act):
    act: Literal["assign"]
    to: Person


class SnoozeAct(_Act):
    act: Literal["snooze"]
    until: datetime.date
    reason: Reason


class WakeAct(_Act):
    act: Literal["wake"]


class DisposeAct(_Act):
    """`true_positive` is a suspicion that one person confirms; `false_alarm` wants a reason of the list."""

    act: Literal["dispose"]
    disposition: model.Disposition
    reason: Word = ""
    text: Text = ""


class MeasureAct(_Act):
    act: Literal["measure"]
    measure: Word
    text: Text = ""


class LowerAct(_Act):
    act: Literal["propose_lowering"]
    level: Level
    reason: Reason


class ApproveLoweringAct(_Act):
    act: Literal["approve_lowering"]
    content_hash: ContentHash


class RefuseLoweringAct(_Act):
    act: Literal["refuse_lowering"]
    reason: Reason


class FindingAct(_Act):
    act: Literal["propose_finding"]
    text: Reason


class HearingAct(_Act):
    act: Literal["record_hearing"]
    on: datetime.date
    note: Reason


class ApproveFindingAct(_Act):
    act: Literal["approve_finding"]
    content_hash: ContentHash


class RefuseFindingAct(_Act):
    act: Literal["refuse_finding"]
    reason: Reason


class CloseAct(_Act):
    act: Literal["close"]
    reason: Reason


class ReopenAct(_Act):
    act: Literal["reopen"]
    reason: Reason


WantedAct = Annotated[
    AssignAct
    | SnoozeAct
    | WakeAct
    | DisposeAct
    | MeasureAct
    | LowerAct
    | ApproveLoweringAct
    | RefuseLoweringAct
    | FindingAct
    | HearingAct
    | ApproveFindingAct
    | RefuseFindingAct
    | CloseAct
    | ReopenAct,
    Field(discriminator="act"),
]


class ActedOn(Answer):
    thread_id: str
    version: int
    level: Level
    state: model.ThreadState
    due_at: datetime.datetime
    new: bool = Field(description="False where the same request was made before: nothing changed.")


class TriedAgain(Answer):
    delivery_id: int


class WantedAssignment(Wanted):
    thread_ids: list[Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]] = Field(
        min_length=1, max_length=ASSIGNED_MOST
    )
    to: Person
    request_key: RequestKey


class AssignedRow(Answer):
    thread_id: str
    refused: str = Field(description="Why it was left as it was; empty where it was assigned.")


_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)


_CHECKING: Final = frozenset(("approve_lowering", "refuse_lowering", "approve_finding", "refuse_finding"))
"""Acts of a second person who checks."""
_JUDGING: Final = _CHECKING | {"dispose", "snooze", "propose_finding", "close"}
"""What only who answers for the warning does. The others that work on it enter measures and hearings, ask for a lower level, open
it again."""


class _OthersAnswer(NotAllowed):
    """A warning of a level that others answer for."""

    code = NOT_THEIR_LEVEL


def _demand(person: Signed, act: str, duty: Duty, level: str) -> None:
    """NotAllowed unless this person may do that to a warning of that duty and level."""
    if act in _JUDGING and not duty.is_of(person.roles):
        raise _OthersAnswer(
            "your roles do not answer for a warning of this level",
            remedy="Ask somebody whose roles do; the warning says which",
        )
    # Any second person closes a blue one; graver ones somebody who checks (domain facts B4: maker and checker).
    checks = act in _CHECKING or (act == "close" and level != Level.BLUE)
    demand(person, Ability.CHECK_WARNINGS if checks else Ability.ACT_ON_WARNINGS)


class _Changed(Superseded):
    code = "changed"


@router.post(
    "/warnings/{thread_id}/acts",
    dependencies=[allowed(Ability.ACT_ON_WARNINGS, Ability.CHECK_WARNINGS)],
    responses={**once(ActedOn), **_STATUSES},
    status_code=HTTPStatus.CREATED,
)
def act(
    connections: Lending,
    person: SignedIn,
    record: Recording,
    within: Within,
    by: Acting,
    thread_id: ThreadId,
    wanted: WantedAct,
    response: Response,
) -> ActedOn:
    """Act on a warning. 409 where somebody else acted since the version that was read (`changed`), and where what is approved is
    not what is proposed (`content_changed`); 422 with the name of the
    refusal as `code` where the act cannot be done now; 403 `not_their_level` where others answer for the warning."""
    if isinstance(wanted, AssignAct) and wanted.to != by:
        demand(person, Ability.ASSIGN_WARNINGS)
    with connections.connection() as connection:
        parameters, now = parameters_in_force(connection), clock.now()

        def demanded(thread: model.Thread) -> None:
            if isinstance(wanted, AssignAct) and wanted.to:
                for code in refusals(connection, within, wanted.to, [thread_id], parameters, now).values():
                    raise CannotReceive(code)
            for duty in duties_of(connection, [thread_id], parameters, now).values():
                _demand(person, wanted.act, duty, thread.level)

        try:
            done = act_on(
                connection,
                thread_id,
                _act_of(wanted),
                by,
                wanted.version,
                wanted.request_key,
                parameters,
                demanded,
            )
        except ThreadMissing as missing:
            raise NotFound(missing.problem, missing.remedy) from missing
        except ThreadChanged as changed:
            raise _Changed(changed.problem, changed.remedy) from changed
        except ContentChanged as refused:
            raise conflicting(refused) from refused
        if done.new:
            record(
                connection,
                f"warning.{wanted.act}",
                "warning",
                thread_id,
                before={"version": wanted.version},
                after=wanted.model_dump(mode="json", exclude={"request_key"})
                | {"level": done.thread.level, "state": done.thread.state},
                why=str(getattr(wanted, "reason", "") or getattr(wanted, "text", "")),
            )
    if not done.new:
        response.status_code = HTTPStatus.OK
    thread = done.thread
    return ActedOn(
        thread_id=thread_id,
        version=thread.version,
        level=thread.level,
        state=thread.state,
        due_at=thread.due_at,
        new=done.new,
    )


@router.post("/warning-assignments", dependencies=[allowed(Ability.ASSIGN_WARNINGS)], responses=_STATUSES)
def assign(
    connections: Lending,
    seen: Seeing,
    record: Recording,
    within: Within,
    by: Acting,
    wanted: WantedAssignment,
) -> list[AssignedRow]:
    """Give several warnings to one person. What cannot be assigned is left as it is, and said."""
    for thread_id in wanted.thread_ids:
        seen("thread_id", thread_id)
    with connections.connection() as connection:
        parameters = parameters_in_force(connection)
        outcome = (
            refusals(connection, within, wanted.to, wanted.thread_ids, parameters, clock.now())
            if wanted.to
            else {}
        )
        try:
            outcome |= assign_all(
                connection,
                [one for one in wanted.thread_ids if one not in outcome],
                wanted.to,
                by,
                wanted.request_key,
                parameters,
            )
        except ThreadMissing as missing:
            raise NotFound(missing.problem, missing.remedy) from missing
        given = [one for one, refused in outcome.items() if not refused]
        if given:
            record(
                connection, "warning.assign", "warning", given[0], after={"to": wanted.to, "warnings": given}
            )
    return [AssignedRow(thread_id=one, refused=outcome[one]) for one in dict.fromkeys(wanted.thread_ids)]


@router.post(
    "/warnings/deliveries/{delivery_id}/trial",
    dependencies=[allowed(Ability.RUN_SYSTEM, Ability.ASSIGN_WARNINGS)],
    responses=_STATUSES,
)
def send_again(
    connections: Lending,
    record: Recording,
    delivery_id: Annotated[int, Path(ge=1, le=9_000_000_000_000_000_000)],
) -> TriedAgain:
    """Have a message that could not be sent tried again at once."""
    with connections.connection() as connection:
        if not store_outbox.try_again(connection, delivery_id, clock.now()):
            raise NotFound(
                f"There is no message {delivery_id} that could not be sent",
                remedy="Open the warning centre again",
            )
        record(connection, "delivery.try_again", "delivery", str(delivery_id))
    return TriedAgain(delivery_id=delivery_id)


def _act_of(wanted: WantedAct) -> model.Act:
    match wanted:
        case AssignAct():
            return model.Assign(wanted.to)
        case SnoozeAct():
            return model.Snooze(wanted.until, wanted.reason)
        case WakeAct():
            return model.Wake()
        case DisposeAct():
            return model.Dispose(wanted.disposition, wanted.reason, wanted.text)
        case MeasureAct():
            return model.TakeMeasure(wanted.measure, wanted.text)
        case LowerAct():
            return model.ProposeLowering(wanted.level, wanted.reason)
        case ApproveLoweringAct():
            return model.ApproveLowering(wanted.content_hash)
        case RefuseLoweringAct():
            return model.RefuseLowering(wanted.reason)
        case FindingAct():
            return model.ProposeFinding(wanted.text)
        case HearingAct():
            return model.RecordHearing(wanted.on, wanted.note)
        case ApproveFindingAct():
            return model.ApproveFinding(wanted.content_hash)
        case RefuseFindingAct():
            return model.RefuseFinding(wanted.reason)
        case CloseAct():
            return model.Close(wanted.reason)
        case ReopenAct():
            return model.Reopen(wanted.reason)
