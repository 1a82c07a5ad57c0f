"""What people do about loan checks."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Response
from pydantic import Field

from loantrail.destinations.routes import WRITTEN, Reason, RequestKey, Wanted
from loantrail.http.access import Person, Recording, allowed, demand
from loantrail.http.connections import Lending
from loantrail.http.pages.model import Answer
from loantrail.http.problems import (
    WRITE_STATUSES,
    NotFound,
    conflicting,
    once,
    problem_responses,
)
from loantrail.identity.abilities import Ability
from loantrail.inspections import model, store
from loantrail.inspections.acting_on import (
    Acted,
    CheckChanged,
    CheckMissing,
    act_on,
)
from loantrail.inspections.model import Check
from loantrail.policy.reading import parameters_in_force

router = APIRouter(tags=["checks"])

SANDBOX: Final = "default-src 'none'; sandbox"
LINES_MOST: Final = 20
CheckId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
VoucherId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Note = Annotated[str, Field(max_length=1000, pattern=rf"^$|{WRITTEN}", description="In words; may be empty.")]
LineName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z_]+$")]
StaffId = Annotated[
    str,
    Field(max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$", description="A staff id; empty takes it away."),
]
PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"


class _CheckAct(Wanted):
    """What every act says: which state of the check the person saw, and a key that makes it one act."""

    version: int = Field(ge=1, le=1_000_000_000, description="The check's version that was read.")
    request_key: RequestKey


class JudgeLine(_CheckAct):
    """`not_genuine` and `more_papers` want a reason; a restricted use that is `genuine` wants a voucher or a reason."""

    act: Literal["judge"]
    use: LineName
    judgement: model.LineJudgement
    reason: Note = ""


class JudgePlainLines(_CheckAct):
    """All documented lines with nothing against them that nobody judged yet are genuine."""

    act: Literal["judge_plain"]


class AssignCheck(_CheckAct):
    act: Literal["assign"]
    to: StaffId


class AskForCheck(_CheckAct):
    """Make the check of a loan that was taken over."""

    act: Literal["ask_for"]
    reason: Reason


class SubmitCheck(_CheckAct):
    act: Literal["submit"]
    conclusion: model.Conclusion
    text: Annotated[str, Field(min_length=1, max_length=4000, pattern=WRITTEN)]
    language: Literal["zh", "en"] = "zh"
    reason: Note = Field(default="", description="Why another conclusion than the proposed one.")


class ReturnCheck(_CheckAct):
    act: Literal["return"]
    reason: Reason


class CloseCheck(_CheckAct):
    act: Literal["close"]
    note: Note = ""


class ReopenCheck(_CheckAct):
    act: Literal["reopen"]
    reason: Reason


WantedCheckAct = Annotated[
    JudgeLine
    | JudgePlainLines
    | AssignCheck
    | AskForCheck
    | SubmitCheck
    | ReturnCheck
    | CloseCheck
    | ReopenCheck,
    Field(discriminator="act"),
]
_REVIEWED: Final = frozenset(("assign", "return", "close", "reopen"))
"""Acts of who reviews; the others are of who does the check."""


class CheckActed(Answer):
    check_id: str
    version: int
    state: model.CheckState
    due_on: datetime.date | None
    new: bool = Field(description="False where the same request was made before: nothing changed.")


STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)


@router.post(
    "/checks/{check_id}/acts",
    dependencies=[allowed(Ability.ACT_ON_CHECKS, Ability.REVIEW_CHECKS)],
    responses={**once(CheckActed), **STATUSES},
    status_code=HTTPStatus.CREATED,
)
def act(
    connections: Lending,
    person: Person,
    record: Recording,
    check_id: CheckId,
    wanted: WantedCheckAct,
    response: Response,
) -> CheckActed:
    """Act on a check. 409 where somebody else acted since the version that was read: the answer's `present` is what the check
    is now. 422 with the name of the refusal as `code` where the act cannot be done now."""
    reviewing = wanted.act in _REVIEWED or (wanted.act == "ask_for" and not person.may(Ability.ACT_ON_CHECKS))
    demand(person, Ability.REVIEW_CHECKS if reviewing else Ability.ACT_ON_CHECKS)
    try:
        with connections.connection() as connection:
            done = act_on(
                connection,
                check_id,
                _act_of(wanted),
                person.acting,
                wanted.version,
                wanted.request_key,
                parameters_in_force(connection),
            )
            said = wanted.model_dump(mode="json", exclude={"act", "version", "request_key", "reason", "note"})
            why = str(getattr(wanted, "reason", "") or getattr(wanted, "note", ""))
            note(record, connection, wanted.act, check_id, done, said, why)
    except CheckMissing as missing:
        raise NotFound(missing.problem, missing.remedy) from missing
    except CheckChanged as changed:
        raise conflicting(changed, answered(check_id, changed.present, new=False)) from changed
    return acted(check_id, done, response)


def note(
    record: Recording,
    connection: store.Database,
    verb: str,
    check_id: str,
    done: Acted,
    said: Mapping[str, Any],
    why: str = "",
) -> None:
    """Keep an act in the audit log: last in its transaction, where it changed something."""
    if done.new:
        record(
            connection,
            f"check.{verb}",
            "check",
            check_id,
            before=_standing(done.before),
            after={**_standing(done.check), **said},
            why=why,
            unit_id=done.unit_id,
        )


def _standing(check: Check) -> dict[str, Any]:
    return {"version": check.version, "state": check.state.value, "assignee": check.assignee}


def answered(check_id: str, check: Check, *, new: bool) -> CheckActed:
    return CheckActed(
        check_id=check_id, version=check.version, state=check.state, due_on=check.due_on, new=new
    )


def acted(check_id: str, done: Acted, response: Response) -> CheckActed:
    if not done.new:
        response.status_code = HTTPStatus.OK
    return answered(check_id, done.check, new=done.new)


def _act_of(wanted: WantedCheckAct) -> model.Act:
    match wanted:
        case JudgeLine():
            return model.Judge(wanted.use, wanted.judgement, wanted.reason)
        case JudgePlainLines():
            return model.JudgePlain()
        case AssignCheck():
            return model.Assign(wanted.to)
        case AskForCheck():
            return model.AskFor(wanted.reason)
        case SubmitCheck():
            return model.Submit(wanted.conclusion, wanted.text, wanted.language, wanted.reason)
        case ReturnCheck():
            return model.Return(wanted.reason)
        case CloseCheck():
            return model.Close(wanted.note)
        case ReopenCheck():
            return model.Reopen(wanted.reason)
