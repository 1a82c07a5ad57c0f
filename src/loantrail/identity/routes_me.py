"""One's own password, second factor, sessions, and stand-in while one is away."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import AwareDatetime, Field

from loantrail import clock
from loantrail.destinations.routes import Reason, Wanted
from loantrail.http.access import Person, Recording, signed_in
from loantrail.http.connections import Lending
from loantrail.http.problems import (
    WRITE_STATUSES,
    NotAllowed,
    NotFound,
    conflicting,
    problem_responses,
)
from loantrail.identity import signing, store_people, store_session
from loantrail.identity.answers import (
    DelegationRow,
    EnrolmentAnswer,
    PersonName,
    RecoveryCodes,
    SessionRow,
    delegation_row,
)
from loantrail.identity.changes import PersonKey
from loantrail.identity.changing import PersonMissing, PersonRefused
from loantrail.identity.limits import limits_at
from loantrail.identity.model import Signed
from loantrail.identity.routes import READ_STATUSES, Code, Noting, Password
from loantrail.identity.standing_in import end_standing_in, stand_in
from loantrail.identity.workflow import State

router = APIRouter(tags=["sign-in"])
RecordId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)
_NO_CONTENT: Final = HTTPStatus.NO_CONTENT
YEAR: Final = datetime.timedelta(days=366)


class WantedPassword(Wanted):
    present_password: Password
    new_password: Annotated[str, Field(min_length=1, max_length=1000)]


class WantedCode(Wanted):
    code: Code


class WantedDelegation(Wanted):
    """Who does one's work, from when until when, and why."""

    to_person_id: PersonKey
    valid_from: AwareDatetime
    valid_to: AwareDatetime
    reason: Reason


def _own(person: Signed) -> Signed:
    """The signed-in person; a system with a key has nothing of its own here."""
    if not person.session_id:
        raise NotAllowed(
            "a system with a key has no password, session or stand-in", remedy="Sign in as a person"
        )
    return person


def _notes(record: Recording, refused: Noting) -> signing.Note:
    def note(connection: store_people.Database, action: str, person: str, done: bool) -> None:
        if done:
            record(connection, action, "person", person)
        else:
            refused(connection, action, person, done)

    return note


Notes = Annotated[signing.Note, Depends(_notes)]
"""What keeps the acts of who is signed in, those too that were refused."""


@router.post(
    "/me/password",
    dependencies=[signed_in(half_way=True)],
    status_code=_NO_CONTENT,
    responses=_STATUSES,
)
def change_password(connections: Lending, person: Person, note: Notes, wanted: WantedPassword) -> Response:
    """Choose a new password; one's other sessions end. A wrong present one counts as a failed sign-in."""
    try:
        signing.change_password(connections, _own(person), wanted.present_password, wanted.new_password, note)
    except signing.SignInRefused as refused:
        raise NotAllowed(refused.problem, remedy=refused.remedy) from refused
    return Response(status_code=_NO_CONTENT)


@router.post(
    "/me/second-factor",
    dependencies=[signed_in(half_way=True)],
    responses=_STATUSES,
    status_code=HTTPStatus.CREATED,
)
def begin_second_factor(connections: Lending, person: Person, note: Notes) -> EnrolmentAnswer:
    """A fresh secret for an authenticator; it counts once a code of it was confirmed."""
    try:
        made = signing.begin_enrolment(connections, _own(person), note)
    except signing.SecondFactorRefused as refused:
        raise conflicting(refused) from refused
    return EnrolmentAnswer(secret=made.secret, address=made.address)


@router.post("/me/second-factor/confirmation", dependencies=[signed_in(half_way=True)], responses=_STATUSES)
def confirm_second_factor(
    connections: Lending, person: Person, note: Notes, wanted: WantedCode
) -> RecoveryCodes:
    """Turn the second factor on by its first code."""
    try:
        return RecoveryCodes(codes=signing.confirm_enrolment(connections, _own(person), wanted.code, note))
    except signing.SecondFactorRefused as refused:
        raise conflicting(refused) from refused


@router.post(
    "/me/second-factor/removal",
    dependencies=[signed_in(half_way=True)],
    status_code=_NO_CONTENT,
    responses=_STATUSES,
)
def remove_second_factor(connections: Lending, person: Person, note: Notes, wanted: WantedCode) -> Response:
    """Take the second factor away, by a code of it. A wrong one counts as a failed sign-in."""
    try:
        signing.remove_second_factor(connections, _own(person), wanted.code, note)
    except signing.SignInRefused as refused:
        raise NotAllowed(refused.problem, remedy=refused.remedy) from refused
    return Response(status_code=_NO_CONTENT)


