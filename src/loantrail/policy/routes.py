"""The bank sets its own numbers: proposed by one person, decided by another in the inbox (loantrail.approvals.routes)."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Response
from pydantic import Field

from loantrail.approvals.routes import ApprovalRequest, answer_of
from loantrail.destinations.routes import Reason, RequestKey, Wanted
from loantrail.http.access import Person, Recording, allowed
from loantrail.http.connections import Lending
from loantrail.http.problems import WRITE_STATUSES, NotFound, conflicting, problem_responses
from loantrail.http.proposing import propose_on_record
from loantrail.identity.abilities import Ability
from loantrail.parameters import shipped_parameters
from loantrail.policy.approving import PARAMETER_CHANGE, ParameterWaiting, Value, Withdrawal, written

router = APIRouter(tags=["administration"])

ParameterName = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{1,99}$")]
_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)


class WantedParameterValue(Wanted):
    """A value from a day on: `number` as decimal text, or `names` for a list."""

    number: str | None = Field(None, pattern=r"^[0-9]{1,16}$", description="A whole number of the unit.")
    names: list[Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]] = Field(
        default_factory=list, max_length=200
    )
    inclusive: bool = Field(description="Whether the threshold itself already counts.")
    effective_from: datetime.date = Field(description="The day after the decision at the earliest.")
    basis: Reason = Field(description="What the value rests on; of a number of law the new text.")
    reason: Reason
    request_key: RequestKey


class WantedParameterWithdrawal(Wanted):
    """That a planned value does not come."""

    change_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    reason: Reason
    request_key: RequestKey


@router.post(
    "/parameters/{parameter_name}/values",
    dependencies=[allowed(Ability.EDIT_PARAMETERS)],
    status_code=HTTPStatus.ACCEPTED,
    responses=_STATUSES,
)
def propose_value(
    connections: Lending,
    person: Person,
    record: Recording,
    parameter_name: ParameterName,
    wanted: WantedParameterValue,
    response: Response,
) -> ApprovalRequest:
    """Propose a value from a day on; it holds once another person approves. 409 `parameter_waiting` while another proposal of
    this parameter waits; 422 names the field for a day that has begun, and for a value that the product cannot work by."""
    value = tuple(wanted.names) if wanted.number is None else int(wanted.number)
    content = Value(parameter_name, value, wanted.inclusive, wanted.effective_from, wanted.basis)
    return _proposed(connections, person, record, response, content, wanted.reason, wanted.request_key)


@router.post(
    "/parameters/{parameter_name}/withdrawals",
    dependencies=[allowed(Ability.EDIT_PARAMETERS)],
    status_code=HTTPStatus.ACCEPTED,
    responses=_STATUSES,
)
def propose_withdrawal(
    connections: Lending,
    person: Person,
    record: Recording,
    parameter_name: ParameterName,
    wanted: WantedParameterWithdrawal,
    response: Response,
) -> ApprovalRequest:
    """Propose that a planned value does not come; another person approves before its day. 409 and 422 as for a value."""
    content = Withdrawal(parameter_name, wanted.change_id, wanted.reason)
    return _proposed(connections, person, record, response, content, wanted.reason, wanted.request_key)


def _proposed(
    connections: Lending,
    person: Person,
    record: Recording,
    response: Response,
    wanted: Value | Withdrawal,
    reason: str,
    request_key: str,
) -> ApprovalRequest:
    if wanted.name not in shipped_parameters().names:
        raise NotFound(
            f"there is no parameter {wanted.name!r}", "Choose one on the page Administration, tab Parameters"
        )
    try:
        with connections.connection() as connection:
            request, new = propose_on_record(
                connection, record, PARAMETER_CHANGE, written(wanted), reason, person.acting, request_key
            )
    except ParameterWaiting as waits:
        raise conflicting(waits) from waits
    if not new:
        response.status_code = HTTPStatus.OK
    return answer_of(request, person)
