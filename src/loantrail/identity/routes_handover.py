"""Work goes from one person to another: because the one left, was suspended, or does something else now."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import Field

from loantrail import clock
from loantrail.destinations.routes import RequestKey, Wanted
from loantrail.early_warning import acting_on as warnings_acting
from loantrail.early_warning.store_receivers import NOT_THEIR_WORK, refusals
from loantrail.errors import InputError
from loantrail.http.access import Person, Reading, Recording, Within, allowed
from loantrail.http.connections import Lending
from loantrail.http.pages.model import Answer
from loantrail.http.problems import WRITE_STATUSES, NotFound, conflicting, problem_responses
from loantrail.identity import store, store_people, store_session
from loantrail.identity.abilities import Ability
from loantrail.identity.workflow import State
from loantrail.inspections import acting_on as checks_acting
from loantrail.policy.reading import parameters_in_force

router = APIRouter(tags=["persons"])

StaffId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]
_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)


class WantedHandover(Wanted):
    """Whose open work goes to whom, by their numbers on the staff list."""

    from_staff_id: StaffId
    to_staff_id: StaffId
    request_key: RequestKey


class HandoverAnswer(Answer):
    """What went to somebody else."""

    warnings_moved: list[str]
    checks_moved: list[str]
    refused: dict[str, str] = Field(description="Warning or check -> code of what kept it where it was.")


@router.post("/handovers", dependencies=[allowed(Ability.ASSIGN_WARNINGS)], responses=_STATUSES)
def hand_over(
    connections: Lending,
    reading: Reading,
    within: Within,
    person: Person,
    record: Recording,
    wanted: WantedHandover,
) -> HandoverAnswer:
    """Give the open warnings and loan checks of a member of staff, as far as they are in one's reach, to somebody else; checks
    where one reviews them. Who manages a loan is said by the core system, and changes there. What the receiver's roles do not
    let them do, and warnings of loans that they do not see, stay where they are. 404 where nobody of that number may sign in, 409 where both are one."""
    now = clock.now()
    if wanted.from_staff_id == wanted.to_staff_id:
        raise conflicting(InputError("the work is this person's already", remedy="Choose somebody else"))
    with connections.connection() as connection:
        receiver = store_people.person_of_staff(connection, wanted.to_staff_id)
        if receiver is None or receiver.state is not State.ACTIVE:
            raise NotFound(f"nobody of the number {wanted.to_staff_id} works here", "Choose somebody else")
        may = store_session.seen_as(connection, receiver, now).abilities
        parameters = parameters_in_force(connection)
        warnings = store.open_warnings(reading, wanted.from_staff_id)
        checks = store.open_checks(reading, wanted.from_staff_id) if person.may(Ability.REVIEW_CHECKS) else []
        given = (wanted.to_staff_id, person.acting, wanted.request_key, parameters)
        warned = refusals(connection, within, wanted.to_staff_id, warnings, parameters, now)
        warned |= warnings_acting.assign_all(
            connection, [one for one in warnings if one not in warned], *given
        )
        checked = (
            checks_acting.assign_all(connection, checks, *given)
            if Ability.ACT_ON_CHECKS in may
            else dict.fromkeys(checks, NOT_THEIR_WORK)
        )
        answer = HandoverAnswer(
            warnings_moved=[one for one, refusal in warned.items() if not refusal],
            checks_moved=[one for one, refusal in checked.items() if not refusal],
            refused={one: refusal for one, refusal in (warned | checked).items() if refusal},
        )
        record(
            connection,
            "work.hand_over",
            "person",
            wanted.from_staff_id,
            after={"to": wanted.to_staff_id, **answer.model_dump(mode="json")},
        )
    return answer