# Sessions -----------------------------------------------------------------------------------------------------


@router.get("/me/sessions", dependencies=[signed_in(half_way=True)], responses=READ_STATUSES)
def my_sessions(connections: Lending, person: Person) -> list[SessionRow]:
    """Where one is signed in, the last used first."""
    now = clock.now()
    with connections.connection() as connection:
        rows = store_session.sessions(
            connection, _own(person).person_id, now - limits_at(connection, now).idle, now
        )
    return [SessionRow(**row, present=row["session_id"] == person.session_id) for row in rows]


@router.delete(
    "/me/sessions",
    dependencies=[signed_in(half_way=True)],
    status_code=_NO_CONTENT,
    responses=_STATUSES,
)
def end_my_other_sessions(connections: Lending, person: Person, record: Recording) -> Response:
    """End all one's sessions but the one that asks."""
    with connections.connection() as connection:
        store_session.end_sessions(
            connection, _own(person).person_id, clock.now(), except_for=person.session_id
        )
        record(connection, "session.end_others", "person", person.acting)
    return Response(status_code=_NO_CONTENT)


@router.delete(
    "/me/sessions/{session_id}",
    dependencies=[signed_in(half_way=True)],
    status_code=_NO_CONTENT,
    responses=_STATUSES,
)
def end_my_session(connections: Lending, person: Person, record: Recording, session_id: RecordId) -> Response:
    """End one of one's own sessions."""
    with connections.connection() as connection:
        ended = store_session.end_own_session(connection, _own(person).person_id, session_id, clock.now())
        if ended:
            record(connection, "session.end", "session", session_id)
    if not ended:
        raise NotFound(f"there is no session {session_id}", "Open the list of sessions again")
    return Response(status_code=_NO_CONTENT)


# Standing in --------------------------------------------------------------------------------------------------


@router.get("/me/delegations", dependencies=[signed_in()], responses=READ_STATUSES)
def my_delegations(connections: Lending, person: Person) -> list[DelegationRow]:
    """Who stood, stands or will stand in for one, and for whom one does: of the last year on."""
    with connections.connection() as connection:
        found = store_people.delegations(connection, [_own(person).person_id], clock.now() - YEAR)
    return [delegation_row(one) for one in found]


@router.post(
    "/me/delegations",
    dependencies=[signed_in()],
    responses=_STATUSES,
    status_code=HTTPStatus.CREATED,
)
def delegate(
    connections: Lending, person: Person, record: Recording, wanted: WantedDelegation
) -> DelegationRow:
    """Let somebody do one's work while one is away."""
    with connections.connection() as connection:
        try:
            made = stand_in(
                connection,
                _own(person).person_id,
                wanted.to_person_id,
                (wanted.valid_from, wanted.valid_to),
                wanted.reason,
                clock.now(),
            )
        except PersonRefused as refused:
            raise conflicting(refused) from refused
        except PersonMissing as missing:
            raise NotFound(missing.problem, missing.remedy) from missing
        answer = delegation_row(made)
        record(
            connection,
            "delegation.begin",
            "person",
            made.to_person_id,
            after=answer.model_dump(mode="json"),
            why=made.reason,
        )
    return answer


@router.post(
    "/me/delegations/{delegation_id}/ending",
    dependencies=[signed_in()],
    status_code=_NO_CONTENT,
    responses=_STATUSES,
)
def end_delegation(
    connections: Lending, person: Person, record: Recording, delegation_id: RecordId
) -> Response:
    """Back before the end, or no longer able to stand in."""
    with connections.connection() as connection:
        try:
            end_standing_in(connection, delegation_id, _own(person).person_id, clock.now())
        except PersonRefused as refused:
            raise conflicting(refused) from refused
        except PersonMissing as missing:
            raise NotFound(missing.problem, missing.remedy) from missing
        record(connection, "delegation.end", "delegation", delegation_id)
    return Response(status_code=_NO_CONTENT)


@router.get("/me/colleagues", dependencies=[signed_in()], responses=READ_STATUSES)
def colleagues(
    connections: Lending,
    person: Person,
    search: Annotated[str, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> list[PersonName]:
    """Who works here, by part of the name or number: to choose who stands in."""
    with connections.connection() as connection:
        found, _ = store_people.page(
            connection, search.strip(), State.ACTIVE, None, "", clock.now(), 0, limit + 1
        )
    return [
        PersonName(person_id=one.person_id, name=one.name)
        for one in found
        if one.person_id != person.person_id
    ][:limit]
